import { html, useState } from "../vendor/preact.js";
import { duration, language, moment, t } from "../core/words.js";
import { Asked, useAsked, useDoing, useFollowed } from "../ui/asked.js";
import { Head, Progress } from "../ui/parts.js";
import { ProblemNote } from "../ui/problem.js";
import { Icon } from "../ui/icon.js";
import { baseName } from "./list.js";
import { zipped } from "./zip.js";

/** @import {Use} from "../app.js" */
/** @import {Batch, Item, Whole} from "./types.js" */

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
  // What was stopped before its rows were read has none yet, and goes on with all of them.
  const left = counts?.total ? counts.total - counts.succeeded : errors.length ? 0 : null;
  return html`<section class="page teach"><${Head} back=${t("catalogue.back")} to="#/catalogue" title=${batch.name ?? t("catalogue.title")}>
      <p><span class="status" data-status=${status}>${t(`status.${status}`)}</span> <small>${moment(batch.created_at)}</small></p><//>
    <${Asked} of=${asked} />
    ${(errors.length > 0 || error) && html`<${ProblemNote} told=${{ title: t(errors.length ? "catalogue.rows.wrong" : "catalogue.failed"),
      advice: errors.length ? t("catalogue.rows.wrong.do") : `${error}. ${t("catalogue.failed.do")}`, lines: errors, kind: "wrong" }} />`}
    <${HowFar} batch=${batch} />
    <div class="teach-ways">
      ${runs && html`<button type="button" class="button" disabled=${busy} onClick=${() => change("cancel")}>${t("teach.cancel")}</button>`}
      ${!runs && left !== 0 && html`<button type="button" class="button primary" disabled=${busy} onClick=${() => change("resume", { body: {} })}>${left === null ? t("teach.resume") : t("catalogue.resume", { n: left })}</button>`}</div>
    ${report && html`<${Results} use=${use} batch=${batch} report=${report} onExpired=${again} />`}
  </section>`;
}

/** @param {{batch: Batch}} props */
function HowFar({ batch }) {
  const { status, counts, estimate, eta_seconds, seconds, dollars, stage } = batch;
  if (!counts) return status === "starting" || status === "processing" ? html`<p class="found" role="status">${t("catalogue.preparing")}</p>` : null;
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

const SHOWN = 24;

/** What a batch left: what somebody should look at and why, its pictures, and all of it to keep. @param {{use: Use, batch: Batch,
 *   report: NonNullable<Batch["report"]>, onExpired: () => void}} props */
export function Results({ use, batch, report, onExpired }) {
  const asked = useAsked((signal) => use.api.picture(report.data, signal).then(readWhole), report.data);
  const [shown, more] = useState(SHOWN);
  const [packed, pack] = useState(0);
  const { busy, doing } = useDoing();
  const whole = asked.now;
  if (!whole) return html`<${Asked} of=${{ ...asked, again: () => (asked.again(), onExpired()) }} />`;
  const byLine = new Map(whole.items.map((item) => [item.line, item]));
  const done = whole.items.filter(({ status, prediction }) => status === "succeeded" && prediction);
  const download = async () => {
    const files = [];
    for (const item of done) {
      pack(files.length / done.length);
      files.push({ name: fileOf(item), body: await use.api.picture(await addressOf(use, item)) });
    }
    save(await zipped(files), `${batch.name ?? batch.id}.zip`);
  };
  return html`<section class="teach-part"><h2>${t("review")}</h2>
      ${whole.review.length === 0 ? html`<p class="teach-good">${t("review.none")}</p>` : html`<ul class="review">${whole.review.map(({ line, reason }) => html`<li class="note" data-kind="wrong">
        <strong>${t("review.line", { line, name: nameOf(byLine.get(line)) })}</strong><p>${reason}</p></li>`)}</ul>`}</section>
    <section class="teach-part"><h2>${t("results")}</h2>
      <div class="teach-ways">
        <button type="button" class="button primary" disabled=${!done.length || busy} onClick=${() => doing(download)}><${Icon} name="download" />${t("results.zip", { n: done.length })}</button>
        <a class="button" href=${report.csv} download>${t("results.csv")}</a>
        <a class="button" href=${report.page} target="_blank" rel="noreferrer">${t("report.page")}</a></div>
      ${busy && html`<${Progress} share=${packed} label=${t("results.packing")} />`}
      <p class="lead">${use.config.disclosure[language.now] ?? batch.disclosure}</p>
      <ul class="results">${done.slice(0, shown).map((item) => html`<${Painted} key=${item.prediction} use=${use} item=${item} />`)}</ul>
      ${done.length > shown && html`<button type="button" class="button small" onClick=${() => more(shown + SHOWN)}>${t("catalogue.rows.more", { n: done.length - shown })}</button>`}
    </section>`;
}

/** @param {{use: Use, item: Item}} props */
function Painted({ use, item }) {
  const { now: url, again } = useAsked(() => addressOf(use, item));
  const [tried, tryAgain] = useState(false);
  // An address works for an hour: whoever comes back later gets another one, once.
  const expired = () => tried || (tryAgain(true), again());
  return html`<li><figure>${url ? html`<img src=${url} alt=${t("results.alt", { name: nameOf(item), words: String(item.row.words ?? "") })} onError=${expired} />` : html`<span class="history-blank">…</span>`}
    <figcaption>${nameOf(item)}</figcaption></figure></li>`;
}

/** @param {Blob} file @returns {Promise<Whole>} */
async function readWhole(file) {
  return JSON.parse(await file.text());
}

/** @param {Use} use @param {Item} item @returns {Promise<string>} */
async function addressOf(use, item) {
  const { output } = await use.api.prediction(item.prediction ?? "");
  return output?.[0] ?? "";
}

/** @param {Item | undefined} item */
function nameOf(item) {
  return baseName(String(item?.row.photo ?? item?.row.image ?? item?.line ?? ""));
}

/** A name in the archive that no other has, in the order of the list. @param {Item} item */
function fileOf(item) {
  return `${String(item.line).padStart(4, "0")}-${nameOf(item).replace(/\.\w+$/, "")}.png`;
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
