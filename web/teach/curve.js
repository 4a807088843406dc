import { html } from "../vendor/preact.js";
import { language, t } from "../core/words.js";

/** @import {Look, LossPoint} from "./types.js" */

const [WIDTH, HEIGHT, LEFT, BOTTOM, EDGE] = [640, 220, 44, 24, 8];

/**
 * The loss as it falls, and where the training looked at itself.
 * @param {{losses: LossPoint[], looks: Look[]}} props
 */
export function Curve({ losses, looks }) {
  const { x, y, last, most } = scales(losses, looks);
  const path = (/** @type {{step: number, loss: number}[]} */ points) => points.map(({ step, loss }, n) => `${n ? "L" : "M"}${x(step)} ${y(loss)}`).join("");
  const seen = looks.flatMap(({ step, loss, best }) => (loss === null ? [] : [{ step, loss, best }]));
  const number = new Intl.NumberFormat(language.now, { maximumFractionDigits: 2 });
  const newest = losses.at(-1);
  const said = newest ? t("curve.said", { step: newest.step, loss: number.format(newest.loss) }) : t("curve");
  return html`<figure class="curve"><svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${said}>
      ${[0, 0.5, 1].map((share) => html`<g><line x1=${LEFT} x2=${WIDTH - EDGE} y1=${y(most * share)} y2=${y(most * share)} class="curve-grid" />
        <text x=${LEFT - 6} y=${y(most * share) + 4} text-anchor="end">${number.format(most * share)}</text></g>`)}
      <text x=${LEFT} y=${HEIGHT - 4}>0</text><text x=${WIDTH - EDGE} y=${HEIGHT - 4} text-anchor="end">${t("curve.steps", { n: last })}</text>
      <path d=${path(losses)} class="curve-loss" />
      ${seen.length > 0 && html`<path d=${path(seen)} class="curve-looks" />`}
      ${seen.map(({ step, loss, best }) => html`<circle cx=${x(step)} cy=${y(loss)} r=${best ? 5 : 3} class=${best ? "curve-best" : "curve-look"} />`)}
    </svg>
    <figcaption><span class="key-loss">${t("curve.loss")}</span>${seen.length > 0 && html`<span class="key-looks">${t("curve.looks")}</span>`}<span>${said}</span></figcaption></figure>`;
}

/**
 * Where a step and a loss lie in the drawing.
 * @param {LossPoint[]} losses
 * @param {Look[]} looks
 */
export function scales(losses, looks) {
  const last = Math.max(1, ...losses.map(({ step }) => step), ...looks.map(({ step }) => step));
  const most = Math.max(1e-6, ...losses.map(({ loss }) => loss), ...looks.map(({ loss }) => loss ?? 0));
  const round = (/** @type {number} */ n) => Math.round(n * 10) / 10;
  return {
    last, most,
    x: (/** @type {number} */ step) => round(LEFT + (step / last) * (WIDTH - LEFT - EDGE)),
    y: (/** @type {number} */ loss) => round(EDGE + (1 - loss / most) * (HEIGHT - EDGE - BOTTOM)),
  };
}
