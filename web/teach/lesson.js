import { Changing } from "../core/changing.js";
import { fewAtOnce, follow } from "../core/waiting.js";
import { isNoise, readPhoto } from "../core/pictures.js";
import { ApiProblem } from "../core/problem.js";
import { garmentIn } from "../restyle/garments.js";
import { readMask } from "../restyle/finding.js";
import * as ask from "./asking.js";
import { freshPicture, look, pictureOf, placeOf, send, sendMask, stem } from "./pictures.js";

/** @import {Use} from "../app.js" */
/** @import {Caption, LessonWish, Picture, Training} from "./types.js" */

export const FEWEST = 4;
const SAMPLES = [...Array(12).keys()].map((n) => `skirt-${String(n + 1).padStart(2, "0")}.png`);
const SAMPLES_ASIDE = [1, 2, 3, 4].map((n) => `look-0${n}.png`);
const STYLE = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** All that the page knows of a style that somebody is about to teach. It outlives the view. */
export class Lesson {
  /** @param {Use} use */
  constructor(use) {
    this.use = use;
    this.changed = new Changing(0);
    /** @type {LessonWish} */
    this.wish = { style: "", target: "", prompt: "", describe: true, ask: true, steps: "", looks: "40", gate: "" };
    this.saidStyle = false;
    this.saidPrompt = false;
    /** @type {Picture[]} */
    this.pictures = [];
    /** Files that no browser and no API can read, by name. @type {string[]} */
    this.unreadable = [];
    /** What goes on now: reading, sending, checking, starting. */
    this.busy = "";
    /** The training that only read the pictures. @type {Training | null} */
    this.check = null;
    /** What the check was of. */
    this.checked = "";
    /** @type {Caption[]} */
    this.captions = [];
    this.captionsChanged = false;
    /** @type {unknown} */
    this.trouble = null;
  }

  /** Begin anew. */
  clear() {
    const { changed: _, ...fresh } = new Lesson(this.use);
    this.update(fresh);
  }

  /** @param {Partial<Lesson>} [change] */
  update(change = {}) {
    Object.assign(this, change);
    this.changed.set(this.changed.now + 1);
  }

  /** @param {Partial<LessonWish>} change */
  want(change) {
    this.saidStyle ||= "style" in change;
    this.saidPrompt ||= "prompt" in change;
    const wish = { ...this.wish, ...change };
    const garment = garmentIn(wish.target);
    if (!this.saidStyle) wish.style = garment ? `my-${garment.en}` : "";
    if (!this.saidPrompt) wish.prompt = garment ? `a photo of sks ${garment.en}` : "";
    this.update({ wish });
  }

  /** Everything that a check or a training depends on: where it changes, the last check says nothing. */
  get state() {
    const pictures = this.pictures.map((picture) => `${placeOf(picture)} ${picture.found === "drawn" || picture.found === "kept" ? picture.mask?.area : ""}`);
    return JSON.stringify([this.wish.style, this.wish.target, this.wish.prompt, this.wish.describe, this.wish.steps, this.wish.looks, pictures]);
  }

  /** Whether the last check is of what there is now. */
  get current() {
    return this.check?.status === "succeeded" && this.checked === this.state;
  }

  /** What is missing before anything can be sent, by its key in the texts. */
  get missing() {
    const { style, target, prompt } = this.wish;
    if (!target.trim()) return "teach.missing.target";
    if (!STYLE.test(style)) return "teach.missing.style";
    if (!prompt.trim()) return "teach.missing.prompt";
    if (this.pictures.filter(({ judges }) => !judges).length < FEWEST) return "teach.missing.pictures";
    return "";
  }

  /** @param {Iterable<File>} files @param {(file: File) => boolean} [aside] which of them are set aside to judge by */
  async add(files, aside = () => false) {
    this.update({ busy: "reading", unreadable: [] });
    const taken = new Set(this.pictures.map(({ name }) => stem(name)));
    for (const file of files) {
      if (isNoise(file.name)) continue;
      try {
        this.pictures.push({ ...(await pictureOf(file, taken)), judges: aside(file) });
      } catch {
        this.unreadable.push(file.name);
      }
      this.update();
    }
    this.update({ busy: "" });
    await this.find();
  }

  /** Twelve drawn pictures of a skirt that the shipped models have never seen, and four photos to judge by. */
  async addSamples() {
    if (!this.wish.target) this.want({ target: "a skirt" });
    const files = await Promise.all([...SAMPLES, ...SAMPLES_ASIDE].map(async (name) => {
      const answer = await fetch(`./teach/samples/${name}`);
      return new File([await answer.blob()], name, { type: "image/png" });
    }));
    await this.add(files, ({ name }) => SAMPLES_ASIDE.includes(name));
  }

