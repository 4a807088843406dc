import { html, useEffect, useState } from "../vendor/preact.js";
import { duration, has, t } from "../core/words.js";
import { Progress } from "../ui/parts.js";
import { refusal, told } from "../ui/problem.js";
import { EndedProblem } from "./finding.js";

/** @import {Job} from "./types.js" */
/** @import {Prediction, Told} from "../core/types.js" */

/** How far a prediction is, with a way to stop it. @param {{job: Job, onCancel: () => void}} props */
export function Running({ job, onCancel }) {
  const { prediction } = job;
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const stage = prediction?.stage ?? "sending";
  const { current = null, total = null, percentage = null } = prediction?.progress ?? {};
  const ahead = stage === "queued" ? prediction?.queue_position : null;
  const told = [
    total && current !== null ? t("running.steps", { current, total }) : "",
    ahead ? t("running.queue", { n: ahead }) : "",
    prediction?.eta_seconds ? t("running.eta", { time: duration(prediction.eta_seconds) }) : t("running.since", { time: duration((Date.now() - job.since) / 1000) }),
  ];
  return html`<div class="running" role="status">
    <div class="running-line"><b>${t(has(`running.${stage}`) ? `running.${stage}` : "running.running")}</b>
      <span>${told.filter(Boolean).join(" · ")}</span></div>
    <${Progress} share=${stage === "running" && percentage ? percentage : null} label=${t("running.label")} />
    ${stage === "waking" && prediction && html`<${Waking} prediction=${prediction} />`}
    <button type="button" class="button small" onClick=${onCancel}>${t("cancel")}</button>
  </div>`;
}

/** That a machine wakes, which takes minutes: as long as the API says, by what it measured. @param {{prediction: Prediction}} props */
export function Waking({ prediction }) {
  const measured = /usually (\d+) s|measured here took (\d+) s/.exec(prediction.logs);
  const seconds = Number(measured?.[1] ?? measured?.[2]);
  return html`<p class="waking">${t("waking")} ${measured ? t("waking.measured", { time: duration(seconds) }) : t("waking.usual")} ${t("waking.leave")}</p>`;
}

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
