import { html } from "../vendor/preact.js";
import { duration, has, language, t } from "../core/words.js";
import { ProblemNote } from "../ui/problem.js";

/** @import {Line} from "../core/types.js" */
/** @import {Lesson} from "./lesson.js" */
/** @import {Advice, Estimate} from "./types.js" */

/** What reading the pictures has said: what would make the style worse, what learning costs, and by which words each is learnt. @param {{lesson: Lesson}} props */
export function Check({ lesson }) {
  const { check, captions } = lesson;
  if (!check) return html`<p class="lead">${t("teach.check.about")}</p>`;
  if (check.status === "failed" || check.status === "canceled") return html`<${Failure} error=${check.error} />`;
  if (check.status !== "succeeded") return null;
  return html`<${AdviceList} advice=${check.advice ?? []} />
    ${lesson.use.config.stage === "local" && html`<p class="lead">${t("cost.local")}</p>`}
    <${Cost} estimate=${check.estimate} />
    ${captions.length > 0 && html`<details class="captions"><summary>${t("teach.captions", { n: captions.length })}</summary>
      <p class="lead">${t("teach.captions.about")}</p>
      ${captions.map(({ file_name, text, source }) => html`<label class="field" key=${file_name}>
        <span class="field-label">${file_name}<small>${t(`teach.captions.${source}`)}</small></span>
        <textarea rows="1" value=${text} onInput=${(/** @type {Event} */ event) =>
          lesson.caption(file_name, /** @type {HTMLTextAreaElement} */ (event.target).value)}></textarea></label>`)}</details>`}`;
}

/** @param {{advice: Advice[]}} props */
export function AdviceList({ advice }) {
  if (!advice.length) return html`<p class="teach-good" role="status">${t("advice.none")}</p>`;
  return html`<ul class="advice">${advice.map((one) => html`<li class="note" data-kind=${one.level === "warning" ? "wrong" : "later"}>
    <strong>${t(`advice.${one.matter}`)}</strong>
    <p>${t(`advice.${one.matter}.do`)}</p>
    <small lang="en">${one.found}</small>
    ${one.pictures.length > 0 && html`<small>${one.pictures.join(", ")}</small>`}</li>`)}</ul>`;
}

/** What a training is expected to take, before it is paid for. @param {{estimate: Estimate | null}} props */
export function Cost({ estimate }) {
  if (!estimate) return html`<p class="lead">${t("cost.unknown")}</p>`;
  const { minutes, training_minutes, dollars, on_demand_dollars, spot_dollars } = estimate;
  const money = (/** @type {number} */ amount) =>
    new Intl.NumberFormat(language.now, { style: "currency", currency: "USD", maximumFractionDigits: amount < 0.1 ? 3 : 2 }).format(amount);
  return html`<dl class="facts">
    <div><dt>${t("cost.time")}</dt><dd>${minutes === null ? t("cost.unknown.time") : duration(minutes * 60)}
      ${training_minutes !== null && html`<small>${t("cost.training", { time: duration(training_minutes * 60) })}</small>`}</dd></div>
    <div><dt>${t("cost.money")}</dt><dd>${dollars === null ? t("cost.unknown.money") : t("cost.about", { dollars: money(dollars) })}
      ${on_demand_dollars !== null && spot_dollars !== null &&
      html`<small>${t("cost.spot", { spot: money(spot_dollars), demand: money(on_demand_dollars) })}</small>`}</dd></div></dl>`;
}

/**
 * What a training's error says: the state that failed, what the error is called, and what it is about.
 * @param {string} error such as "Gate: GateNotMet: garment_share: got 0.2; allowed: at least 0.5"
 * @returns {{state: string, name: string, line: Line}}
 */
export function readFailure(error) {
  const [, state = "", name = "", rest = error] = /^(?:([A-Z]\w+): )?(?:([A-Z]\w+): )?(.*)$/s.exec(error) ?? [];
  const [, what = "", got = "", allowed = ""] = /^(.*?): got (.*?); allowed: (.*)$/s.exec(rest) ?? [];
  const line = allowed ? { what, got, allowed } : { what: rest };
  return name ? { state, name, line } : { state: "", name: state, line };
}

/** Why a training ended without a style, and what to do. @param {{error: string | null, children?: unknown}} props */
export function Failure({ error, children }) {
  const { name, line } = readFailure(error ?? "");
  const key = has(`failed.${name}`) ? `failed.${name}` : "failed";
  return html`<${ProblemNote} told=${{ title: t(key), advice: t(`${key}.do`), lines: line.what ? [line] : [], kind: "wrong" }}>${children}<//>`;
}
