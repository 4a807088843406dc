import { Changing } from "../core/changing.js";
import { asPhoto } from "../core/pictures.js";
import { hashOf, keep } from "../core/router.js";
import { freshWish, queryOf, suggestions, wishOf } from "./wish.js";

/** @import {ListedStyle, Photo, Prediction, VersionCard} from "../core/types.js" */
/** @import {Mask} from "./mask.js" */
/** @import {Finding, Job, Result, Wish} from "./types.js" */
/** @import {Use} from "../app.js" */

/** Photos that anybody may try: drawn ones, those of the demo (models/tiny/sample/photos; a test compares them). */
export const SAMPLES = ["street-01", "street-02", "street-03", "street-04"];

/** All that the page knows while somebody restyles. It outlives the view: History is a look aside. */
export class Studio {
  /** @param {Use} use */
  constructor(use) {
    this.use = use;
    this.changed = new Changing(0);
    /** @type {Photo | null} */
    this.photo = null;
    /** Name of the sample that the photo is, or empty. */
    this.sample = "";
    /** @type {Wish} */
    this.wish = freshWish();
    /** Whether the prompt is the person's own, and the style. */
    this.saidPrompt = false;
    this.saidStyle = false;
    /** @type {Mask | null} */
    this.mask = null;
    /** Whether the mask is another than the words find. */
    this.edited = false;
    /** Raised whenever the mask's pixels change as a whole. */
    this.drawn = 0;
    /** @type {Finding} */
    this.finding = { state: "none" };
    /** What went wrong last, with finding or with painting. @type {unknown} */
    this.trouble = null;
    /** @type {ListedStyle[] | null} */
    this.styles = null;
    /** What was read of promoted versions, by style. @type {Record<string, VersionCard>} */
    this.cards = {};
    /** @type {Job | null} */
    this.job = null;
    /** @type {Result | null} */
    this.result = null;
    this.showsResult = false;
    /** What waits for a machine to wake while a mask is looked for. @type {Prediction | null} */
    this.waking = null;
    /** Whether the API demanded a consent reference. */
    this.asksConsent = false;
  }

  /** @param {Partial<Studio>} change */
  update(change) {
    Object.assign(this, change);
    this.changed.set(this.changed.now + 1);
  }

  /** @param {Partial<Wish>} change */
  want(change) {
    const wish = { ...this.wish, ...change };
    this.update({ wish, saidPrompt: this.saidPrompt || "prompt" in change, saidStyle: this.saidStyle || "style" in change });
    if (!("prompt" in change)) this.suggest();
    this.remember();
  }

  /** As long as the person has said nothing else: the style that was learnt from such a garment, and words that fit both. */
  suggest() {
    const wish = { ...this.wish };
    const [first = ""] = suggestions(wish.words);
    if (!this.saidStyle && first) {
      const fitting = Object.values(this.cards).find((card) => card.target && suggestions(card.target)[0] === first);
      wish.style = fitting?.version.split("@")[0] ?? "";
    }
    const card = this.cards[wish.style.split("@")[0] ?? ""];
    if (!this.saidPrompt) wish.prompt = card?.instance_prompt || first;
    this.update({ wish });
  }

  /** Let the address say what was chosen; a photo of one's own is nobody else's, so only samples are part of it. */
  remember() {
    keep(hashOf(["restyle"], { sample: this.sample, ...queryOf(this.wish) }));
  }

  /**
   * Take up what the address says; of what it does not say all stays. Whether what is masked may be another now.
   * @param {URLSearchParams} query
   */
  async recall(query) {
    const said = Object.entries(wishOf(query)).filter(([name]) => query.has(name) || (name === "locked" && query.has("seed")));
    const wish = { ...this.wish, ...Object.fromEntries(said) };
    const before = [this.sample, this.wish.words].join();
    this.update({ wish, saidPrompt: this.saidPrompt || query.has("prompt"), saidStyle: this.saidStyle || query.has("style") });
    const sample = SAMPLES.find((name) => name === query.get("sample"));
    if (sample && sample !== this.sample) await this.takeSample(sample);
    this.suggest();
    this.remember();
    return before !== [this.sample, wish.words].join();
  }

  /** Begin with a photo. The wish stays: the same for the next photo is what people want. @param {Photo} photo @param {string} [sample] */
  take(photo, sample = "") {
    this.job?.abort.abort();
    this.update({ photo, sample, mask: null, edited: false, finding: { state: "none" }, trouble: null, job: null, showsResult: false });
    this.remember();
  }

  /** @param {string} name */
  async takeSample(name) {
    const answer = await fetch(`./samples/${name}.png`);
    this.take(await asPhoto(await answer.blob(), `${name}.png`), name);
  }

  /** Another photo is wanted. */
  leave() {
    this.job?.abort.abort();
    this.update({ photo: null, sample: "", mask: null, finding: { state: "none" }, trouble: null, job: null, result: null, showsResult: false });
    this.remember();
  }
}
