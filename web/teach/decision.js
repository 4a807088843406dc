import { html, useState } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { Field, typed } from "../ui/parts.js";
import { ProblemNote, told } from "../ui/problem.js";

/** @import {Use} from "../app.js" */
/** @import {Training} from "./types.js" */

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
