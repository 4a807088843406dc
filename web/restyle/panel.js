import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { language, percent, t } from "../core/words.js";
import { Chip, Field, Spinner, typed } from "../ui/parts.js";
import { ProblemNote } from "../ui/problem.js";
import { Colours } from "./colours.js";
import { findMask } from "./finding.js";
import { GARMENTS, garmentIn } from "./garments.js";
import { MoreSettings } from "./more.js";
import { reasonAgainst } from "./page.js";
import { ResultPanel } from "./result.js";
import { Running, Waking } from "./running.js";
import { StylePicker } from "./style_picker.js";
import { toldOf } from "./trouble.js";
import { suggestions } from "./wish.js";

/** @import {Studio} from "./studio.js" */

/**
 * What is wanted of the photo: a garment, then how it is to look.
 * @param {{studio: Studio, onSubmit: () => void, onCancel: () => void}} props
 */
export function Panel({ studio, onSubmit, onCancel }) {
  const { job, trouble, showsResult, result } = studio;
  const reason = reasonAgainst(studio);
  const sent = (/** @type {Event} */ event) => {
    event.preventDefault();
    onSubmit();
  };
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => {
    if (!showsResult) return;
    form.current?.scrollTo({ top: 0 });
    scrollTo({ top: 0, behavior: "smooth" });
  }, [result?.id, showsResult]);
  return html`<form class="panel" ref=${form} onSubmit=${sent}>
    <p class="unseen" role="status">${showsResult && result ? t("result.ready") : ""}</p>
    ${showsResult && result && html`<${ResultPanel} studio=${studio} result=${result} />`}
    <${Garments} studio=${studio} />
    <${Look} studio=${studio} />
    <${MoreSettings} studio=${studio} />
    <div class="panel-end">
      ${Boolean(trouble) && html`<${ProblemNote} told=${toldOf(trouble)} />`}
      ${job
        ? html`<${Running} job=${job} onCancel=${onCancel} />`
        : html`<button class="button primary wide" disabled=${!!reason} aria-describedby=${reason ? "reason" : undefined}>${t("submit")}</button>
            ${reason && html`<p id="reason" class="reason">${t(reason)}</p>`}`}
    </div>
  </form>`;
}

/** What to repaint. @param {{studio: Studio}} props */
function Garments({ studio }) {
  const { wish, finding, mask, edited } = studio;
  const [words, say] = useState(wish.words);
  const [before, see] = useState(wish.words);
  if (before !== wish.words) (see(wish.words), say(wish.words));
  const chosen = garmentIn(wish.words);
  const find = (/** @type {string} */ wanted) => {
    if (wanted.trim() === wish.words && finding.state !== "none") return;
    studio.want({ words: wanted.trim() });
    void findMask(studio);
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    find(words);
  };
  return html`<fieldset><legend>${t("garment")}</legend>
    <div class="chips">${GARMENTS.map(({ say: name, en, ko }) => html`<${Chip} chosen=${chosen?.en === en && wish.words === name}
      onClick=${() => find(name)}>${language.now === "ko" ? ko : en}<//>`)}</div>
    <${Field} label=${t("garment.words")} hint=${t("garment.words.hint")}>
      <input type="text" value=${words} maxlength="200" placeholder=${t("garment.words.example")} enterkeyhint="search"
        onInput=${typed(say)} onKeyDown=${pressed} onBlur=${() => words.trim() !== wish.words && find(words)} /><//>
    <p class="found" role="status">${finding.state === "busy"
      ? html`<${Spinner} label=${t("garment.finding")} /> ${t("garment.finding")}`
      : mask && html`<b>${percent(mask.area, 1)}</b> ${t("garment.area")}${
          finding.score !== undefined && !edited ? html` · ${t("garment.score", { score: percent(finding.score) })}` : edited ? html` · ${t("garment.edited")}` : ""}`}
    </p>
    ${finding.state === "busy" && studio.waking && html`<${Waking} prediction=${studio.waking} />`}
  </fieldset>`;
}

/** How it is to look. @param {{studio: Studio}} props */
function Look({ studio }) {
  const { wish } = studio;
  return html`<fieldset><legend>${t("look")}</legend>
    <${StylePicker} studio=${studio} />
    <${Field} label=${t("prompt")}>
      <textarea rows="2" maxlength="2000" value=${wish.prompt} placeholder=${t("prompt.example")}
        onInput=${typed((prompt) => studio.want({ prompt }))}></textarea><//>
    ${!wish.style && html`<div class="chips">${suggestions(wish.words).map(
      (prompt) => html`<${Chip} chosen=${prompt === wish.prompt} onClick=${() => studio.want({ prompt })}>${prompt}<//>`)}</div>`}
    <${Colours} colour=${wish.colour} onChange=${(/** @type {string} */ colour) => studio.want({ colour })} />
  </fieldset>`;
}
