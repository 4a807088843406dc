import { encoded, placed } from "../core/pictures.js";
import { readError } from "../core/problem.js";
import { Mask } from "./mask.js";

/** @import {Studio} from "./studio.js" */
/** @import {Api} from "../core/api.js" */
/** @import {Photo, Prediction} from "../core/types.js" */

/** Seconds that the first answer may wait: a mask takes less where a machine is awake. */
const FIRST_WAIT = 8;

/** What ended otherwise than with pictures. */
export class EndedProblem extends Error {
  /** @param {string | null} error of the prediction */
  constructor(error) {
    super(error ?? "");
    this.name = "EndedProblem";
    /** What the error is called, and what it is about. */
    this.told = readError(error ?? "");
  }
}

/** @type {AbortController | undefined} */
let looking;

/**
 * Find what the words name and show it, before anything is painted. A newer search takes the place of one that goes on.
 * @param {Studio} studio
 */
export async function findMask(studio) {
  const { photo, wish, use } = studio;
  looking?.abort();
  if (!photo || !wish.words.trim()) return studio.update({ mask: null, finding: { state: "none" }, trouble: null });
  const { signal } = (looking = new AbortController());
  studio.update({ mask: null, edited: false, finding: { state: "busy" }, trouble: null, showsResult: false });
  try {
    const heard = (/** @type {Prediction} */ now) => studio.update({ waking: now.stage === "waking" ? now : null });
    const { mask, score } = await segmented(use.api, photo, wish.words.trim(), { signal, heard, consent: wish.consent });
    studio.update({ mask, drawn: studio.drawn + 1, finding: { state: "found", score } });
  } catch (trouble) {
    if (signal.aborted) return;
    studio.update({ finding: { state: "none" }, trouble });
  } finally {
    if (!signal.aborted) studio.update({ waking: null });
  }
}

/**
 * What the model masks of a photo by words. Raises EndedProblem where it finds nothing.
 * @param {Api} api
 * @param {Photo} photo
 * @param {string} words
 * @param {{signal?: AbortSignal, heard?: (now: Prediction) => void, consent?: string}} [how]
 */
export async function segmented(api, photo, words, { signal, heard, consent } = {}) {
  const image = await placed(api, photo.blob, photo.name, signal);
  const first = await api.predict({ mode: "segment", image, mask_prompt: words, ...(consent ? { consent } : {}) }, { signal, wait: FIRST_WAIT });
  const ended = await api.ended(first, { signal, heard });
  const [address] = ended.output ?? [];
  if (!address) throw new EndedProblem(ended.error);
  return { mask: await readMask(await api.picture(address, signal), photo), score: ended.metrics.mask_score };
}

/** A mask to be drawn by hand alone. @param {Studio} studio */
export function drawMask(studio) {
  if (!studio.photo) return;
  looking?.abort();
  const mask = new Mask(studio.photo.width, studio.photo.height);
  studio.update({ mask, edited: true, drawn: studio.drawn + 1, finding: { state: "drawn" }, trouble: null, showsResult: false });
}

/** @param {Blob} file @param {Photo} photo @returns {Promise<Mask>} */
export async function readMask(file, { width, height }) {
  const bitmap = await createImageBitmap(file);
  const brush = canvasOf(width, height);
  brush.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = brush.getImageData(0, 0, width, height);
  return new Mask(width, height, Uint8Array.from({ length: width * height }, (_, n) => ((data[n * 4] ?? 0) > 127 ? 255 : 0)));
}

/** The mask as the API takes it: white on black. @param {Mask} mask @returns {Promise<Blob>} */
export function maskFile({ width, height, pixels }) {
  const brush = canvasOf(width, height);
  const image = brush.createImageData(width, height);
  for (let n = 0; n < pixels.length; n++) image.data.fill(pixels[n] ?? 0, n * 4, n * 4 + 3), (image.data[n * 4 + 3] = 255);
  brush.putImageData(image, 0, 0);
  return encoded(brush.canvas, "image/png");
}

/** @param {number} width @param {number} height */
function canvasOf(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
}
