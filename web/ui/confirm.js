import { html } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { Dialog } from "./dialog.js";

/**
 * A question before something is gone for good.
 * @param {{title: string, about: string, action: string, onYes: () => void, onClose: () => void}} props `action` is what the button does
 */
export function Confirm({ title, about, action, onYes, onClose }) {
  const yes = () => {
    onClose();
    onYes();
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <p>${about}</p>
    <div class="note-actions">
      <button type="button" class="button primary" onClick=${yes}>${action}</button>
      <button type="button" class="button" onClick=${onClose}>${t("cancel")}</button>
    </div>
  <//>`;
}
