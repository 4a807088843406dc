import { Changing } from "../core/changing.js";
import { fewAtOnce } from "../core/waiting.js";
import { isNoise, readPhoto } from "../core/pictures.js";
import { baseName, filled, ListError, rowsOf, unknownColumns } from "./list.js";

/** @import {Use} from "../app.js" */
/** @import {Photo} from "../core/types.js" */
/** @import {Batch, Row} from "./types.js" */

/** Rows that a request may hold itself; more go through an upload. */
const MOST_INLINE_ROWS = 500;
export const MOST_ROWS = 10_000;

/** @typedef {{garment: string, words: string, style: string, name: string}} Wish what is so for every row that says nothing else */

/** A catalogue that somebody is about to have painted. It outlives the view. */
export class Order {
  /** @param {Use} use */
  constructor(use) {
    this.use = use;
    this.changed = new Changing(0);
    /** @type {Wish} */
    this.wish = { garment: "", words: "", style: "", name: "" };
    /** @type {Row[]} */
    this.rows = [];
    /** Whether the rows are a list's, and not one a photo. */
    this.listed = false;
    /** @type {Map<string, Photo>} by name */
    this.photos = new Map();
    /** @type {Map<string, string>} what the API calls a photo that was put, by name */
    this.put = new Map();
    /** @type {string[]} */
    this.unreadable = [];
    this.busy = "";
    /** @type {ListError | null} */
    this.wrongList = null;
    /** @type {unknown} */
    this.trouble = null;
  }

  /** Begin anew. */
  clear() {
    const { changed: _, ...fresh } = new Order(this.use);
    this.update(fresh);
  }

  /** @param {Partial<Order>} [change] */
  update(change = {}) {
    Object.assign(this, change);
    this.changed.set(this.changed.now + 1);
  }

  /** @param {Partial<Wish>} change */
  want(change) {
    this.update({ wish: { ...this.wish, ...change } });
  }

  /** Photos, and perhaps a list of them, in any order. @param {Iterable<File>} files */
  async add(files) {
    this.update({ busy: "reading", unreadable: [], wrongList: null });
    for (const file of files) {
      const name = baseName(file.name);
      if (isNoise(name)) continue;
      if (/\.csv$/i.test(name)) await this.addList(file);
      else await this.addPhoto(file, name);
    }
    this.update({ busy: "" });
  }

  /** @param {File} file */
  async addList(file) {
    try {
      this.update({ rows: rowsOf(await file.text()), listed: true, wish: { ...this.wish, name: this.wish.name || file.name.replace(/\.\w+$/, "") } });
    } catch (error) {
      if (!(error instanceof ListError)) throw error;
      this.update({ wrongList: error });
    }
  }

  /** @param {File} file @param {string} name */
  async addPhoto(file, name) {
    try {
      this.photos.set(name, await readPhoto(file, name));
    } catch {
      return this.update({ unreadable: [...this.unreadable, name] });
    }
    this.put.delete(name);
    if (!this.listed && !this.rows.some(({ photo }) => photo === name)) {
      this.rows = [...this.rows, { photo: name, garment: "", words: "", style: "", columns: { photo: name, name: name.replace(/\.\w+$/, "") } }];
    }
    this.update();
  }

  /** @param {number} at @param {Partial<Row>} change */
  change(at, change) {
    this.update({ rows: this.rows.map((row, n) => (n === at ? { ...row, ...change } : row)) });
  }

  /** @param {number} at */
  remove(at) {
    this.update({ rows: this.rows.filter((_, n) => n !== at) });
  }

  /** What is painted for a row. @param {Row} row */
  meant(row) {
    const { garment, words, style } = this.wish;
    const columns = { ...row.columns };
    return { garment: filled(row.garment || garment, columns).trim(), words: filled(row.words || words, columns).trim(), style: (row.style || style).trim() };
  }

  /** What keeps a row from being painted, by its key in the texts; empty where nothing does. @param {Row} row */
  wrong(row) {
    const { garment, words } = this.meant(row);
    if (!this.photos.has(baseName(row.photo))) return "catalogue.wrong.photo";
    if (!garment) return "catalogue.wrong.garment";
    if (!words) return "catalogue.wrong.words";
    if (unknownColumns(row.words || this.wish.words, row.columns).length) return "catalogue.wrong.column";
    return "";
  }

  /** What is missing before the catalogue can be painted, by its key in the texts. */
  get missing() {
    if (!this.rows.length) return "catalogue.missing.rows";
    if (this.rows.length > MOST_ROWS) return "catalogue.missing.fewer";
    return this.rows.some((row) => this.wrong(row)) ? "catalogue.missing.wrong" : "";
  }

  /** How many of the photos that rows name were put. */
  get sent() {
    return this.named.filter((name) => this.put.has(name)).length;
  }

  get named() {
    return [...new Set(this.rows.map(({ photo }) => baseName(photo)))];
  }

  /** Put the photos and ask for the batch. @returns {Promise<Batch | null>} null where it could not begin, and `trouble` says why */
  async start() {
    this.update({ busy: "sending", trouble: null });
    try {
      await this.send();
      const rows = this.rows.map((row) => ({ photo: this.put.get(baseName(row.photo)), ...this.meant(row) }));
      const { api } = this.use;
      const styled = rows.some(({ style }) => style);
      const body = {
        ...(this.wish.name.trim() ? { name: this.wish.name.trim().slice(0, 100) } : {}),
        ...(styled ? { version: "{style}" } : {}),
        input: { image: "{photo}", mask_prompt: "{garment}", prompt: "{words}" },
        ...(await this.source(rows)),
      };
      const batch = /** @type {Batch} */ (await api.ask("v1/batches", { method: "POST", body, idempotencyKey: crypto.randomUUID() }));
      this.clear();
      return batch;
    } catch (trouble) {
      this.update({ trouble });
      return null;
    } finally {
      this.update({ busy: "" });
    }
  }

  /** Where the API reads the rows. @param {Record<string, unknown>[]} rows */
  async source(rows) {
    if (rows.length <= MOST_INLINE_ROWS) return { items: rows };
    const lines = new Blob([rows.map((row) => JSON.stringify(row)).join("\n")], { type: "application/jsonl" });
    return { manifest: (await this.use.api.upload(lines, { name: "rows.jsonl" })).uri };
  }

  /** Put what was not put yet, a few at once. */
  async send() {
    const open = this.named.filter((name) => !this.put.has(name));
    await fewAtOnce(open, async (name) => {
      const photo = /** @type {Photo} */ (this.photos.get(name));
      this.put.set(name, (await this.use.api.upload(photo.blob, { name: photo.name })).uri);
      this.update();
    });
  }
}
