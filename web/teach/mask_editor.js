import { html, useRef, useState } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { Mask } from "../restyle/mask.js";
import { Stage } from "../restyle/stage.js";
import { Dialog } from "../ui/dialog.js";
import { IconButton } from "../ui/parts.js";
import { blankMask } from "./pictures.js";

/** @import {Picture} from "./types.js" */
/** @import {Controls, Tool} from "../restyle/types.js" */

/**
 * A picture's mask, mended by hand: a copy, which takes the place of what was found once somebody says so.
 * @param {{picture: Picture, onClose: () => void}} props
 */
export function MaskEditor({ picture, onClose }) {
  const { photo, mask: found } = picture;
  const [mask] = useState(() => (found ? new Mask(found.width, found.height, found.pixels.slice()) : blankMask(picture)));
  const [tool, take] = useState(/** @type {Tool} */ ("brush"));
  const [radius, size] = useState(16);
  const [drawn, draw] = useState(0);
  const controls = useRef(/** @type {Controls | null} */ (null));
  if (!photo || !mask) return null;
  const change = (/** @type {() => void} */ act) => () => {
    act();
    draw((n) => n + 1);
  };
  const keep = () => {
    Object.assign(picture, { mask, found: "drawn", score: null, trouble: null });
    onClose();
  };
  const empty = mask.area === 0;
  return html`<${Dialog} title=${t("teach.mend", { name: picture.name })} onClose=${onClose} wide>
    <div class="mask-editor"><${Stage} photo=${photo} mask=${mask} drawn=${drawn} tool=${tool} radius=${radius} shown=${true} feather=${null}
      controls=${controls} onDrawn=${() => draw((n) => n + 1)} /></div>
    <div class="teach-tools" role="toolbar" aria-label=${t("toolbar")}>
      <${IconButton} icon="brush" label=${t("keys.brush")} pressed=${tool === "brush"} onClick=${() => take("brush")} />
      <${IconButton} icon="eraser" label=${t("keys.eraser")} pressed=${tool === "eraser"} onClick=${() => take("eraser")} />
      <input class="toolbar-size" type="range" min="3" max="80" value=${radius} aria-label=${t("toolbar.size")}
        onInput=${(/** @type {InputEvent} */ event) => size(Number(/** @type {HTMLInputElement} */ (event.target).value))} />
      <${IconButton} icon="undo" label=${t("keys.undo")} disabled=${!mask.done.length} onClick=${change(() => mask.undo())} />
      <${IconButton} icon="invert" label=${t("keys.invert")} onClick=${change(() => mask.invert())} />
      <${IconButton} icon="clear" label=${t("toolbar.clear")} onClick=${change(() => mask.clear())} />
      <${IconButton} icon="zoomIn" label=${t("toolbar.closer")} onClick=${() => controls.current?.zoom(1.4)} />
      <${IconButton} icon="fit" label=${t("toolbar.fit")} onClick=${() => controls.current?.fit()} />
    </div>
    <div class="teach-ways"><button type="button" class="button primary" disabled=${empty} onClick=${keep}>${t("teach.mend.keep")}</button>
      ${empty && html`<small>${t("teach.mend.empty")}</small>`}</div>
  <//>`;
}
