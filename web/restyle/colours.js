import { html } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { typed } from "../ui/parts.js";

/** Colours of cloth to begin with, by their names in the texts. */
const SWATCHES = /** @type {const} */ ([
  ["ink", "#1f2328"], ["ivory", "#efe8da"], ["camel", "#b98a5a"], ["rust", "#a4452c"], ["rose", "#cf7f8b"],
  ["moss", "#5c6b3c"], ["teal", "#1f6f70"], ["navy", "#22345c"], ["plum", "#5d3358"],
]);

/** The garment's colour, exactly; none: what the words say. @param {{colour: string, onChange: (colour: string) => void}} props */
export function Colours({ colour, onChange }) {
  const own = colour && !SWATCHES.some(([, value]) => value === colour);
  return html`<div class="colours" role="group" aria-label=${t("colour")}>
    <div class="field-label">${t("colour")}<small>${colour || t("colour.none")}</small></div>
    <div class="swatches">
      <button type="button" class="swatch none" aria-label=${t("colour.none")} title=${t("colour.none")} aria-pressed=${!colour} onClick=${() => onChange("")}></button>
      ${SWATCHES.map(([name, value]) => html`<button type="button" class="swatch" aria-label=${t(`colour.${name}`)} title=${t(`colour.${name}`)}
        aria-pressed=${colour === value} style=${{ backgroundColor: value }} onClick=${() => onChange(value)}></button>`)}
      <label class="swatch any" data-chosen=${own ? "" : undefined} title=${t("colour.own")} style=${own ? { backgroundColor: colour } : {}}>
        <span class="unseen">${t("colour.own")}</span><input type="color" value=${colour || "#a4452c"} onInput=${typed(onChange)} /></label>
    </div>
  </div>`;
}
