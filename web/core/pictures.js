/** @import {Photo} from "./types.js" */

/** Photos on their way to the API: upright, small enough, and without what a camera wrote into them (place, time, device). */

/** Pixels of the longer side, at most: prints of a catalogue need no more, and a mask is as large as its photo. */
export const LONGEST_SIDE = 2048;
/** A photo below this stays a PNG, in which nothing is lost. */
const LOSSLESS_PIXELS = 1_000_000;
/** Bytes of a picture that stands in a request; larger ones are uploaded once. A body may have 5 MB, base64 a third more than the file. */
export const MOST_INLINE = 700_000;

/**
 * The size that a picture is sent in.
 * @param {number} width
 * @param {number} height
 * @returns {{width: number, height: number}}
 */
export function fitted(width, height, longest = LONGEST_SIDE) {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Whether a file is one that desktops leave in folders, and nobody chose. @param {string} name */
export function isNoise(name) {
  return /^(\.|~\$|thumbs\.db$|desktop\.ini$)/i.test(name);
}

/**
 * A photo of a file: turned as its EXIF says, and scaled down. Raises where the browser cannot read it.
 * @param {Blob} file
 * @param {string} [name]
 * @returns {Promise<Photo>}
 */
export async function readPhoto(file, name = file instanceof File ? file.name : "photo.png") {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const { width, height } = fitted(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  brush.imageSmoothingQuality = "high";
  brush.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const lossless = width * height <= LOSSLESS_PIXELS;
  const blob = await encoded(canvas, lossless ? "image/png" : "image/jpeg");
  return { blob, url: URL.createObjectURL(blob), width, height, name: name.replace(/\.\w+$/, "") + (lossless ? ".png" : ".jpg") };
}

/** A picture that can be sent as it is. @param {Blob} blob @param {string} name @returns {Promise<Photo>} */
export async function asPhoto(blob, name) {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  bitmap.close();
  return { blob, url: URL.createObjectURL(blob), width, height, name };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {"image/png" | "image/jpeg"} type
 * @returns {Promise<Blob>}
 */
export function encoded(canvas, type) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), type, 0.95);
  });
}

/** @param {Blob} blob @returns {Promise<string>} */
export function dataUri(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** @type {WeakMap<Blob, {uri: Promise<string>, at: number}>} */
const uploaded = new WeakMap();
/** Milliseconds for which an upload is named again; stages keep uploads for a day at least. */
const NAMED_FOR = 12 * 3600 * 1000;

/**
 * A picture as a request names it: inline where it is small, else uploaded, once however often it is asked for.
 * @param {import("./api.js").Api} api
 * @param {Blob} blob
 * @param {string} name
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>}
 */
export async function placed(api, blob, name, signal) {
  if (blob.size <= MOST_INLINE) return dataUri(blob);
  const before = uploaded.get(blob);
  if (before && Date.now() - before.at < NAMED_FOR) return before.uri;
  const uri = api.upload(blob, { name, signal }).then((file) => file.uri);
  uploaded.set(blob, { uri, at: Date.now() });
  uri.catch(() => uploaded.delete(blob));
  return uri;
}
