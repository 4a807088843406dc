import { html, useEffect, useState } from "../vendor/preact.js";
import { go } from "../core/router.js";
import { duration, moment, percent, t } from "../core/words.js";
import { follow } from "../core/waiting.js";
import { Progress, Spinner } from "../ui/parts.js";
import { ProblemNote, told } from "../ui/problem.js";
import { say } from "../ui/toast.js";
import * as ask from "./asking.js";
import { AdviceList, Cost, Failure } from "./check.js";
import { Curve } from "./curve.js";
import { Decision } from "./decision.js";
import { ReportView } from "./report.js";
import { steady } from "./steady.js";
import { stepsOf } from "./steps.js";

/** @import {Use} from "../app.js" */
/** @import {Training} from "./types.js" */

/** A training, as it goes on and as it ended. @param {{use: Use, id: string}} props */
export function TrainingView({ use, id }) {
  const [training, show] = useState(/** @type {Training | null} */ (null));
  const [trouble, fail] = useState(/** @type {unknown} */ (null));
  const [round, again] = useState(0);
  const [acting, act] = useState(false);
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const look = () => ask.training(use.api, id, signal);
    fail(null);
    let kept = /** @type {Training | null} */ (null);
    const heard = (/** @type {Training} */ now) => show((kept = steady(kept, now)));
    look().then((first) => follow(first, look, { signal, heard })).catch((error) => signal.aborted || fail(error));
    return () => leaving.abort();
  }, [id, round]);
  const refresh = () => again((n) => n + 1);
  /** @param {() => Promise<Training>} what */
  const doing = async (what) => {
    act(true);
    try {
      const next = await what();
      if (next.id !== id) go(`#/teach/training/${next.id}`);
      else refresh();
    } catch (error) {
      say(`${told(error).title}. ${told(error).advice}`, "wrong");
    } finally {
      act(false);
    }
  };
  const retry = html`<button type="button" class="button small" onClick=${refresh}>${t("again")}</button>`;
  if (!training) {
    return html`<section class="page teach"><${Head} training=${null} />
      ${trouble ? html`<${ProblemNote} told=${told(trouble)}>${retry}<//>` : html`<p class="found"><${Spinner} label=${t("teach.reading")} /> ${t("teach.reading")}</p>`}</section>`;
  }
  const { status, report, losses, looks, strip, advice, estimate, error, input } = training;
  const missed = missedGate(error);
  const runs = status === "starting" || status === "processing";
  return html`<section class="page teach"><${Head} training=${training} />
    ${Boolean(trouble) && html`<${ProblemNote} told=${told(trouble)}>${retry}<//>`}
    <${Steps} training=${training} />
    ${training.urls.approve && html`<${Decision} use=${use} training=${training} onDecided=${refresh} />`}
    ${(status === "failed" || status === "canceled") && html`<${Failure} error=${status === "canceled" ? "CanceledError: " : error}>
      ${!input.preflight && html`<button type="button" class="button primary" disabled=${acting} onClick=${() => doing(() => ask.resumeTraining(use.api, id, missed))}>${
        missed ? t("teach.accept", { share: percent(missed.garment_share) }) : t("teach.resume")}</button>`}<//>`}
    ${status === "succeeded" && !input.preflight && html`<div class="note" data-kind="good" role="status"><strong>${t("teach.done")}</strong>
      <div class="note-actions"><a class="button primary" href=${`#/restyle?style=${training.model}`}>${t("teach.use")}</a>
        <a class="button" href=${`#/teach/style/${training.model}`}>${t("teach.see")}</a></div></div>`}
    ${runs && html`<div class="teach-ways"><button type="button" class="button" disabled=${acting} onClick=${() => doing(() => ask.cancelTraining(use.api, id))}>${t("teach.cancel")}</button></div>`}
    ${losses !== null && losses.length > 0 && html`<section class="teach-part"><h2>${t("curve")}</h2><${Curve} losses=${losses} looks=${looks ?? []} /></section>`}
    ${strip && html`<section class="teach-part"><h2>${t("teach.strip")}</h2><p class="lead">${t("teach.strip.about")}</p>
      <img class="strip" src=${strip} alt=${t("teach.strip.alt", { n: looks?.length ?? 0, share: percent(looks?.find(({ best }) => best)?.garment_share ?? 0) })} onError=${refresh} /></section>`}
    ${report && html`<${ReportView} report=${report} metrics=${training.metrics} onExpired=${refresh} />`}
    ${(runs || input.preflight) && html`<section class="teach-part"><h2>${t("cost")}</h2><${Cost} estimate=${estimate} /></section>`}
    ${advice && html`<section class="teach-part"><h2>${t("advice")}</h2><${AdviceList} advice=${advice} /></section>`}
    <details><summary>${t("teach.logs")}</summary><pre tabindex="0">${training.logs || "…"}</pre></details>
  </section>`;
}

/** @param {{training: Training | null}} props */
function Head({ training }) {
  return html`<div class="teach-head"><a class="text-button back" href="#/teach">← ${t("teach.back")}</a>
    <h1>${training?.model ?? t("teach.training")}</h1>
    ${training && html`<p><span class="status" data-status=${training.status}>${t(`status.${training.status}`)}</span> <small>${moment(training.created_at)}${
      training.input.preflight ? ` · ${t("teach.only_check")}` : ""}</small></p>`}</div>`;
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
