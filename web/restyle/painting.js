import { keepRestyled } from "../core/database.js";
import { placed } from "../core/pictures.js";
import { ApiProblem } from "../core/problem.js";
import { t } from "../core/words.js";
import { say } from "../ui/toast.js";
import { EndedProblem, maskFile } from "./finding.js";
import { inputOf, randomSeed, SEEDS } from "./wish.js";

/** @import {Painted} from "./types.js" */
/** @import {Studio} from "./studio.js" */
/** @import {Prediction} from "../core/types.js" */

/**
 * Repaint what is masked, and show it.
 * @param {Studio} studio
 */
export async function restyle(studio) {
  const { photo, mask, edited } = studio;
  if (!photo || !mask || studio.job) return;
  if (!studio.wish.locked) studio.update({ wish: { ...studio.wish, seed: randomSeed() } });
  const { wish } = studio;
  const file = await maskFile(mask);
  await run(studio, "restyle", async (signal) => {
    const { api } = studio.use;
    const image = await placed(api, photo.blob, photo.name, signal);
    const drawn = edited ? await placed(api, file, "mask.png", signal) : null;
    return inputOf(wish, { image, mask: drawn });
  }, async (ended, pictures) => {
    const shown = pictures.map((blob, n) => painted(blob, (wish.seed + n) % SEEDS));
    const colourDifference = wish.colour ? (ended.metrics.pictures?.[0]?.colour_difference ?? null) : null;
    studio.update({
      result: {
        id: ended.id, before: photo, wish, mask: edited ? file : null, pictures: shown, chosen: 0, disclosure: ended.disclosure,
        notes: ended.logs, colourDifference, large: false,
      },
      showsResult: true,
    });
    await kept({ id: ended.id, at: Date.now(), wish, photo: photo.blob, mask: file, pictures, disclosure: ended.disclosure });
  });
}

/**
 * Make the chosen picture four times as wide and high.
 * @param {Studio} studio
 */
export async function enlarge(studio) {
  const { result } = studio;
  const chosen = result?.pictures[result.chosen];
  if (!result || !chosen || studio.job) return;
  const consent = result.wish.consent ? { consent: result.wish.consent } : {};
  await run(studio, "upscale", async (signal) => {
    const image = await placed(studio.use.api, chosen.blob, "restyled.png", signal);
    return { mode: "upscale", image, seed: chosen.seed, ...consent };
  }, async (ended, pictures) => {
    const shown = pictures.map((blob) => painted(blob, chosen.seed));
    studio.update({ result: { ...result, id: ended.id, pictures: shown, chosen: 0, disclosure: ended.disclosure, large: true } });
    await kept({ id: ended.id, at: Date.now(), wish: result.wish, photo: result.before.blob, mask: result.mask, pictures, disclosure: ended.disclosure });
  });
}

/**
 * Ask, follow and read the pictures of one prediction; what goes wrong is the studio's trouble.
 * @param {Studio} studio
 * @param {"restyle" | "upscale"} kind
 * @param {(signal: AbortSignal) => Promise<Record<string, unknown>>} asked
 * @param {(ended: Prediction, pictures: Blob[]) => Promise<void>} show
 */
async function run(studio, kind, asked, show) {
  const abort = new AbortController();
  const job = { abort, kind, prediction: /** @type {Prediction | null} */ (null), since: Date.now() };
  studio.update({ job, trouble: null });
  const { api } = studio.use;
  const { signal } = abort;
  try {
    const first = await api.predict(await asked(signal), { signal });
    const ended = await api.ended(first, { signal, heard: (prediction) => studio.update({ job: { ...job, prediction } }) });
    if (ended.status === "canceled") return say(t("canceled"));
    if (!ended.output?.length) throw new EndedProblem(ended.error);
    const pictures = await Promise.all(ended.output.map((address) => api.picture(address, signal)));
    studio.update({ job: null });
    await show(ended, pictures);
  } catch (trouble) {
    if (signal.aborted) return;
    const asksConsent = studio.asksConsent || (trouble instanceof ApiProblem && trouble.lines.some(({ what }) => /consent$/.test(what)));
    studio.update({ trouble, asksConsent });
  } finally {
    if (!signal.aborted) studio.update({ job: null });
  }
}

/** Stop what is painted now; what has ended meanwhile is shown. @param {Studio} studio */
export async function cancel(studio) {
  const { job } = studio;
  if (!job) return;
  if (job.prediction) {
    try {
      const now = await studio.use.api.cancel(job.prediction.id);
      if (now.status === "succeeded") return;
    } catch (trouble) {
      studio.update({ trouble });
      return;
    }
  }
  job.abort.abort();
  studio.update({ job: null });
  say(t("canceled"));
}

/** @param {Blob} blob @param {number} seed @returns {Painted} */
export function painted(blob, seed) {
  return { blob, url: URL.createObjectURL(blob), seed };
}

/** @param {import("../core/types.js").Kept} what */
async function kept(what) {
  try {
    await keepRestyled(what);
  } catch {
    say(t("history.not_kept"));
  }
}
