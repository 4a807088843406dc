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
 * @typedef {StyleVersion & {instance_prompt: string | null, target: string | null}} VersionCard
 * @typedef {{id: string, uri: string, headers: Record<string, string>, urls: {upload: string, get: string}}} FileAddress
 */

/**
 * What the page says and keeps itself.
 *
 * What the host says of the stage that it serves: `config.json` beside the page.
 *
 * @typedef {{domain: string, client_id: string}} SignIn
 * @typedef {object} Config
 * @property {string} stage
 * @property {string | null} key an API key where everybody who sees the page may use it, as on a laptop
 * @property {SignIn | null} sign_in Cognito's managed login, where the stage has people
 * @property {Record<string, string>} disclosure what whoever sees a picture is told, by language
 * @property {string[]} origins of the buckets that pictures come from and go to
 *
 * What the browser keeps: pictures and settings of what was painted here, by the prediction's id.
 *
 * @typedef {{id: string, at: number, wish: import("../restyle/types.js").Wish, photo: Blob | null, mask: Blob | null, pictures: Blob[], disclosure: string | null}} Kept
 *
 * @typedef {{blob: Blob, url: string, width: number, height: number, name: string}} Photo `url` is a blob address of the page's own
 *
 * @typedef {object} Sent
 * @property {string} [method]
 * @property {unknown} [body] sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {string} [idempotencyKey] with which a request that makes something may be repeated
 *
 * @typedef {{what: string, got?: string, allowed?: string, reason?: string | null}} Line
 *
 * @typedef {{access_token: string, refresh_token?: string, until: number}} Tokens
 *
 * Where the page is: `#/history?open=abc` has the parts `["history"]` and a query.
 * @typedef {{parts: string[], query: URLSearchParams}} Route
 *
 * What went wrong, in the page's language where it has words for it: what, and what to do.
 * @typedef {{title: string, advice: string, lines: Line[], kind: "refused" | "wrong" | "later" | "access"}} Told
 */

/**
 * A part of a list.
 * @template T
 * @typedef {{results: T[], next: string | null}} Page
 */

export {};
