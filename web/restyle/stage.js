import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { fit, onPhoto, pan, zoom } from "./view.js";

/** @import {Box, Controls, Point, Tool, View} from "./types.js" */
/** @import {Mask} from "./mask.js" */
/** @import {Photo} from "../core/types.js" */

const STEP = 40;

/**
 * The photo with its mask, to look at closely and to draw on: by mouse, pen or fingers; two fingers, the wheel and keys move it.
 * @param {{photo: Photo, mask: Mask | null, drawn: number, tool: Tool, radius: number, shown: boolean, feather: number | null,
 *   controls: {current: Controls | null}, onDrawn: () => void}} props `radius` is in screen pixels
 */
export function Stage({ photo, mask, drawn, tool, radius, shown, feather, controls, onDrawn }) {
  const frame = useRef(/** @type {HTMLDivElement | null} */ (null));
  const layer = useRef(/** @type {HTMLDivElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const ring = useRef(/** @type {HTMLDivElement | null} */ (null));
  const view = useRef(/** @type {View} */ ({ scale: 1, x: 0, y: 0 }));
  const fingers = useRef(/** @type {Map<number, Point>} */ (new Map()));
  const [held, hold] = useState(false);
  const moves = tool === "hand" || held || !mask;

  const size = () => ({ width: frame.current?.clientWidth ?? 1, height: frame.current?.clientHeight ?? 1 });
  const show = (/** @type {View} */ next) => {
    view.current = next;
    if (layer.current) layer.current.style.transform = `translate(${next.x}px, ${next.y}px) scale(${next.scale})`;
  };
  const middle = () => ({ x: size().width / 2, y: size().height / 2 });
  const zoomAt = (/** @type {Point} */ at, /** @type {number} */ factor) => show(zoom(view.current, at, factor, photo, size()));
  controls.current = {
    zoom: (factor) => zoomAt(middle(), factor),
    fit: () => show(fit(photo, size())),
    pan: (by) => show(pan(view.current, by, photo, size())),
  };

  useLayoutEffect(() => {
    show(fit(photo, size()));
    const watching = new ResizeObserver(() => show(fit(photo, size())));
    if (frame.current) watching.observe(frame.current);
    return () => watching.disconnect();
  }, [photo]);
  useLayoutEffect(() => {
    if (canvas.current) tint(canvas.current, mask, null);
  }, [mask, drawn, photo]);
  useEffect(() => {
    const element = frame.current;
    // Not passive: the page must not scroll along.
    const wheel = (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      if (event.ctrlKey || !event.shiftKey) zoomAt(at(event), Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)));
      else show(pan(view.current, { x: -event.deltaY, y: -event.deltaX }, photo, size()));
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, [photo]);

  /** @param {MouseEvent} event @returns {Point} in the frame */
  function at(event) {
    const box = frame.current?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  }

  /** @param {Point} from @param {Point} to */
  function stroke(from, to) {
    if (!mask || !canvas.current) return;
    const box = mask.draw(onPhoto(view.current, from), onPhoto(view.current, to), radius / view.current.scale, tool === "brush");
    if (box) tint(canvas.current, mask, box);
  }

  /** @param {PointerEvent} event */
  function down(event) {
    if (event.button > 1) return;
    frame.current?.setPointerCapture(event.pointerId);
    fingers.current.set(event.pointerId, at(event));
    if (moves || event.button === 1) return;
    if (fingers.current.size > 1) return takeBack();
    mask?.begin();
    stroke(at(event), at(event));
  }

  /** A second finger means to pinch: what the first one drew is none of it. */
  function takeBack() {
    if (!mask?.stroke) return;
    mask.end();
    mask.undo();
    mask.undone.pop();
    if (canvas.current) tint(canvas.current, mask, null);
  }

  /** @param {PointerEvent} event */
  function move(event) {
    const now = at(event);
    if (ring.current) ring.current.style.transform = `translate(${now.x - radius}px, ${now.y - radius}px)`;
    const before = fingers.current.get(event.pointerId);
    if (!before) return;
    const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1];
    fingers.current.set(event.pointerId, now);
    if (other) {
      const between = (/** @type {Point} */ point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      zoomAt({ x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }, between(now) / between(before));
      show(pan(view.current, { x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 }, photo, size()));
    } else if (mask?.stroke) stroke(before, now);
    else show(pan(view.current, { x: now.x - before.x, y: now.y - before.y }, photo, size()));
  }

  /** @param {PointerEvent} event */
  function up(event) {
    fingers.current.delete(event.pointerId);
    if (!mask?.stroke) return;
    mask.end();
    onDrawn();
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    const by = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key];
    if (event.key === " ") hold(true);
    else if (by) controls.current?.pan({ x: by[0] ?? 0, y: by[1] ?? 0 });
    else return;
    event.preventDefault();
  }

  return html`<div class="stage" ref=${frame} tabindex="0" role="group" aria-label=${t("stage")} data-moves=${moves ? "" : undefined}
      onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up}
      onKeyDown=${pressed} onKeyUp=${(/** @type {KeyboardEvent} */ event) => event.key === " " && hold(false)}>
    <div class="stage-layer" ref=${layer}>
      <img src=${photo.url} width=${photo.width} height=${photo.height} alt=${t("stage.photo")} draggable=${false} />
      <canvas ref=${canvas} width=${photo.width} height=${photo.height} hidden=${!shown} style=${{ filter: feather ? `blur(${feather / 4}px)` : "" }}></canvas>
    </div>
    ${!moves && html`<div class="stage-ring" ref=${ring} style=${{ width: `${radius * 2}px`, height: `${radius * 2}px` }}></div>`}
  </div>`;
}

/** Show a mask, or a part of it, as a tint on the photo. @param {HTMLCanvasElement} canvas @param {Mask | null} mask @param {Box | null} box */
function tint(canvas, mask, box) {
  const brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  if (!mask) return brush.clearRect(0, 0, canvas.width, canvas.height);
  const { x, y, width, height } = box ?? { x: 0, y: 0, width: mask.width, height: mask.height };
  const image = brush.createImageData(width, height);
  const [red = 0, green = 0, blue = 0] = getComputedStyle(canvas).getPropertyValue("--mask").trim().split(/\s+/).map(Number);
  for (let row = 0, n = 0; row < height; row++) {
    for (let column = 0; column < width; column++, n += 4) {
      if ((mask.pixels[(y + row) * mask.width + x + column] ?? 0) < 128) continue;
      image.data[n] = red;
      image.data[n + 1] = green;
      image.data[n + 2] = blue;
      image.data[n + 3] = 150;
    }
  }
  brush.putImageData(image, x, y);
}
