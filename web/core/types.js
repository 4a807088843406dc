/**
 * What the HTTP API says, as far as the page reads it. docs/openapi.json has all of it.
 *
 * @typedef {"starting" | "processing" | "succeeded" | "failed" | "canceled"} Status
 * @typedef {{percentage: number, current: number | null, total: number | null}} HowFar
 * @typedef {{mask_area?: number, mask_score?: number, predict_time?: number, total_time?: number,
 *   pictures?: {colour_difference?: number}[]}} Metrics
 *
 * @typedef {object} Prediction
 * @property {string} id
 * @property {string} version
 * @property {string} model the style, or base
 * @property {Status} status
 * @property {Record<string, any>} input what was posted, without inline pictures
 * @property {string[] | null} output addresses of pictures that work for an hour
 * @property {string | null} error
 * @property {string} logs
 * @property {string | null} stage waking, queued, running, storing, done
 * @property {HowFar | null} progress
 * @property {number | null} eta_seconds
 * @property {number | null} queue_position
 * @property {string} created_at
 * @property {string | null} completed_at
 * @property {Metrics} metrics
 * @property {string | null} disclosure
 *
 * @typedef {{style: string, owner: "client" | "house", promoted: string | null, versions: number}} ListedStyle
 * @typedef {{version: string, number: number, published: boolean, promoted: boolean, created_at: string | null,
 *   base_model: string, metrics: Record<string, number>}} StyleVersion
 * @typedef {{style: string, promoted: string | null, versions: StyleVersion[]}} WholeStyle
 * @typedef {StyleVersion & {instance_prompt: string | null, target: string | null}} VersionCard
 * @typedef {{id: string, uri: string, headers: Record<string, string>, urls: {upload: string, get: string}}} FileAddress
 */

/**
 * A part of a list.
 * @template T
 * @typedef {{results: T[], next: string | null}} Page
 */

export {};
