import { garmentIn } from "./garments.js";

/** @import {Wish} from "./types.js" */

/** Seeds that the API takes. */
export const SEEDS = 2 ** 32;

/** @returns {Wish} */
export function freshWish(seed = randomSeed()) {
  return {
    words: "", prompt: "", negative: "", style: "", strength: 1, colour: "", outputs: 1, seed, locked: false,
    feather: null, fast: false, steps: null, guidance: null, consent: "",
  };
}

export function randomSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/**
 * What the page's address says of a wish; what is as it would be anyway is left out. A locked seed is part of it.
 * @param {Wish} wish
 */
export function queryOf(wish) {
  const plain = freshWish(0);
  const said = Object.entries(wish).filter(([name, value]) => value !== plain[/** @type {keyof Wish} */ (name)] && !HIDDEN.has(name));
  return { ...Object.fromEntries(said.map(([name, value]) => [name, String(value)])), ...(wish.locked ? { seed: String(wish.seed) } : {}) };
}

/** A consent reference is nobody's but the brand's. */
const HIDDEN = new Set(["consent", "locked", "seed"]);

/**
 * The wish that an address says. What it says wrongly is left out.
 * @param {URLSearchParams} query
 * @returns {Wish}
 */
export function wishOf(query) {
  const wish = freshWish();
  const text = (/** @type {string} */ name) => query.get(name) ?? "";
  const number = (/** @type {string} */ name, /** @type {number} */ least, /** @type {number} */ most) => {
    const value = query.get(name) ? Number(query.get(name)) : NaN;
    return value >= least && value <= most ? value : null;
  };
  const seed = number("seed", 0, SEEDS - 1);
  return {
    ...wish,
    words: text("words"), prompt: text("prompt"), negative: text("negative"),
    style: /^[a-z0-9-]{1,40}(@[1-9][0-9]{0,5})?$/.test(text("style")) ? text("style") : "",
    colour: /^#[0-9a-f]{6}$/i.test(text("colour")) ? text("colour") : "",
    strength: number("strength", 0, 2) ?? 1,
    outputs: Math.trunc(number("outputs", 1, 8) ?? 1),
    seed: seed === null ? wish.seed : Math.trunc(seed), locked: seed !== null,
    feather: number("feather", 0, 256), steps: number("steps", 1, 150), guidance: number("guidance", 0, 50),
    fast: text("fast") === "true",
  };
}

/**
 * The body's `input` for a wish: with a mask that was drawn or mended the mask itself, else the words that find it.
 * @param {Wish} wish
 * @param {{image: string, mask: string | null}} pictures as the API takes them
 * @returns {Record<string, unknown>}
 */
export function inputOf(wish, { image, mask }) {
  const where = mask === null ? { mode: "style", image, mask_prompt: wish.words.trim() } : { mode: "inpaint", image, mask };
  return {
    ...where,
    prompt: wish.prompt.trim(),
    seed: wish.seed,
    ...(wish.negative.trim() ? { negative_prompt: wish.negative.trim() } : {}),
    ...(wish.style ? { adapter: wish.style } : {}),
    ...(wish.style && wish.strength !== 1 ? { adapter_scale: wish.strength } : {}),
    ...(wish.colour ? { colour: wish.colour } : {}),
    ...(wish.outputs > 1 ? { num_outputs: wish.outputs } : {}),
    ...(wish.feather === null ? {} : { mask_blur: wish.feather }),
    ...(wish.fast ? { fast: true } : {}),
    ...(wish.steps === null ? {} : { num_inference_steps: wish.steps }),
    ...(wish.guidance === null ? {} : { guidance_scale: wish.guidance }),
    ...(wish.consent.trim() ? { consent: wish.consent.trim() } : {}),
  };
}

/** What the page itself suggests to paint: something of that garment that is not what is there. @param {string} words */
export function suggestions(words) {
  const garment = garmentIn(words);
  if (!garment) return [];
  const article = garment.say.startsWith("a ") ? "a " : "";
  return ["red", "blue striped", "black", "yellow dotted"].map((look) => `${article}${look} ${garment.en}`);
}

/**
 * Why nothing can be painted yet, as a key of the texts; null where it can.
 * @param {Wish} wish
 * @param {{photo: boolean, finding: boolean, masked: number | null}} state share of the photo that is masked; null: no mask
 */
export function lacking(wish, { photo, finding, masked }) {
  if (!photo) return "lacks.photo";
  if (finding) return "lacks.finding";
  if (masked === null) return "lacks.garment";
  if (masked === 0) return "lacks.mask";
  if (!wish.prompt.trim()) return "lacks.prompt";
  return null;
}
