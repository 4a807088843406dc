import { Mask } from "../restyle/mask.js";
import { EndedProblem, maskFile, segmented } from "../restyle/finding.js";
import { readPhoto } from "../core/pictures.js";

/** @import {Photo} from "../core/types.js" */
/** @import {Api} from "../core/api.js" */
/** @import {Picture} from "./types.js" */

const HEIC = /\.(heic|heif)$/i;

/**
 * A picture of a file, without what a camera wrote into it. Raises where nobody can read it.
 * @param {File} file
 * @param {Set<string>} taken stems of other pictures' names
 * @returns {Promise<Picture>}
 */
export async function pictureOf(file, taken) {
  const heic = HEIC.test(file.name);
  let photo = null;
  try {
    photo = await readPhoto(file);
  } catch (error) {
    // The API reads HEIC, whether this browser does or not.
    if (!heic) throw error;
  }
  const blob = photo?.blob ?? new Blob([file], { type: "image/heic" });
  return freshPicture(freeName(photo?.name ?? file.name, taken), blob, photo);
}

/** @param {string} name @param {Blob} file @param {Photo | null} photo @returns {Picture} */
export function freshPicture(name, file, photo) {
  return { name, file, photo, judges: false, sent: "", fileId: "", found: "none", foundBy: "", mask: null, score: null, trouble: null };
}

/** Without its ending. @param {string} name */
export function stem(name) {
  return name.replace(/\.\w+$/, "");
}

/**
 * The name, numbered where another picture has it: no two of a dataset may have one name before the ending.
 * @param {string} name
 * @param {Set<string>} taken
 */
export function freeName(name, taken) {
  const composed = name.normalize("NFC").replace(/[/\\\p{Cc}]/gu, "-").replace(/^\.+/, "");
  const [first, ending] = [stem(composed) || "picture", /\.\w+$/.exec(composed)?.[0] ?? ".png"];
  let free = first;
  for (let n = 2; taken.has(free); n++) free = `${first}-${n}`;
  taken.add(free);
  return free + ending;
}

/** Where a picture lies in its dataset. @param {Picture} picture */
export function placeOf({ name, judges }) {
  return judges ? `evaluation/${name}` : name;
}

/** Put a picture into a style's dataset. @param {Api} api @param {Picture} picture @param {string} style */
export async function send(api, picture, style) {
  const place = placeOf(picture);
  const put = await api.upload(picture.file, { name: place, purpose: "dataset", style });
  Object.assign(picture, { sent: `${style}/${place}`, fileId: put.id, trouble: null });
}

/** Put the mask that somebody drew: it wins over what words find. @param {Api} api @param {Picture} picture @param {string} style */
export async function sendMask(api, picture, style) {
  if (!picture.mask) return;
  const folder = picture.judges ? "evaluation/masks/" : "masks/";
  await api.upload(await maskFile(picture.mask), { name: `${folder}${stem(picture.name)}.png`, purpose: "dataset", style });
  picture.found = "kept";
}

/**
 * Look for the garment on a picture, with the model that the training asks.
 * @param {Api} api
 * @param {Picture} picture
 * @param {string} words
 */
export async function look(api, picture, words) {
  if (!picture.photo) return;
  Object.assign(picture, { found: "looking", foundBy: words, mask: null, score: null, trouble: null });
  const wanted = () => picture.foundBy === words && picture.found === "looking";
  try {
    const { mask, score = null } = await segmented(api, { ...picture.photo, name: picture.name }, words);
    if (wanted()) Object.assign(picture, { found: "found", mask, score });
  } catch (error) {
    if (!(error instanceof EndedProblem)) throw error;
    const { name, line } = error.told;
    if (wanted()) Object.assign(picture, { found: "missing", trouble: name === "GarmentNotFoundError" ? null : line });
  }
}

/** An empty mask, to draw on. @param {Picture} picture */
export function blankMask(picture) {
  return picture.photo ? new Mask(picture.photo.width, picture.photo.height) : null;
}
