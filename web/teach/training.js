import { html, useState } from "../vendor/preact.js";
import { go } from "../core/router.js";
import { duration, moment, percent, t } from "../core/words.js";
import { Asked, useDoing, useFollowed } from "../ui/asked.js";
import { Field, Head, Progress, typed } from "../ui/parts.js";
import { ProblemNote, told } from "../ui/problem.js";
import * as ask from "./asking.js";
import { AdviceList, Cost, Failure } from "./check.js";
import { Curve } from "./curve.js";
import { ReportView } from "./report.js";
import { steady, stepsOf } from "./steps.js";

/** @import {Use} from "../app.js" */
/** @import {Training} from "./types.js" */

/** A training, as it goes on and as it ended. @param {{use: Use, id: string}} props */
export function TrainingView({ use, id }) {
  const asked = useFollowed((signal) => ask.training(use.api, id, signal), id, steady);
  const { now: training, again } = asked;
  const { busy, doing } = useDoing();
  /** @param {Training} next */
  const goOn = (next) => (next.id === id ? again() : go(`#/teach/training/${next.id}`));
  if (!training) return html`<section class="page teach"><${Title} training=${null} /><${Asked} of=${asked} /></section>`;
  const { status, report, losses, looks, strip, advice, estimate, error, input } = training;
  const missed = missedGate(error);
  const runs = status === "starting" || status === "processing";
  return html`<section class="page teach"><${Title} training=${training} />
    <${Asked} of=${asked} />
    <${Steps} training=${training} />
    ${training.urls.approve && html`<${Decision} use=${use} training=${training} onDecided=${again} />`}
    ${(status === "failed" || status === "canceled") && html`<${Failure} error=${status === "canceled" ? "CanceledError: " : error}>
      ${!input.preflight && html`<button type="button" class="button primary" disabled=${busy} onClick=${() => doing(async () => goOn(await ask.resumeTraining(use.api, id, missed)))}>${
        missed ? t("teach.accept", { share: percent(missed.garment_share) }) : t("teach.resume")}</button>`}<//>`}
    ${status === "succeeded" && !input.preflight && html`<div class="note" data-kind="good" role="status"><strong>${t("teach.done")}</strong>
      <div class="note-actions"><a class="button primary" href=${`#/restyle?style=${training.model}`}>${t("teach.use")}</a>
        <a class="button" href=${`#/teach/style/${training.model}`}>${t("teach.see")}</a></div></div>`}
    ${runs && html`<div class="teach-ways"><button type="button" class="button" disabled=${busy} onClick=${() => doing(async () => goOn(await ask.cancelTraining(use.api, id)))}>${t("teach.cancel")}</button></div>`}
    ${losses !== null && losses.length > 0 && html`<section class="teach-part"><h2>${t("curve")}</h2><${Curve} losses=${losses} looks=${looks ?? []} /></section>`}
    ${strip && html`<section class="teach-part"><h2>${t("teach.strip")}</h2><p class="lead">${t("teach.strip.about")}</p>
      <img class="strip" src=${strip} alt=${t("teach.strip.alt", { n: looks?.length ?? 0, share: percent(looks?.find(({ best }) => best)?.garment_share ?? 0) })} onError=${again} /></section>`}
    ${report && html`<${ReportView} report=${report} metrics=${training.metrics} onExpired=${again} />`}
    ${(runs || input.preflight) && html`<section class="teach-part"><h2>${t("cost")}</h2><${Cost} estimate=${estimate} /></section>`}
    ${advice && html`<section class="teach-part"><h2>${t("advice")}</h2><${AdviceList} advice=${advice} /></section>`}
    <details><summary>${t("teach.logs")}</summary><pre tabindex="0">${training.logs || "…"}</pre></details>
  </section>`;
}

/** @param {{training: Training | null}} props */
function Title({ training }) {
  return html`<${Head} back=${t("teach.back")} to="#/teach" title=${training?.model ?? t("teach.training")}>
    ${training && html`<p><span class="status" data-status=${training.status}>${t(`status.${training.status}`)}</span> <small>${moment(training.created_at)}${
      training.input.preflight ? ` · ${t("teach.only_check")}` : ""}</small></p>`}<//>`;
}

/** @param {{training: Training}} props */
function Steps({ training }) {
  const { progress, eta_seconds } = training;
  return html`<ol class="steps" aria-label=${t("steps")}>${stepsOf(training).map(({ name, state }) => html`<li data-state=${state} aria-current=${state === "now" ? "step" : undefined}>
    <span>${t(`step.${name}`)}</span><small>${t(`step.state.${state}`)}</small>
    ${state === "now" && name === "learn" && progress && html`<${Progress} share=${progress.percentage} label=${t("step.learn")} />
      <small>${progress.current !== null ? t("step.progress", { n: progress.current, of: progress.total ?? "?" }) : ""}${
        eta_seconds ? ` · ${t("step.eta", { time: duration(eta_seconds) })}` : ""}</small>`}</li>`)}</ol>`;
}

/**
 * The gate that lets a result pass which shows too little of the garment's colours; undefined where it was not that which kept it back.
 * @param {string | null} error
 */
function missedGate(error) {
  const [, share] = /GateNotMet: garment_share: got ([\d.]+);/.exec(error ?? "") ?? [];
  return share ? { garment_share: Math.floor(Number(share) * 100) / 100 } : undefined;
}

/** Whether a style that was learnt may be published, as a person decides. @param {{use: Use, training: Training, onDecided: () => void}} props */
export function Decision({ use, training, onDecided }) {
  const [reason, say] = useState("");
  const [busy, act] = useState(false);
  const [trouble, fail] = useState(/** @type {unknown} */ (null));
  /** @param {string | null | undefined} address */
  const decide = async (address) => {
    act(true);
    fail(null);
    try {
      await use.api.ask(address ?? "", { method: "POST", body: reason.trim() ? { reason: reason.trim() } : {}, idempotencyKey: crypto.randomUUID() });
      onDecided();
    } catch (error) {
      fail(error);
    }
    act(false);
  };
  return html`<section class="note decision" data-kind="later"><strong>${t("decide")}</strong><p>${t("decide.about")}</p>
    <${Field} label=${t("decide.reason")} hint=${t("decide.reason.hint")}><input maxlength="800" value=${reason} onInput=${typed(say)} /><//>
    <div class="note-actions">
      <button type="button" class="button primary" disabled=${busy} onClick=${() => decide(training.urls.approve)}>${t("decide.approve")}</button>
      <button type="button" class="button" disabled=${busy} onClick=${() => decide(training.urls.reject)}>${t("decide.reject")}</button></div>
    ${Boolean(trouble) && html`<${ProblemNote} told=${told(trouble)} />`}</section>`;
}
