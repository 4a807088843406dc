import { html } from "../vendor/preact.js";
import { Icon } from "./icon.js";

/** @import {IconName} from "./icon.js" */

/**
 * A button that shows only a drawing: `label` is its name, and its tooltip.
 * @param {{icon: IconName, label: string, onClick: () => void, pressed?: boolean, disabled?: boolean, keys?: string}} props
 */
export function IconButton({ icon, label, onClick, pressed, disabled, keys }) {
  return html`<button type="button" class="icon-button" aria-label=${label} title=${keys ? `${label} (${keys})` : label}
    aria-pressed=${pressed} disabled=${disabled} onClick=${onClick}><${Icon} name=${icon} /></button>`;
}

/**
 * One of several words to choose by a click.
 * @param {{chosen?: boolean, onClick: () => void, children?: unknown, disabled?: boolean}} props
 */
export function Chip({ chosen = false, onClick, children, disabled }) {
  return html`<button type="button" class="chip" aria-pressed=${chosen} disabled=${disabled} onClick=${onClick}>${children}</button>`;
}

/**
 * A named input, with what is wrong with it below.
 * @param {{label: string, hint?: string, wrong?: string, children?: unknown}} props the one child is the input
 */
export function Field({ label, hint, wrong, children }) {
  return html`<label class="field" data-wrong=${wrong ? "" : undefined}>
    <span class="field-label">${label}${hint && html`<small>${hint}</small>`}</span>
    ${children}
    ${wrong && html`<span class="field-wrong" role="alert">${wrong}</span>`}
  </label>`;
}

/**
 * A number between bounds, by a slider.
 * @param {{label: string, value: number, min: number, max: number, step?: number, shown?: string, onInput: (value: number) => void}} props
 */
export function Slider({ label, value, min, max, step = 1, shown, onInput }) {
  const moved = (/** @type {InputEvent} */ event) => onInput(Number(/** @type {HTMLInputElement} */ (event.target).value));
  return html`<label class="slider"><span class="field-label">${label}<output>${shown ?? value}</output></span>
    <input type="range" value=${value} min=${min} max=${max} step=${step} onInput=${moved} /></label>`;
}

/**
 * Yes or no.
 * @param {{label: string, hint?: string, on: boolean, onChange: (on: boolean) => void}} props
 */
export function Switch({ label, hint, on, onChange }) {
  return html`<label class="switch"><input type="checkbox" role="switch" checked=${on}
      onChange=${(/** @type {Event} */ event) => onChange(/** @type {HTMLInputElement} */ (event.target).checked)} />
    <span class="field-label">${label}${hint && html`<small>${hint}</small>`}</span></label>`;
}

/**
 * How far something is; without a share, that it goes on.
 * @param {{share: number | null, label: string}} props
 */
export function Progress({ share, label }) {
  return html`<progress class="progress" aria-label=${label} max="1" value=${share ?? undefined}></progress>`;
}

/** What waits for something short. @param {{label: string}} props */
export function Spinner({ label }) {
  return html`<span class="spinner" role="status"><span class="unseen">${label}</span></span>`;
}

/**
 * What an input holds.
 * @param {(value: string) => void} use
 * @returns {(event: Event) => void}
 */
export function typed(use) {
  return (event) => use(/** @type {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} */ (event.target).value);
}

/** A page's title below the way back. @param {{back: string, to: string, title: string, children?: unknown}} props */
export function Head({ back, to, title, children }) {
  return html`<div class="teach-head"><a class="text-button back" href=${to}>← ${back}</a><h1>${title}</h1>${children}</div>`;
}
