import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { language, percent, t } from "../core/words.js";
import { Chip, Field, IconButton, Slider, Spinner, Switch, typed } from "../ui/parts.js";
import { ProblemNote } from "../ui/problem.js";
import { Colours, StylePicker } from "./look.js";
import { findMask } from "./finding.js";
import { garmentIn, GARMENTS } from "./garments.js";
import { reasonAgainst } from "./page.js";
import { ResultPanel } from "./result.js";
import { Running, toldOf, Waking } from "./running.js";
import { randomSeed, SEEDS, suggestions } from "./wish.js";

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

/** How many pictures, by which seed, and what few people change. @param {{studio: Studio}} props */
export function MoreSettings({ studio }) {
  const { wish, asksConsent, photo } = studio;
  const number = (/** @type {string} */ text) => (text === "" ? null : Number(text));
  const seed = (/** @type {string} */ text) => {
    const value = Math.trunc(Number(text));
    if (text !== "" && value >= 0 && value < SEEDS) studio.want({ seed: value, locked: true });
  };
  return html`<fieldset class="more">
    <div class="pair">
      <div class="field"><span class="field-label" id="outputs">${t("outputs")}</span>
        <div class="stepper" role="group" aria-labelledby="outputs">
          <${IconButton} icon="minus" label=${t("outputs.fewer")} disabled=${wish.outputs <= 1} onClick=${() => studio.want({ outputs: wish.outputs - 1 })} />
          <output>${wish.outputs}</output>
          <${IconButton} icon="plus" label=${t("outputs.more")} disabled=${wish.outputs >= 8} onClick=${() => studio.want({ outputs: wish.outputs + 1 })} />
        </div></div>
      <div class="field"><label class="field-label" for="seed">${t("seed")}</label>
        <div class="seed"><input id="seed" type="text" inputmode="numeric" value=${wish.locked ? String(wish.seed) : ""} placeholder=${t("seed.random")} onChange=${typed(seed)} />
          <${IconButton} icon="dice" label=${t("seed.dice")} onClick=${() => studio.want({ seed: randomSeed(), locked: true })} />
          <${IconButton} icon=${wish.locked ? "lock" : "unlock"} label=${t(wish.locked ? "seed.unlock" : "seed.lock")} pressed=${wish.locked}
            onClick=${() => studio.want({ locked: !wish.locked })} /></div></div>
    </div>
    ${asksConsent && html`<${Consent} studio=${studio} />`}
    <details><summary>${t("more")}</summary>
      <div class="more-fields">
        <${Switch} label=${t("fast")} hint=${t("fast.hint")} on=${wish.fast} onChange=${(/** @type {boolean} */ fast) => studio.want({ fast })} />
        <${Slider} label=${t("feather")} value=${wish.feather ?? 0} min=${0} max=${Math.min(256, Math.round((photo?.width ?? 256) / 8))}
          shown=${wish.feather === null ? t("automatic") : `${wish.feather} px`} onInput=${(/** @type {number} */ feather) => studio.want({ feather })} />
        ${wish.feather !== null && html`<button type="button" class="text-button" onClick=${() => studio.want({ feather: null })}>${t("feather.automatic")}</button>`}
        <div class="pair">
          <${Field} label=${t("steps")}><input type="number" min="1" max="150" value=${wish.steps ?? ""} placeholder=${t("automatic")}
            onChange=${typed((text) => studio.want({ steps: number(text) }))} /><//>
          <${Field} label=${t("guidance")}><input type="number" min="0" max="50" step="0.5" value=${wish.guidance ?? ""} placeholder=${t("automatic")}
            onChange=${typed((text) => studio.want({ guidance: number(text) }))} /><//>
        </div>
        <${Field} label=${t("negative")}><input type="text" maxlength="2000" value=${wish.negative} placeholder=${t("negative.example")}
          onInput=${typed((negative) => studio.want({ negative }))} /><//>
        ${!asksConsent && html`<${Consent} studio=${studio} />`}
      </div>
    </details>
  </fieldset>`;
}

/** By which reference the person in the photo has agreed. @param {{studio: Studio}} props */
function Consent({ studio }) {
  const { wish, asksConsent } = studio;
  const wrong = wish.consent && !/^[A-Za-z0-9][A-Za-z0-9_.-]{2,63}$/.test(wish.consent) ? t("consent.wrong") : "";
  return html`<${Field} label=${t("consent")} hint=${t(asksConsent ? "consent.demanded" : "consent.hint")} wrong=${wrong}>
    <input type="text" maxlength="64" autocomplete="off" spellcheck="false" value=${wish.consent} placeholder="release-2026-0417"
      onInput=${typed((consent) => studio.want({ consent }))} /><//>`;
}
