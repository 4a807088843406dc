import { html, useEffect, useRef } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { IconButton } from "./parts.js";

/**
 * A sheet above the page, which keeps the focus and closes by Escape.
 * @param {{title: string, onClose: () => void, children?: unknown, wide?: boolean}} props
 */
export function Dialog({ title, onClose, children, wide = false }) {
  const sheet = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    sheet.current?.showModal();
    return () => sheet.current?.close();
  }, []);
  const outside = (/** @type {MouseEvent} */ event) => event.target === sheet.current && onClose();
  return html`<dialog class="dialog" data-wide=${wide ? "" : undefined} ref=${sheet} aria-label=${title} onClose=${onClose} onClick=${outside}>
    <div class="dialog-sheet">
      <header><h2>${title}</h2><${IconButton} icon="close" label=${t("close")} onClick=${onClose} /></header>
      ${children}
    </div>
  </dialog>`;
}

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
