import { html } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { Dialog } from "./dialog.js";

/** Keys of the mask's editor, and what each does. */
export const SHORTCUTS = /** @type {const} */ ([
  ["B", "brush"], ["E", "eraser"], ["H", "hand"], ["[ ]", "size"], ["Z", "undo"], ["Y", "redo"], ["I", "invert"],
  ["M", "mask"], ["+ − 0", "zoom"], ["← ↑ → ↓", "pan"], ["Ctrl+Enter", "submit"], ["Esc", "cancel"], ["?", "help"],
]);

/** How the page is used. @param {{onClose: () => void}} props */
export function HelpSheet({ onClose }) {
  return html`<${Dialog} title=${t("help")} onClose=${onClose}>
    <ol class="help-steps">${[1, 2, 3].map((step) => html`<li><b>${t(`help.step${step}`)}</b> ${t(`help.step${step}.about`)}</li>`)}</ol>
    <h3>${t("help.keys")}</h3>
    <dl class="keys">${SHORTCUTS.map(([keys, name]) => html`<div><dt><kbd>${keys}</kbd></dt><dd>${t(`keys.${name}`)}</dd></div>`)}</dl>
    <h3>${t("help.privacy")}</h3>
    <p>${t("help.privacy.about")}</p>
  <//>`;
}
