import { Changing } from "./changing.js";
import { fresh, startSignIn, startSignOut, takeCode } from "./sign_in.js";

/** @import {Config} from "./types.js" */

const KEPT = "atelier.key";

/** Who asks the API: by the host's key, by a person's sign-in, or by a key that the person has given for this tab. */
export class Session {
  /** @param {Config} config */
  constructor(config) {
    this.config = config;
    /** Whether the API can be asked. */
    this.open = new Changing(false);
    /** Whether the API did not know the last key or sign-in. */
    this.refused = false;
  }

  /** Take up what a sign-in has brought, or what the tab still knows. */
  async start() {
    const { sign_in, key } = this.config;
    this.open.set(sign_in ? (await takeCode(sign_in)) || !!(await fresh(sign_in)) : !!(key || sessionStorage.getItem(KEPT)));
  }

  /** Headers that say who asks. @returns {Promise<Record<string, string>>} */
  async authorization() {
    const { sign_in, key } = this.config;
    if (!sign_in) return { "x-api-key": key ?? sessionStorage.getItem(KEPT) ?? "" };
    const token = await fresh(sign_in);
    if (!token) this.open.set(false);
    return { authorization: `Bearer ${token ?? ""}` };
  }

  /** The key that commands for a terminal may show: the laptop's. */
  get shownKey() {
    return this.config.key;
  }

  /** @param {string} key */
  useKey(key) {
    sessionStorage.setItem(KEPT, key.trim());
    this.open.set(true);
  }

  /** Go to the managed login, which comes back here. */
  signIn() {
    return this.config.sign_in ? startSignIn(this.config.sign_in) : undefined;
  }

  /** What a person does who is done. */
  leave() {
    this.end();
    if (this.config.sign_in) startSignOut(this.config.sign_in);
  }

  /** Forget the key or the tokens; the laptop's key stays. @param {boolean} [refused] whether the API did not know them */
  end(refused = false) {
    this.refused = refused;
    sessionStorage.clear();
    this.open.set(!!this.config.key && !this.config.sign_in);
  }
}

/** @type {Config} */
const DEFAULTS = { stage: "", key: null, sign_in: null, disclosure: {}, origins: [] };

/**
 * The host's settings. Where there are none the page asks for a key.
 * @returns {Promise<Config>}
 */
export async function loadConfig() {
  const answer = await fetch("./config.json", { cache: "no-cache" });
  if (!answer.ok) throw new Error(`config.json: got ${answer.status}; allowed: 200`);
  return { ...DEFAULTS, .../** @type {Partial<Config>} */ (await answer.json()) };
}
