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
