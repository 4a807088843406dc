import assert from "node:assert/strict";
import { test } from "node:test";
import { Mask } from "../../web/restyle/mask.js";
import { fit, onPhoto, pan, zoom } from "../../web/restyle/view.js";

/** @param {Mask} mask */
const rows = (mask) => Array.from({ length: mask.height }, (_, y) =>
  [...mask.pixels.subarray(y * mask.width, (y + 1) * mask.width)].map((pixel) => (pixel ? "#" : ".")).join(""));

test("a round brush masks the pixels whose middle it covers, also beyond the photo's edge", () => {
  const mask = new Mask(5, 3);
  mask.draw({ x: 0.5, y: 1.5 }, { x: 3.5, y: 1.5 }, 1, true);
  assert.deepEqual(rows(mask), ["####.", "#####", "####."]);
  assert.equal(mask.draw({ x: -9, y: -9 }, { x: -8, y: -9 }, 2, true), null);
});

test("a stroke of several moves is taken back at once, and done again", () => {
  const mask = new Mask(6, 1);
  mask.begin();
  mask.draw({ x: 0.5, y: 0.5 }, { x: 1.5, y: 0.5 }, 0.4, true);
  mask.draw({ x: 1.5, y: 0.5 }, { x: 4.5, y: 0.5 }, 0.4, true);
  mask.end();
  mask.begin();
  mask.draw({ x: 2.5, y: 0.5 }, { x: 2.5, y: 0.5 }, 0.4, false);
  mask.end();
  assert.deepEqual(rows(mask), ["##.##."]);
  mask.undo();
  assert.deepEqual(rows(mask), ["#####."]);
  mask.undo();
  mask.undo();
  assert.deepEqual(rows(mask), ["......"]);
  mask.redo();
  mask.redo();
  assert.deepEqual(rows(mask), ["##.##."]);
});

test("a new change forgets what was taken back", () => {
  const mask = new Mask(2, 1);
  mask.invert();
  assert.equal(mask.area, 1);
  mask.undo();
  assert.equal(mask.area, 0);
  mask.draw({ x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 }, 0.4, true);
  assert.equal(mask.area, 0.5);
  mask.clear();
  mask.redo();
  assert.equal(mask.area, 0);
});

const photo = { width: 100, height: 200 };
const frame = { width: 300, height: 400 };

test("a photo first fits its frame, in the middle", () => {
  assert.deepEqual(fit(photo, frame), { scale: 2, x: 50, y: 0 });
});

test("zooming keeps what is under the pointer there, within bounds", () => {
  const first = fit(photo, frame);
  const at = { x: 140, y: 220 };
  const near = zoom(first, at, 3, photo, frame);
  assert.equal(near.scale, 6);
  const [before, after] = [onPhoto(first, at), onPhoto(near, at)];
  assert.ok(Math.hypot(before.x - after.x, before.y - after.y) < 1e-9);
  assert.deepEqual(zoom(near, at, 0.01, photo, frame), first);
  assert.equal(zoom(near, at, 1000, photo, frame).scale, 24);
});

test("panning ends at the photo's edges", () => {
  const near = zoom(fit(photo, frame), { x: 150, y: 200 }, 3, photo, frame);
  assert.deepEqual(pan(near, { x: 9999, y: -9999 }, photo, frame), { scale: 6, x: 0, y: 400 - 1200 });
});
