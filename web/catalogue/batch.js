import { html, useEffect, useState } from "../vendor/preact.js";
import { follow } from "../core/waiting.js";
import { duration, language, moment, t } from "../core/words.js";
import { Progress, Spinner } from "../ui/parts.js";
import { ProblemNote, told } from "../ui/problem.js";
import { say } from "../ui/toast.js";
import { Results } from "./results.js";

/** @import {Use} from "../app.js" */
/** @import {Batch} from "./types.js" */

/** A catalogue as it is painted, and what became of it. @param {{use: Use, id: string}} props */
export function BatchView({ use, id }) {
  const [batch, show] = useState(/** @type {Batch | null} */ (null));
  const [trouble, fail] = useState(/** @type {unknown} */ (null));
  const [round, again] = useState(0);
  const [busy, act] = useState(false);
  const path = `v1/batches/${encodeURIComponent(id)}`;
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const look = () => /** @type {Promise<Batch>} */ (use.api.ask(path, { signal }));
    fail(null);
    look().then((first) => follow(first, look, { signal, heard: show })).catch((error) => signal.aborted || fail(error));
    return () => leaving.abort();
  }, [id, round]);
  const refresh = () => again((n) => n + 1);
  /** @param {"cancel" | "resume"} what */
  const doing = async (what) => {
    act(true);
    try {
      await use.api.ask(`${path}/${what}`, { method: "POST", idempotencyKey: crypto.randomUUID(), ...(what === "resume" ? { body: {} } : {}) });
      refresh();
    } catch (error) {
      say(`${told(error).title}. ${told(error).advice}`, "wrong");
    }
    act(false);
  };
  const retry = html`<button type="button" class="button small" onClick=${refresh}>${t("again")}</button>`;
  const back = html`<a class="text-button back" href="#/catalogue">← ${t("catalogue.back")}</a>`;
  if (!batch) {
    return html`<section class="page teach"><div class="teach-head">${back}<h1>${t("catalogue.title")}</h1></div>
      ${trouble ? html`<${ProblemNote} told=${told(trouble)}>${retry}<//>` : html`<p class="found"><${Spinner} label=${t("teach.reading")} /> ${t("teach.reading")}</p>`}</section>`;
  }
  const { status, counts, errors, error, report } = batch;
  const runs = status === "starting" || status === "processing";
  const left = counts ? counts.total - counts.succeeded : 0;
  return html`<section class="page teach"><div class="teach-head">${back}<h1>${batch.name ?? t("catalogue.title")}</h1>
      <p><span class="status" data-status=${status}>${t(`status.${status}`)}</span> <small>${moment(batch.created_at)}</small></p></div>
    ${Boolean(trouble) && html`<${ProblemNote} told=${told(trouble)}>${retry}<//>`}
    ${(errors.length > 0 || error) && html`<${ProblemNote} told=${{ title: t(errors.length ? "catalogue.rows.wrong" : "catalogue.failed"),
      advice: errors.length ? t("catalogue.rows.wrong.do") : `${error}. ${t("catalogue.failed.do")}`, lines: errors, kind: "wrong" }} />`}
    <${HowFar} batch=${batch} />
    <div class="teach-ways">
      ${runs && html`<button type="button" class="button" disabled=${busy} onClick=${() => doing("cancel")}>${t("teach.cancel")}</button>`}
      ${!runs && left > 0 && html`<button type="button" class="button primary" disabled=${busy} onClick=${() => doing("resume")}>${t("catalogue.resume", { n: left })}</button>`}</div>
    ${report && html`<${Results} use=${use} batch=${batch} report=${report} onExpired=${refresh} />`}
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
