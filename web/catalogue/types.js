/**
 * What the HTTP API says of batches, as far as these pages read it. docs/batches.md has all of it.
 *
 * @typedef {{total: number, waiting: number, running: number, succeeded: number, failed: number, canceled: number}} Counts
 *
 * @typedef {object} Batch
 * @property {string} id
 * @property {string | null} name
 * @property {import("../core/types.js").Status} status
 * @property {string} stage preparing, painting, reporting, done
 * @property {Counts | null} counts
 * @property {{items: number, seconds: number, dollars: number | null} | null} estimate
 * @property {number | null} eta_seconds
 * @property {number | null} seconds
 * @property {number | null} dollars
 * @property {string | null} error
 * @property {import("../core/types.js").Line[]} errors
 * @property {string} created_at
 * @property {string} disclosure
 * @property {{page: string, data: string, csv: string, review: string} | null} report
 *
 * @typedef {{line: number, prediction: string | null, picture: number, reason: string}} ToLookAt
 * @typedef {{line: number, row: Record<string, unknown>, prediction: string | null, status: string, error: string | null}} Item
 * @typedef {{items: Item[], review: ToLookAt[]}} Whole what report.json holds
 */

/**
 * A list of what is to be painted, as people bring it.
 *
 * @typedef {Record<string, string>} Columns
 * @typedef {{photo: string, garment: string, words: string, style: string, columns: Columns}} Row what a row leaves empty is as for all
 */

export {};
