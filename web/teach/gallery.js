import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { percent, t } from "../core/words.js";
import { IconButton } from "../ui/parts.js";
import { Mask } from "../restyle/mask.js";
import { Stage } from "../restyle/stage.js";
import { Dialog } from "../ui/dialog.js";
import { blankMask, placeOf } from "./pictures.js";

/** @import {Lesson} from "./lesson.js" */
/** @import {Picture} from "./types.js" */
/** @import {Controls, Tool} from "../restyle/types.js" */

/** The lesson's pictures, each with its mask and what was found wrong with it. @param {{lesson: Lesson}} props */
export function Gallery({ lesson }) {
  const [edited, edit] = useState(/** @type {Picture | null} */ (null));
  const close = () => {
    edit(null);
    lesson.update();
  };
  if (!lesson.pictures.length) return html`<p class="nothing">${t("teach.pictures.none")}</p>`;
  return html`<p class="teach-count" role="status">${t("teach.count", { n: lesson.pictures.filter(({ judges }) => !judges).length,
    aside: lesson.pictures.filter(({ judges }) => judges).length })}</p>
    <ul class="teach-gallery">${lesson.pictures.map((picture) => html`<${Card} key=${picture.name} lesson=${lesson} picture=${picture} onEdit=${() => edit(picture)} />`)}</ul>
    ${edited && html`<${MaskEditor} picture=${edited} onClose=${close} />`}`;
}

/** @param {{lesson: Lesson, picture: Picture, onEdit: () => void}} props */
function Card({ lesson, picture, onEdit }) {
  const { name, photo, judges, found, mask, score, trouble } = picture;
  const advice = (lesson.check?.advice ?? []).filter(({ level, pictures }) => level === "warning" && pictures.some((one) => one === name || one === placeOf(picture)));
  const aside = () => {
    picture.judges = !judges;
    lesson.update();
  };
  const state = found === "found" && score !== null ? t("teach.found.sure", { score: percent(score) }) : t(`teach.found.${found}`);
  return html`<li class="teach-card" data-wrong=${found === "missing" || advice.length ? "" : undefined}>
    <div class="teach-thumb">
      ${photo ? html`<img src=${photo.url} width=${photo.width} height=${photo.height} alt=${name} />` : html`<span class="history-blank">${name}</span>`}
      ${mask && html`<${Outline} mask=${mask} />`}
    </div>
    <p class="teach-name">${name}</p>
    <small data-found=${found}>${trouble ? t("teach.found.trouble") : found === "none" ? t(lesson.wish.target ? "teach.found.waiting" : "teach.found.none") : state}</small>
    ${advice.map((one) => html`<small class="teach-wrong">${t(`advice.${one.matter}`)}</small>`)}
    <div class="teach-tools">
      <${IconButton} icon="brush" label=${t("teach.mend", { name })} disabled=${!photo} onClick=${onEdit} />
      <button type="button" class="text-button" aria-pressed=${judges} onClick=${aside}>${judges ? t("teach.judges") : t("teach.learns")}</button>
      <${IconButton} icon="clear" label=${t("teach.remove", { name })} onClick=${() => lesson.remove(picture)} />
    </div></li>`;
}

/** The mask above its picture, as a tint. @param {{mask: Mask}} props */
function Outline({ mask }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    const brush = canvas.current?.getContext("2d");
    if (!brush) return;
    const image = brush.createImageData(mask.width, mask.height);
    const [red = 0, green = 0, blue = 0] = getComputedStyle(brush.canvas).getPropertyValue("--mask").trim().split(/\s+/).map(Number);
    mask.pixels.forEach((pixel, n) => pixel > 127 && image.data.set([red, green, blue, 150], n * 4));
    brush.putImageData(image, 0, 0);
  });
  return html`<canvas ref=${canvas} width=${mask.width} height=${mask.height}></canvas>`;
}

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
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "[") size(Math.max(3, radius - 4));
    else if (event.key === "]") size(Math.min(80, radius + 4));
    else if (event.key === "b") take("brush");
    else if (event.key === "e") take("eraser");
    else if (event.key === "z") change(() => mask.undo())();
  };
  return html`<${Dialog} title=${t("teach.mend", { name: picture.name })} onClose=${onClose} wide>
    <div class="mask-editor" onKeyDown=${keys}><${Stage} photo=${photo} mask=${mask} drawn=${drawn} tool=${tool} radius=${radius} shown=${true} feather=${null}
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
