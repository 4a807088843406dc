import { html } from "../vendor/preact.js";
import { ApiProblem } from "../core/problem.js";
import { duration, has, t } from "../core/words.js";

/** @import {Line, Told} from "../core/types.js" */

/**
 * @param {unknown} error
 * @returns {Told}
 */
export function told(error) {
  if (!(error instanceof ApiProblem)) {
    return { title: t("problem.page"), advice: error instanceof Error ? error.message : String(error), lines: [], kind: "wrong" };
  }
  const { status, reason, lines, retryAfter } = error;
  if (reason) return refusal(reason, lines);
  if (status === 0) return { title: t("problem.unreachable"), advice: t("problem.unreachable.do"), lines: [], kind: "later" };
  if (status === 401 || status === 403) return { title: t("problem.access"), advice: t("problem.access.do"), lines, kind: "access" };
  if (error.passes) {
    const when = retryAfter ? t("problem.busy.when", { time: duration(retryAfter) }) : t("problem.busy.do");
    return { title: t("problem.busy"), advice: when, lines: [], kind: "later" };
  }
  if (status === 409) return { title: t("problem.conflict"), advice: error.message, lines, kind: "wrong" };
  if (lines.length) return { title: t("problem.input"), advice: t("problem.input.do"), lines, kind: "wrong" };
  if (status >= 500) return { title: t("problem.service"), advice: t("problem.service.do"), lines: [], kind: "wrong" };
  return { title: t("problem.input"), advice: error.message, lines: [], kind: "wrong" };
}

/**
 * What the gate refuses (docs/safety.md), said kindly.
 * @param {string} reason words-nudity, mask-skin, …
 * @param {Line[]} [lines]
 * @returns {Told}
 */
export function refusal(reason, lines = []) {
  const key = `refused.${reason}`;
  // The advice is in the page's language, what the API allows is not: of each line only the words are shown by which it was known.
  const shown = lines.map(({ what, got }) => ({ what, got }));
  return { title: has(key) ? t(key) : t("refused"), advice: has(`${key}.do`) ? t(`${key}.do`) : t("refused.do"), lines: shown, kind: "refused" };
}

/** A problem, with what to do. @param {{told: Told, children?: unknown}} props children are buttons */
export function ProblemNote({ told: { title, advice, lines, kind }, children }) {
  return html`<div class="note" data-kind=${kind} role="alert">
    <strong>${title}</strong>
    <p>${advice}</p>
    ${lines.length > 0 && html`<ul>${lines.map((line) => html`<li><${LineText} line=${line} /></li>`)}</ul>`}
    ${children && html`<div class="note-actions">${children}</div>`}
  </div>`;
}

/** @param {{line: Line}} props */
function LineText({ line: { what, got, allowed } }) {
  return html`<b>${what.replace(/^input\./, "")}</b>${got && got !== "null" ? html` <q>${got.replace(/^'(.*)'$/s, "$1")}</q>` : ""}${allowed && html`<br /><small>${allowed}</small>`}`;
}
