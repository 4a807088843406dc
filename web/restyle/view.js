/** @import {Point, Size, View} from "./types.js" */

/** Times larger than where it just fits, at most. */
const MOST_ZOOM = 12;

/** The whole photo, in the middle. @param {Size} photo @param {Size} frame @returns {View} */
export function fit(photo, frame) {
  const scale = Math.min(frame.width / photo.width, frame.height / photo.height);
  return { scale, x: (frame.width - photo.width * scale) / 2, y: (frame.height - photo.height * scale) / 2 };
}

/**
 * Larger or smaller by a factor, while a point of the frame shows the same point of the photo.
 * @param {View} view
 * @param {Point} at
 * @param {number} factor
 * @param {Size} photo
 * @param {Size} frame
 * @returns {View}
 */
export function zoom(view, at, factor, photo, frame) {
  const least = fit(photo, frame).scale;
  const scale = Math.min(least * MOST_ZOOM, Math.max(least, view.scale * factor));
  const by = scale / view.scale;
  return held({ scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by }, photo, frame);
}

/** @param {View} view @param {Point} by @param {Size} photo @param {Size} frame @returns {View} */
export function pan(view, by, photo, frame) {
  return held({ ...view, x: view.x + by.x, y: view.y + by.y }, photo, frame);
}

/** The point of the photo that a point of the frame shows. @param {View} view @param {Point} at @returns {Point} */
export function onPhoto(view, at) {
  return { x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale };
}

/** A view in which the photo fills the frame, or lies in its middle where it is smaller. @param {View} view @param {Size} photo @param {Size} frame */
function held(view, photo, frame) {
  return { ...view, x: kept(view.x, photo.width * view.scale, frame.width), y: kept(view.y, photo.height * view.scale, frame.height) };
}

/** @param {number} start @param {number} length @param {number} room */
function kept(start, length, room) {
  return length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, start));
}
