import { html } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { IconButton } from "../ui/parts.js";

/** @import {Studio} from "./studio.js" */
/** @import {Tool} from "./types.js" */

/**
 * What can be done to the mask and to how the photo is seen.
 * @param {{studio: Studio, tool: Tool, radius: number, shown: boolean, actions: Record<string, () => void>, onRadius: (radius: number) => void,
 *   onDraw: () => void}} props
 */
export function Toolbar({ studio, tool, radius, shown, actions, onRadius, onDraw }) {
  const { mask, result, showsResult, finding } = studio;
  const button = (/** @type {any} */ icon, /** @type {string} */ name, /** @type {string} */ keys, more = {}) =>
    html`<${IconButton} icon=${icon} label=${t(`keys.${name}`)} keys=${keys} onClick=${actions[name]} ...${more} />`;
  return html`<div class="toolbar" role="toolbar" aria-label=${t("toolbar")}>
    ${result && html`<div class="toolbar-group">
      <button type="button" class="text-button" aria-pressed=${showsResult} onClick=${() => studio.update({ showsResult: true })}>${t("view.result")}</button>
      <button type="button" class="text-button" aria-pressed=${!showsResult} onClick=${() => studio.update({ showsResult: false })}>${t("view.mask")}</button>
    </div>`}
    ${!showsResult && mask && html`
      <div class="toolbar-group">
        ${button("brush", "brush", "B", { pressed: tool === "brush" })}${button("eraser", "eraser", "E", { pressed: tool === "eraser" })}
        ${button("hand", "hand", "H", { pressed: tool === "hand" })}
        <input class="toolbar-size" type="range" min="3" max="120" value=${radius} aria-label=${t("toolbar.size")}
          onInput=${(/** @type {InputEvent} */ event) => onRadius(Number(/** @type {HTMLInputElement} */ (event.target).value))} />
      </div>
      <div class="toolbar-group">
        ${button("undo", "undo", "Z", { disabled: !mask.done.length })}${button("redo", "redo", "Y", { disabled: !mask.undone.length })}
        ${button("invert", "invert", "I")}
        <${IconButton} icon="clear" label=${t("toolbar.clear")} onClick=${actions.clear} />
        ${button("eye", "mask", "M", { pressed: !shown })}
      </div>`}
    ${!showsResult && !mask && finding.state !== "busy" && html`<button type="button" class="text-button" onClick=${onDraw}>${t("toolbar.draw")}</button>`}
    ${!showsResult && html`<div class="toolbar-group toolbar-end">
      <${IconButton} icon="zoomOut" label=${t("toolbar.farther")} keys="−" onClick=${actions.farther} />
      <${IconButton} icon="zoomIn" label=${t("toolbar.closer")} keys="+" onClick=${actions.closer} />
      <${IconButton} icon="fit" label=${t("toolbar.fit")} keys="0" onClick=${actions.fit} />
    </div>`}
    <button type="button" class="text-button toolbar-other" onClick=${() => studio.leave()}>${t("view.other")}</button>
  </div>`;
}
