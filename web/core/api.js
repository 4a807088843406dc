import { ApiProblem, problemOf } from "./problem.js";
import { follow, sleep } from "./waiting.js";

/** @import {FileAddress, ListedStyle, Page, Prediction, Sent, VersionCard} from "./types.js" */

const MOST_TRIES = 5;
const LONGEST_WAIT = 20;

/** The HTTP API, at an address relative to the page. */
export class Api {
  /**
   * @param {object} use
   * @param {() => Promise<Record<string, string>>} use.authorization headers that say who asks
   * @param {() => string} use.language of disclosures: en, ko
   * @param {() => void} [use.lapsed] is told that the API does not know who asks
   * @param {typeof globalThis.fetch} [use.fetch]
   * @param {typeof sleep} [use.wait]
   */
  constructor({ authorization, language, lapsed = () => {}, fetch = (...sent) => globalThis.fetch(...sent), wait = sleep }) {
    this.authorization = authorization;
    this.language = language;
    this.lapsed = lapsed;
    this.fetch = fetch;
    this.wait = wait;
  }

  /**
   * Ask, repeat what may be repeated while the service is busy, and read the answer. Raises ApiProblem.
   * @template T
   * @param {string} path such as `v1/styles`, or an address that the API gave
   * @param {Sent} [sent]
   * @returns {Promise<T>} null where the answer has no body
   */
  async ask(path, sent = {}) {
    const repeatable = (sent.method ?? "GET") !== "POST" || !!sent.idempotencyKey;
    for (let tries = 1; ; tries++) {
      try {
        return await this.askOnce(path, sent);
      } catch (error) {
        if (!(error instanceof ApiProblem && error.passes && repeatable) || tries === MOST_TRIES) throw error;
        await this.wait(Math.min(error.retryAfter ?? 0.5 * 2 ** tries, LONGEST_WAIT), sent.signal);
      }
    }
  }

  /**
   * @param {string} path
   * @param {Sent} sent
   */
  async askOnce(path, { method = "GET", body, headers = {}, signal, idempotencyKey }) {
    const all = {
      "accept-language": this.language(),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(idempotencyKey ? { "idempotency-key": idempotencyKey } : {}),
      ...(await this.authorization()),
      ...headers,
    };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.reach(path.startsWith("http") ? here(path) : `./${path}`, { method, headers: all, body: text, signal });
    if (answer.status === 401) this.lapsed();
    if (!answer.ok) throw await problemOf(answer);
    return answer.status === 204 ? null : answer.json();
  }

  /**
   * @param {string} address
   * @param {RequestInit} sent
   */
  async reach(address, sent) {
    try {
      return await this.fetch(address, sent);
    } catch (error) {
      if (sent.signal?.aborted) throw error;
      throw new ApiProblem(0, String(error));
    }
  }

  /**
   * Ask for pictures, as POST /v1/predictions takes it.
   * @param {Record<string, unknown>} input
   * @param {{signal?: AbortSignal, wait?: number}} [how] seconds that the first answer may wait for the end
   * @returns {Promise<Prediction>}
   */
  predict(input, { signal, wait } = {}) {
    const headers = /** @type {Record<string, string>} */ (wait ? { prefer: `wait=${wait}` } : {});
    return this.ask("v1/predictions", { method: "POST", body: { input }, headers, signal, idempotencyKey: crypto.randomUUID() });
  }

  /**
   * @param {string} id
   * @param {AbortSignal} [signal]
   * @returns {Promise<Prediction>}
   */
  prediction(id, signal) {
    return this.ask(`v1/predictions/${encodeURIComponent(id)}`, { signal });
  }

  /**
   * Follow a prediction to its end.
   * @param {Prediction} first
   * @param {{signal?: AbortSignal, heard?: (now: Prediction) => void}} [how]
   */
  ended(first, how = {}) {
    return follow(first, () => this.prediction(first.id, how.signal), { ...how, wait: this.wait });
  }

  /** @param {string} id @returns {Promise<Prediction>} */
  cancel(id) {
    return this.ask(`v1/predictions/${encodeURIComponent(id)}/cancel`, { method: "POST", idempotencyKey: `cancel-${id}` });
  }

  /** @param {string} id @returns {Promise<null>} */
  forget(id) {
    return this.ask(`v1/predictions/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  /** @param {string} [cursor] a page's `next` @returns {Promise<Page<Prediction>>} */
  predictions(cursor) {
    return this.ask(cursor ?? "v1/predictions?limit=50");
  }

  /** Every style, by name. @returns {Promise<ListedStyle[]>} */
  styles() {
    return this.all("v1/styles?limit=100");
  }

  /** @param {string} name @returns {Promise<import("../teach/types.js").Style>} */
  style(name) {
    return this.ask(`v1/styles/${encodeURIComponent(name)}`);
  }

  /** @param {string} name @param {number} number @returns {Promise<VersionCard>} */
  version(name, number) {
    return this.ask(`v1/styles/${encodeURIComponent(name)}/versions/${number}`);
  }

  /**
   * A list, read to its end.
   * @template T
   * @param {string} path of its first page
   * @returns {Promise<T[]>}
   */
  async all(path) {
    const results = [];
    for (let next = /** @type {string | null} */ (path); next; ) {
      const page = /** @type {Page<T>} */ (await this.ask(next));
      results.push(...page.results);
      next = page.next;
    }
    return results;
  }

  /**
   * Put a file where the API can read it.
   * @param {Blob} file its `type` is one that the API takes
   * @param {{name: string, purpose?: "upload" | "dataset", style?: string, signal?: AbortSignal}} what
   * @returns {Promise<FileAddress>} whose `uri` a request names
   */
  async upload(file, { name, purpose = "upload", style, signal }) {
    const body = { name, purpose, content_type: file.type, size: file.size, ...(style ? { style } : {}) };
    const idempotencyKey = crypto.randomUUID();
    const address = /** @type {FileAddress} */ (await this.ask("v1/files", { method: "POST", body, signal, idempotencyKey }));
    const put = await this.reach(address.urls.upload, { method: "PUT", headers: address.headers, body: file, signal });
    // 412: the same address took the file before, and only that answer was lost.
    if (!put.ok && put.status !== 412) throw new ApiProblem(put.status, `${name}: got ${put.status}; allowed: 200`);
    return address;
  }

  /**
   * The bytes of a picture at an address that the API gave, as they are: with their provenance.
   * @param {string} address presigned
   * @param {AbortSignal} [signal]
   */
  async picture(address, signal) {
    const answer = await this.reach(address, { signal });
    if (!answer.ok) throw new ApiProblem(answer.status, `picture: got ${answer.status}; allowed: 200`);
    return answer.blob();
  }
}

/**
 * The API's own absolute address, as the page reaches it: by the page's origin, whatever host stands before the API.
 * @param {string} address
 */
function here(address) {
  const { pathname, search } = new URL(address);
  return `.${pathname.slice(pathname.indexOf("/v1/"))}${search}`;
}
