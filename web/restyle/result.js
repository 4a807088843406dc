import { html, useState } from "../vendor/preact.js";
import { language, t } from "../core/words.js";
import { Icon } from "../ui/icon.js";
import { CommandsDialog } from "./commands.js";
import { findMask } from "./finding.js";
import { enlarge, restyle } from "./painting.js";
import { randomSeed } from "./wish.js";

/** @import {Result} from "./types.js" */
/** @import {Studio} from "./studio.js" */

/** Pixels that can still be made four times as wide and high, and the longest side (docs/architecture.md). */
const MOST_TO_ENLARGE = 2_097_152;
const LONGEST_TO_ENLARGE = 4_095;

/** What was painted: the pictures, what they say of themselves, and what to do with them. @param {{studio: Studio, result: Result}} props */
export function ResultPanel({ studio, result }) {
  const [shows, show] = useState(false);
  const chosen = result.pictures[result.chosen];
  if (!chosen) return null;
  const { width, height } = result.before;
  const fits = !result.large && width * height <= MOST_TO_ENLARGE && Math.max(width, height) <= LONGEST_TO_ENLARGE;
  const notes = result.notes.split("\n").filter((line) => line.startsWith("note: ")).map((line) => line.slice(6));
  const disclosure = studio.use.config.disclosure[language.now] ?? result.disclosure;
  const action = (/** @type {any} */ icon, /** @type {string} */ text, /** @type {() => void} */ act, disabled = false, why = "") =>
    html`<button type="button" class="button small" disabled=${disabled || !!studio.job} title=${(disabled && why) || undefined} onClick=${act}><${Icon} name=${icon} />${text}</button>`;
  const vary = () => {
    studio.want({ ...result.wish, seed: randomSeed(), locked: false, outputs: Math.max(4, result.wish.outputs) });
    void restyle(studio);
  };
  return html`<section class="result" aria-label=${t("result")}>
    ${result.pictures.length > 1 && html`<ul class="variations" aria-label=${t("result.variations")}>
      ${result.pictures.map((picture, n) => html`<li><button type="button" aria-pressed=${n === result.chosen} onClick=${() => studio.update({ result: { ...result, chosen: n } })}>
        <img src=${picture.url} alt=${t("result.variation", { n: n + 1 })} loading="lazy" /></button></li>`)}</ul>`}
    <div class="result-actions">
      <a class="button small primary" href=${chosen.url} download=${fileName(result)}><${Icon} name="download" />${t("result.download")}</a>
      ${action("again", t("result.vary"), vary)}
      ${action("lock", t("result.same_seed"), () => studio.want({ seed: chosen.seed, locked: true }), studio.wish.locked && studio.wish.seed === chosen.seed)}
      ${action("picture", t("result.use"), () => useAsInput(studio, result), result.large)}
      ${action("upscale", t("result.upscale"), () => void enlarge(studio), !fits, t("result.upscale.too_large"))}
      ${action("code", t("result.commands"), () => show(true))}
    </div>
    <dl class="result-facts">
      <div><dt>${t("seed")}</dt><dd>${chosen.seed}</dd></div>
      ${result.colourDifference !== null && html`<div><dt>${t("result.colour")}</dt><dd>ΔE ${result.colourDifference.toFixed(1)}</dd></div>`}
      ${result.large && html`<div><dt>${t("result.size")}</dt><dd>${width * 4} × ${height * 4}</dd></div>`}
    </dl>
    ${notes.length > 0 && html`<ul class="result-facts">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
    ${disclosure && html`<p class="disclosure">${disclosure}</p>`}
    ${shows && html`<${CommandsDialog} studio=${studio} result=${result} onClose=${() => show(false)} />`}
  </section>`;
}

/** The file as the API gave it: its bytes hold where it comes from. @param {Result} result */
function fileName({ before, wish, pictures, chosen, large }) {
  const stem = before.name.replace(/\.\w+$/, "");
  const type = pictures[chosen]?.blob.type.split("/")[1] ?? "png";
  return [stem, wish.style.replace("@", "-v") || "restyled", pictures[chosen]?.seed, large ? "x4" : ""].filter(Boolean).join("-") + `.${type}`;
}

/** @param {Studio} studio @param {Result} result */
function useAsInput(studio, result) {
  const chosen = result.pictures[result.chosen];
  if (!chosen) return;
  studio.take({ ...result.before, blob: chosen.blob, url: chosen.url });
  void findMask(studio);
}

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
