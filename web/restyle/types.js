/** @import {Photo, Prediction} from "../core/types.js" */

/**
 * What the pages that restyle know.
 *
 * What somebody wants of a photo, apart from the photo and its mask.
 *
 * @typedef {object} Wish
 * @property {string} words what to mask
 * @property {string} prompt what to paint
 * @property {string} negative what not to paint
 * @property {string} style style or style@version; empty: the base model
 * @property {number} strength of the style, 0 to 2
 * @property {string} colour #rrggbb, or empty
 * @property {number} outputs pictures, 1 to 8
 * @property {number} seed of the first picture; the others count on
 * @property {boolean} locked whether the next pictures have the same seed
 * @property {number | null} feather width of the mask's soft edge in pixels; null: by the mask
 * @property {boolean} fast
 * @property {number | null} steps
 * @property {number | null} guidance
 * @property {string} consent
 *
 * @typedef {{state: "none" | "busy" | "found" | "drawn", score?: number}} Finding how the mask came
 * @typedef {{blob: Blob, url: string, seed: number}} Painted
 * @typedef {{id: string, before: Photo, wish: Wish, mask: Blob | null, pictures: Painted[], chosen: number, disclosure: string | null, notes: string,
 *   colourDifference: number | null, large: boolean}} Result
 * @typedef {{abort: AbortController, prediction: Prediction | null, kind: "restyle" | "upscale", since: number}} Job
 *
 * @typedef {{x: number, y: number, width: number, height: number}} Box pixels of the photo
 * @typedef {{box: Box, before: Uint8Array, after: Uint8Array}} Change
 *
 * How a photo lies in the frame that shows it: `scale` screen pixels a photo pixel, its top left corner at (`x`, `y`) of the frame.
 *
 * @typedef {{scale: number, x: number, y: number}} View
 * @typedef {{width: number, height: number}} Size
 * @typedef {{x: number, y: number}} Point
 *
 * @typedef {"brush" | "eraser" | "hand"} Tool
 *
 * @typedef {{zoom: (factor: number) => void, fit: () => void, pan: (by: Point) => void}} Controls
 */

export {};
