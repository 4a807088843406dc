import { html } from "../vendor/preact.js";
import { duration, language, moment, t } from "../core/words.js";
import { Asked, useDoing, useFollowed } from "../ui/asked.js";
import { Head, Progress } from "../ui/parts.js";
import { ProblemNote } from "../ui/problem.js";
import { Results } from "./results.js";

/** @import {Use} from "../app.js" */
/** @import {Batch} from "./types.js" */

/** A catalogue as it is painted, and what became of it. @param {{use: Use, id: string}} props */
export function BatchView({ use, id }) {
  const path = `v1/batches/${encodeURIComponent(id)}`;
  const asked = useFollowed((signal) => /** @type {Promise<Batch>} */ (use.api.ask(path, { signal })), id);
  const { now: batch, again } = asked;
  const { busy, doing } = useDoing();
  const change = (/** @type {string} */ what, body = {}) =>
    doing(() => use.api.ask(`${path}/${what}`, { method: "POST", idempotencyKey: crypto.randomUUID(), ...body }).then(again));
  if (!batch) return html`<section class="page teach"><${Head} back=${t("catalogue.back")} to="#/catalogue" title=${t("catalogue.title")} /><${Asked} of=${asked} /></section>`;
  const { status, counts, errors, error, report } = batch;
  const runs = status === "starting" || status === "processing";
  const left = counts ? counts.total - counts.succeeded : 0;
  return html`<section class="page teach"><${Head} back=${t("catalogue.back")} to="#/catalogue" title=${batch.name ?? t("catalogue.title")}>
      <p><span class="status" data-status=${status}>${t(`status.${status}`)}</span> <small>${moment(batch.created_at)}</small></p><//>
    <${Asked} of=${asked} />
    ${(errors.length > 0 || error) && html`<${ProblemNote} told=${{ title: t(errors.length ? "catalogue.rows.wrong" : "catalogue.failed"),
      advice: errors.length ? t("catalogue.rows.wrong.do") : `${error}. ${t("catalogue.failed.do")}`, lines: errors, kind: "wrong" }} />`}
    <${HowFar} batch=${batch} />
    <div class="teach-ways">
      ${runs && html`<button type="button" class="button" disabled=${busy} onClick=${() => change("cancel")}>${t("teach.cancel")}</button>`}
      ${!runs && left > 0 && html`<button type="button" class="button primary" disabled=${busy} onClick=${() => change("resume", { body: {} })}>${t("catalogue.resume", { n: left })}</button>`}</div>
    ${report && html`<${Results} use=${use} batch=${batch} report=${report} onExpired=${again} />`}
  </section>`;
}

/** @param {{batch: Batch}} props */
function HowFar({ batch }) {
  const { counts, estimate, eta_seconds, seconds, dollars, stage } = batch;
  if (!counts) return html`<p class="found" role="status">${t("catalogue.preparing")}</p>`;
  const ended = counts.succeeded + counts.failed + counts.canceled;
  const money = (/** @type {number} */ amount) => new Intl.NumberFormat(language.now, { style: "currency", currency: "USD", maximumFractionDigits: 4 }).format(amount);
  const parts = /** @type {const} */ (["succeeded", "failed", "canceled", "running", "waiting"]);
  const cost = dollars ?? estimate?.dollars ?? null;
  const time = seconds ?? estimate?.seconds ?? null;
  return html`<${Progress} share=${ended / Math.max(1, counts.total)} label=${t("catalogue.done", { n: ended, of: counts.total })} />
    <p role="status">${t("catalogue.done", { n: ended, of: counts.total })}${eta_seconds ? ` · ${t("step.eta", { time: duration(eta_seconds) })}` : ""}${stage === "reporting" ? ` · ${t("catalogue.reporting")}` : ""}</p>
    <dl class="facts">${parts.filter((name) => counts[name]).map((name) => html`<div><dt>${t(`count.${name}`)}</dt><dd>${counts[name]}</dd></div>`)}
      ${time !== null && html`<div><dt>${t(seconds === null ? "catalogue.time.estimate" : "catalogue.time")}</dt><dd>${duration(time)}</dd></div>`}
      ${cost !== null && html`<div><dt>${t(dollars === null ? "catalogue.cost.estimate" : "cost.money")}</dt><dd>${money(cost)}</dd></div>`}</dl>`;
}
