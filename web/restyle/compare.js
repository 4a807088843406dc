import { html, useState } from "../vendor/preact.js";
import { t } from "../core/words.js";

/**
 * Before and after, one upon the other: a slider between them, by pointer or arrow keys.
 * @param {{before: string, after: string | undefined, width: number, height: number}} props
 */
export function Compare({ before, after, width, height }) {
  const [at, move] = useState(50);
  const slid = (/** @type {InputEvent} */ event) => move(Number(/** @type {HTMLInputElement} */ (event.target).value));
  return html`<div class="compare-frame"><figure class="compare" style=${{ "--at": `${at}%`, "--ratio": String(width / height) }}>
    <img src=${after} alt=${t("compare.after")} width=${width} height=${height} />
    <img class="compare-before" src=${before} alt=${t("compare.before")} width=${width} height=${height} />
    <span class="compare-line" aria-hidden="true"></span>
    <span class="compare-tag left" aria-hidden="true">${t("compare.before")}</span>
    <span class="compare-tag right" aria-hidden="true">${t("compare.after")}</span>
    <input type="range" min="0" max="100" step="1" value=${at} aria-label=${t("compare")} onInput=${slid} />
  </figure></div>`;
}
