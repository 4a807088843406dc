/** @import {Kept} from "../core/database.js" */
/** @import {Prediction} from "../core/types.js" */

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
