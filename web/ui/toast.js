import { html } from "../vendor/preact.js";
import { Changing, useChanging } from "../core/changing.js";
import { t } from "../core/words.js";
import { IconButton } from "./parts.js";

/** @typedef {{id: number, text: string, tone: "plain" | "wrong"}} Toast */

const SHOWN_FOR = 6000;
const toasts = new Changing(/** @type {Toast[]} */ ([]));
let last = 0;

/** Say something for a while. What went wrong stays until it is closed. @param {string} text @param {Toast["tone"]} [tone] */
export function say(text, tone = "plain") {
  const id = ++last;
  toasts.set([...toasts.now.filter((toast) => toast.text !== text), { id, text, tone }].slice(-3));
  if (tone === "plain") setTimeout(() => close(id), SHOWN_FOR);
}

/** @param {number} id */
function close(id) {
  toasts.set(toasts.now.filter((toast) => toast.id !== id));
}

/** Where what is said stands. */
export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${useChanging(toasts).map(
      ({ id, text, tone }) => html`<div class="toast" data-tone=${tone} key=${id}>
        <span>${text}</span><${IconButton} icon="close" label=${t("close")} onClick=${() => close(id)} /></div>`,
    )}
  </div>`;
}
