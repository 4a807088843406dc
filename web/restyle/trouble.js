import { has, t } from "../core/words.js";
import { refusal, told } from "../ui/problem.js";
import { EndedProblem } from "./finding.js";

/** @import {Told} from "../core/types.js" */

/** The gate's reasons, by the errors with which predictions end (docs/skin.md). @type {Record<string, string>} */
const REASONS = {
  MaskCoversSkinError: "mask-skin",
  MaskCoversBodyError: "mask-body",
  PaintedSkinError: "painted-skin",
  RefusedContentError: "painted-blanked",
};

/** What went wrong while somebody restyles, and what to do about it. @param {unknown} trouble @returns {Told} */
export function toldOf(trouble) {
  if (!(trouble instanceof EndedProblem)) return told(trouble);
  const { name, line } = trouble.told;
  const reason = REASONS[name];
  if (reason) return refusal(reason);
  if (name === "GarmentNotFoundError") return { title: t("trouble.missing"), advice: t("trouble.missing.do"), lines: [], kind: "refused" };
  const key = `trouble.${name}`;
  return { title: has(key) ? t(key) : t("trouble.failed"), advice: t("trouble.failed.do"), lines: [line], kind: "wrong" };
}
