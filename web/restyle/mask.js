/** @import {Box, Change} from "./types.js" */

/** Changes that can be taken back. */
const MOST_CHANGES = 40;

/** A mask as it is drawn: a byte a pixel, 255 where the photo is repainted. */
export class Mask {
  /** @param {number} width @param {number} height @param {Uint8Array} [pixels] rows from the top */
  constructor(width, height, pixels = new Uint8Array(width * height)) {
    this.width = width;
    this.height = height;
    this.pixels = pixels;
    /** What `area` was counted to be, until a pixel changes. @type {number | null} */
    this.counted = null;
    /** @type {Change[]} */
    this.done = [];
    /** @type {Change[]} */
    this.undone = [];
    /** @type {{before: Uint8Array, box: Box | null} | null} */
    this.stroke = null;
  }

  /** Share of the photo that is masked. */
  get area() {
    if (this.counted === null) {
      let masked = 0;
      for (const pixel of this.pixels) if (pixel > 127) masked++;
      this.counted = masked / this.pixels.length;
    }
    return this.counted;
  }

  /** What the following strokes do is one change. */
  begin() {
    this.stroke = { before: this.pixels.slice(), box: null };
  }

  /**
   * Draw from one point to another with a round brush.
   * @param {{x: number, y: number}} from pixels of the photo, as all lengths here
   * @param {{x: number, y: number}} to
   * @param {number} radius
   * @param {boolean} masks whether it masks, or erases
   * @returns {Box | null} where something may have changed
   */
  draw(from, to, radius, masks) {
    const box = this.within(Math.min(from.x, to.x) - radius, Math.min(from.y, to.y) - radius,
      Math.max(from.x, to.x) + radius, Math.max(from.y, to.y) + radius);
    if (!box) return null;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = dx * dx + dy * dy;
    const value = masks ? 255 : 0;
    this.counted = null;
    for (let y = box.y; y < box.y + box.height; y++) {
      for (let x = box.x; x < box.x + box.width; x++) {
        // The nearest point of the line from the middle of the pixel.
        const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
        const along = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
        if ((px - along * dx) ** 2 + (py - along * dy) ** 2 <= radius * radius) this.pixels[y * this.width + x] = value;
      }
    }
    if (this.stroke) this.stroke.box = union(this.stroke.box, box);
    return box;
  }

  /** The end of what can be taken back in one step. */
  end() {
    const { before, box } = this.stroke ?? {};
    this.stroke = null;
    if (before && box) this.remember(box, cut(before, this.width, box));
  }

  /** Mask what was not, and the other way round. */
  invert() {
    this.replace(this.pixels.map((pixel) => 255 - pixel));
  }

  clear() {
    this.replace(new Uint8Array(this.pixels.length));
  }

  /** Draw all of it anew, in one step that can be taken back. @param {Uint8Array} pixels */
  replace(pixels) {
    const box = { x: 0, y: 0, width: this.width, height: this.height };
    const before = this.pixels.slice();
    this.counted = null;
    this.pixels.set(pixels);
    this.remember(box, before);
  }

  /** @param {Box} box @param {Uint8Array} before */
  remember(box, before) {
    this.done = [...this.done.slice(1 - MOST_CHANGES), { box, before, after: cut(this.pixels, this.width, box) }];
    this.undone = [];
  }

  /** Take the last change back. */
  undo() {
    const change = this.done.pop();
    if (!change) return;
    this.undone.push(change);
    this.paste(change.box, change.before);
  }

  /** Do what was taken back again. */
  redo() {
    const change = this.undone.pop();
    if (!change) return;
    this.done.push(change);
    this.paste(change.box, change.after);
  }

  /** @param {Box} box @param {Uint8Array} piece */
  paste(box, piece) {
    this.counted = null;
    for (let row = 0; row < box.height; row++) {
      this.pixels.set(piece.subarray(row * box.width, (row + 1) * box.width), (box.y + row) * this.width + box.x);
    }
  }

  /**
   * Whole pixels between two corners that lie on the photo.
   * @param {number} left
   * @param {number} top
   * @param {number} right
   * @param {number} bottom
   * @returns {Box | null}
   */
  within(left, top, right, bottom) {
    const [x, y] = [Math.max(0, Math.floor(left)), Math.max(0, Math.floor(top))];
    const [width, height] = [Math.min(this.width, Math.ceil(right)) - x, Math.min(this.height, Math.ceil(bottom)) - y];
    return width > 0 && height > 0 ? { x, y, width, height } : null;
  }
}

/** @param {Uint8Array} pixels @param {number} width of all rows @param {Box} box */
function cut(pixels, width, box) {
  const piece = new Uint8Array(box.width * box.height);
  for (let row = 0; row < box.height; row++) {
    const start = (box.y + row) * width + box.x;
    piece.set(pixels.subarray(start, start + box.width), row * box.width);
  }
  return piece;
}

/** @param {Box | null} one @param {Box} other @returns {Box} */
function union(one, other) {
  if (!one) return other;
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return {
    x, y,
    width: Math.max(one.x + one.width, other.x + other.width) - x,
    height: Math.max(one.y + one.height, other.y + other.height) - y,
  };
}
