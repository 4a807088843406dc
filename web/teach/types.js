/** @import {Photo} from "../core/types.js" */
/** @import {Mask} from "../restyle/mask.js" */

/**
 * What the HTTP API says of trainings and versions, as far as these pages read it. docs/openapi.json has all of it.
 *
 * @typedef {import("../core/types.js").Status} Status
 * @typedef {import("../core/types.js").HowFar} HowFar
 * @typedef {{matter: string, level: "warning" | "note", found: string, do: string, pictures: string[]}} Advice
 * @typedef {{minutes: number | null, training_minutes: number | null, dollars: number | null, on_demand_dollars: number | null,
 *   spot_dollars: number | null}} Estimate
 * @typedef {{step: number, loss: number}} LossPoint
 * @typedef {{step: number, loss: number | null, garment_share: number | null, best: boolean}} Look
 * @typedef {{page: string, sheet: string | null, loss: string | null, pictures: Record<string, string>}} Report
 *
 * @typedef {object} Training
 * @property {string} id
 * @property {string | null} model the style
 * @property {Status} status
 * @property {string | null} stage
 * @property {Record<string, any>} input
 * @property {string | null} error
 * @property {string} logs
 * @property {string} created_at
 * @property {HowFar | null} progress
 * @property {number | null} eta_seconds
 * @property {{version: string | null} | null} output
 * @property {Record<string, number>} metrics
 * @property {LossPoint[] | null} losses
 * @property {Look[] | null} looks
 * @property {string | null} strip
 * @property {Report | null} report
 * @property {Estimate | null} estimate
 * @property {Advice[] | null} advice
 * @property {{approve?: string | null, reject?: string | null}} urls
 *
 * @typedef {{file_name: string, text: string, source: "own" | "automatic" | "prompt"}} Caption
 * @typedef {{id: string, name: string, content_type: string, urls: {get: string}}} StoredFile
 *
 * @typedef {import("../core/types.js").StyleVersion & {approval: "approved" | "rejected" | "pending" | "unknown", reason: string | null,
 *   training: string | null, imported: boolean}} Version
 * @typedef {{style: string, owner: "client" | "house", promoted: string | null, previous: string | null, versions: Version[]}} Style
 * @typedef {{name: string, meaning: string, better: "higher" | "lower", values: Record<string, number>, best: string[]}} ComparedMetric
 * @typedef {{style: string, same_dataset: boolean, versions: Version[], metrics: ComparedMetric[],
 *   pictures: {name: string, urls: Record<string, string>}[]}} Comparison
 */

/**
 * A picture to learn from, or one to judge by.
 * @typedef {object} Picture
 * @property {string} name of its file, one of its kind before the ending
 * @property {Blob} file as it is sent
 * @property {Photo | null} photo null where this browser cannot show it (HEIC)
 * @property {boolean} judges whether it is set aside to judge by
 * @property {string} sent the style and place that it was put at, empty where it was not
 * @property {string} fileId
 * @property {"none" | "looking" | "found" | "missing" | "drawn" | "kept"} found how its mask came: kept is drawn and put
 * @property {string} foundBy the words that were looked for
 * @property {Mask | null} mask
 * @property {number | null} score
 * @property {unknown} trouble
 *
 * What is to be learnt.
 * @typedef {{style: string, target: string, prompt: string, describe: boolean, ask: boolean, steps: string, looks: string, gate: string}} LessonWish
 */

export {};
