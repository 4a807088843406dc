import { html } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { Field, IconButton, Slider, Switch, typed } from "../ui/parts.js";
import { randomSeed, SEEDS } from "./wish.js";

/** @import {Studio} from "./studio.js" */

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
