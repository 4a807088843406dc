import { html, useEffect, useLayoutEffect, useRef } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { fit, onPhoto, pan, zoom } from "./view.js";

/** @import {Box, Controls, Point, Tool, View} from "./types.js" */
/** @import {Mask} from "./mask.js" */
/** @import {Photo} from "../core/types.js" */

/** Screen pixels by which a key moves the photo. */
const STEP = 40;
/** Where arrow keys lead. @type {Record<string, [number, number]>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * The photo with its mask, to look at closely and to draw on: by mouse, pen, fingers or keys; two fingers and the wheel move it, and so do keys
 * where there is no brush to move.
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
  const spot = useRef(/** @type {Point | null} */ (null));
  const moves = tool === "hand" || !mask;

  const size = () => ({ width: frame.current?.clientWidth ?? 1, height: frame.current?.clientHeight ?? 1 });
  const show = (/** @type {View} */ next) => {
    view.current = next;
    if (layer.current) layer.current.style.transform = `translate(${next.x}px, ${next.y}px) scale(${next.scale})`;
  };
  const middle = () => ({ x: size().width / 2, y: size().height / 2 });
  const zoomAt = (/** @type {Point} */ at, /** @type {number} */ factor) => show(zoom(view.current, at, factor, photo, size()));
  const put = (/** @type {Point} */ at) => {
    spot.current = at;
    if (ring.current) ring.current.style.transform = `translate(${at.x}px, ${at.y}px)`;
  };
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

  /** @param {Point} from on the photo @param {Point} to in the frame */
  function stroke(from, to) {
    if (!mask || !canvas.current) return;
    const box = mask.draw(from, onPhoto(view.current, to), radius / view.current.scale, tool === "brush");
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
    stroke(onPhoto(view.current, at(event)), at(event));
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
    put(now);
    const before = fingers.current.get(event.pointerId);
    if (!before) return;
    const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1];
    fingers.current.set(event.pointerId, now);
    if (other) {
      const between = (/** @type {Point} */ point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      zoomAt({ x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }, between(now) / between(before));
      show(pan(view.current, { x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 }, photo, size()));
    } else if (mask?.stroke) stroke(onPhoto(view.current, before), now);
    else show(pan(view.current, { x: now.x - before.x, y: now.y - before.y }, photo, size()));
  }

  /** @param {PointerEvent} event */
  function up(event) {
    fingers.current.delete(event.pointerId);
    finish();
  }

  function finish() {
    if (!mask?.stroke) return;
    mask.end();
    onDrawn();
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    const [x, y] = WAYS[event.key] ?? [0, 0];
    const here = spot.current ?? middle();
    if (!x && !y && (event.key !== " " || moves)) return;
    event.preventDefault();
    if (moves) controls.current?.pan({ x: -x * STEP, y: -y * STEP });
    else if (event.key !== " ") moveBrush(here, { x: x * (event.shiftKey ? 2 : radius), y: y * (event.shiftKey ? 2 : radius) });
    else if (!event.repeat) {
      mask?.begin();
      stroke(onPhoto(view.current, here), here);
    }
  }

  /** At the frame's edge the photo moves instead. @param {Point} here @param {Point} by */
  function moveBrush(here, by) {
    const from = onPhoto(view.current, here);
    const { width, height } = size();
    const next = { x: Math.min(width, Math.max(0, here.x + by.x)), y: Math.min(height, Math.max(0, here.y + by.y)) };
    controls.current?.pan({ x: next.x - here.x - by.x, y: next.y - here.y - by.y });
    put(next);
    if (mask?.stroke) stroke(from, next);
  }

  return html`<div class="stage" ref=${frame} tabindex="0" role="application" aria-label=${t("stage")} aria-describedby="stage-keys" data-moves=${moves ? "" : undefined}
      onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up}
      onKeyDown=${pressed} onKeyUp=${(/** @type {KeyboardEvent} */ event) => event.key === " " && finish()} onBlur=${finish}
      onFocus=${() => put(spot.current ?? middle())}>
    <div class="stage-layer" ref=${layer}>
      <img src=${photo.url} width=${photo.width} height=${photo.height} alt=${t("stage.photo")} draggable=${false} />
      <canvas ref=${canvas} width=${photo.width} height=${photo.height} hidden=${!shown} style=${{ filter: feather ? `blur(${feather / 4}px)` : "" }}></canvas>
    </div>
    ${!moves && html`<div class="stage-ring" ref=${ring} style=${{ width: `${radius * 2}px`, height: `${radius * 2}px` }}></div>`}
    <p class="stage-keys" id="stage-keys">${t(moves ? "stage.keys.move" : "stage.keys")}</p>
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
