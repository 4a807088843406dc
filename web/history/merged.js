import { asPhoto } from "../core/pictures.js";
import { readMask } from "../restyle/finding.js";
import { studioFor } from "../restyle/page.js";
import { painted } from "../restyle/painting.js";
import { freshWish, SEEDS } from "../restyle/wish.js";

/** @import {Kept, Prediction} from "../core/types.js" */
/** @import {Use} from "../app.js" */

/**
 * One thing that was painted, as this browser keeps it, as the server does, or as both do.
 * @typedef {{id: string, at: number, words: string, style: string, mode: string, kept: Kept | null, server: Prediction | null}} Entry
 */

/**
 * What is kept here and what the server lists, each once, the newest first. Masks that were only looked for are no pictures of anything.
 * @param {Kept[]} kept
 * @param {Prediction[]} listed
 * @returns {Entry[]}
 */
export function merged(kept, listed) {
  const here = new Map(kept.map((one) => [one.id, one]));
  const painted = listed.filter(({ input }) => input.mode !== "segment");
  const known = new Set(painted.map(({ id }) => id));
  const entries = [
    ...painted.map((server) => entryOf(here.get(server.id) ?? null, server)),
    ...kept.filter(({ id }) => !known.has(id)).map((one) => entryOf(one, null)),
  ];
  return entries.sort((one, other) => other.at - one.at);
}

/** @param {Kept | null} kept @param {Prediction | null} server @returns {Entry} */
function entryOf(kept, server) {
  const input = server?.input ?? {};
  return {
    id: kept?.id ?? server?.id ?? "",
    at: server ? Date.parse(server.created_at) : (kept?.at ?? 0),
    words: kept?.wish.prompt ?? input.prompt ?? "",
    style: kept?.wish.style ?? input.adapter ?? "",
    mode: input.mode ?? "style",
    kept,
    server,
  };
}

/**
 * Show what was painted before as it was shown then; of what another browser asked for only the picture and the settings are there.
 * @param {Use} use
 * @param {Entry} entry
 */
export async function reopen(use, entry) {
  const studio = studioFor(use);
  const [server, pictures] = entry.kept ? [entry.server, entry.kept.pictures] : await fetched(use, entry);
  const first = pictures[0];
  if (!first) throw new Error(server?.error || entry.id);
  const wish = entry.kept?.wish ?? wishOfInput(server?.input ?? {});
  const before = await asPhoto(entry.kept?.photo ?? first, entry.kept?.photo?.type === "image/jpeg" ? "photo.jpg" : "photo.png");
  studio.take(before);
  const mask = entry.kept?.mask ? await readMask(entry.kept.mask, before) : null;
  const input = entry.server?.input ?? {};
  studio.update({
    wish, mask, edited: !!mask, finding: { state: mask ? "drawn" : "none" }, saidPrompt: true, saidStyle: true, showsResult: true,
    result: {
      id: entry.id, before, wish, mask: entry.kept?.mask ?? null, chosen: 0, notes: "", colourDifference: null, large: input.mode === "upscale",
      disclosure: entry.kept?.disclosure ?? server?.disclosure ?? null,
      pictures: pictures.map((blob, n) => painted(blob, (wish.seed + n) % SEEDS)),
    },
  });
  studio.remember();
}

/** @param {Use} use @param {Entry} entry @returns {Promise<[Prediction, Blob[]]>} */
async function fetched(use, entry) {
  const now = await use.api.ended(await use.api.prediction(entry.id));
  return [now, await Promise.all((now.output ?? []).map((address) => use.api.picture(address)))];
}

/** The settings that a request's input had. @param {Record<string, any>} input */
function wishOfInput(input) {
  return {
    ...freshWish(input.seed ?? 0), locked: input.seed !== undefined,
    words: input.mask_prompt ?? "", prompt: input.prompt ?? "", negative: input.negative_prompt ?? "", style: input.adapter ?? "",
    strength: input.adapter_scale ?? 1, colour: input.colour ?? "", outputs: input.num_outputs ?? 1, feather: input.mask_blur ?? null,
    fast: input.fast ?? false, steps: input.num_inference_steps ?? null, guidance: input.guidance_scale ?? null,
  };
}