  /** The pictures that a style's dataset has already. @param {string} style */
  async open(style) {
    this.saidStyle = true;
    this.update({ wish: { ...this.wish, style }, busy: "reading", trouble: null });
    try {
      const files = await ask.datasetFiles(this.use.api, style);
      const masks = new Map(files.filter(({ name }) => name.includes("masks/")).map((file) => [stem(file.name.replace("masks/", "")), file]));
      for (const file of files.filter(({ name, content_type }) => content_type.startsWith("image/") && !name.includes("masks/"))) {
        const blob = await this.use.api.picture(file.urls.get);
        const photo = await readPhoto(blob, file.name).catch(() => null);
        const picture = freshPicture(file.name.replace("evaluation/", ""), blob, photo);
        Object.assign(picture, { judges: file.name.startsWith("evaluation/"), sent: `${style}/${file.name}`, fileId: file.id });
        const drawn = masks.get(stem(file.name));
        if (drawn && photo) Object.assign(picture, { mask: await readMask(await this.use.api.picture(drawn.urls.get), photo), found: "kept" });
        this.pictures.push(picture);
        this.update();
      }
    } catch (trouble) {
      // A style of this name that does not exist yet has no files, which is no trouble.
      if (!(trouble instanceof ApiProblem && trouble.status === 404)) this.update({ trouble });
    }
    this.update({ busy: "" });
    await this.find();
  }

  /** @param {Picture} picture */
  async remove(picture) {
    this.update({ pictures: this.pictures.filter((other) => other !== picture) });
    if (picture.fileId) await ask.deleteFile(this.use.api, picture.fileId).catch(() => null);
  }

  /** Look for the garment on every picture where these words were not looked for yet. */
  async find() {
    const words = this.wish.target.trim();
    if (!words) return;
    const open = this.pictures.filter(({ found, foundBy }) => found === "none" || (foundBy !== words && (found === "found" || found === "missing")));
    await fewAtOnce(open, async (picture) => {
      try {
        await look(this.use.api, picture, words);
      } catch (trouble) {
        Object.assign(picture, { found: "none", foundBy: "", trouble });
      }
      this.update();
    });
  }

  /** Put what was not put yet: pictures, and masks that were drawn. Raises ApiProblem. */
  async send() {
    const { style } = this.wish;
    const open = this.pictures.filter((picture) => picture.sent !== `${style}/${placeOf(picture)}`);
    this.update({ busy: "sending" });
    await fewAtOnce(open, async (picture) => {
      // What lay elsewhere in this dataset, to learn from or to judge by, lies there no more.
      if (picture.sent.startsWith(`${style}/`) && picture.fileId) await ask.deleteFile(this.use.api, picture.fileId).catch(() => null);
      if (picture.found === "kept") picture.found = "drawn";
      await send(this.use.api, picture, style);
      this.update();
    });
    await fewAtOnce(this.pictures.filter(({ found }) => found === "drawn"), (picture) => sendMask(this.use.api, picture, style));
  }

  /** How many pictures were put. */
  get sent() {
    return this.pictures.filter((picture) => picture.sent === `${this.wish.style}/${placeOf(picture)}`).length;
  }

  /** What POST /v1/trainings takes. @param {boolean} preflight */
  input(preflight) {
    const { style, target, prompt, describe, ask: asks, steps, looks, gate } = this.wish;
    const tuning = { ...(steps ? { max_steps: Number(steps) } : {}), ...(looks ? { validation_steps: Number(looks) } : {}) };
    return {
      dataset: `datasets/${style}/`, target: target.trim(), instance_prompt: prompt.trim(),
      captions: describe ? "automatic" : "own", approval: asks ? "manual" : "auto", hyperparameters: tuning,
      ...(gate ? { gate: { garment_share: Number(gate) / 100 } } : {}),
      ...(preflight ? { preflight } : {}),
    };
  }

  /** Read every picture and say what would make the style worse, and what learning costs. */
  async checkPictures() {
    this.update({ trouble: null, check: null, captions: [], captionsChanged: false });
    try {
      await this.send();
      const checked = this.state;
      this.update({ busy: "checking" });
      const { api } = this.use;
      const first = await ask.startTraining(api, this.wish.style, this.input(true));
      const check = await follow(first, () => ask.training(api, first.id), { heard: (now) => this.update({ check: now }) });
      this.update({ check, checked, captions: check.status === "succeeded" ? await ask.captions(api, check.id) : [] });
    } catch (trouble) {
      this.update({ trouble });
    } finally {
      this.update({ busy: "" });
    }
  }

  /** @param {string} file @param {string} text */
  caption(file, text) {
    const said = /** @type {Caption[]} */ (this.captions.map((one) => (one.file_name === file ? { ...one, text, source: "own" } : one)));
    this.update({ captions: said, captionsChanged: true });
  }

  /** Begin to learn. @returns {Promise<Training | null>} null where it could not begin, and `trouble` says why */
  async start() {
    this.update({ busy: "starting", trouble: null });
    try {
      const { api } = this.use;
      if (this.captionsChanged && this.check) {
        const said = this.captions.filter(({ source, text }) => source !== "prompt" && text.trim());
        await ask.putCaptions(api, this.check.id, said.map(({ file_name, text }) => ({ file_name, text: text.trim() })));
      }
      const started = await ask.startTraining(api, this.wish.style, this.input(false));
      this.clear();
      return started;
    } catch (trouble) {
      this.update({ trouble });
      return null;
    } finally {
      this.update({ busy: "" });
    }
  }
}
