/** @import {Line} from "./types.js" */

/** What the API, or the way to it, refused: with each thing that is wrong, and what is allowed there. */
export class ApiProblem extends Error {
  /**
   * @param {number} status HTTP's; 0 where no answer came
   * @param {string} detail
   * @param {{lines?: Line[], reason?: string | null, retryAfter?: number | null}} [more] seconds to wait
   */
  constructor(status, detail, { lines = [], reason = null, retryAfter = null } = {}) {
    super(detail);
    this.name = "ApiProblem";
    this.status = status;
    this.lines = lines;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get passes() {
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}

/**
 * The problem that an answer tells.
 * @param {Response} answer not ok
 * @returns {Promise<ApiProblem>}
 */
export async function problemOf(answer) {
  const text = await answer.text();
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    told = {};
  }
  return new ApiProblem(answer.status, told.detail || told.message || answer.statusText, {
    lines: told.errors || [],
    reason: told.reason ?? null,
    retryAfter: secondsOf(answer.headers.get("retry-after")),
  });
}

/** @param {string | null} header */
function secondsOf(header) {
  const seconds = Number(header);
  return header && Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

/**
 * What a prediction's error says: `MaskCoversSkinError: mask: got …; allowed: …` taken apart.
 * @param {string} error
 * @returns {{name: string, line: Line}}
 */
export function readError(error) {
  const [, name = "", rest = error] = /^(?:(\w+Error): )?(.*)$/s.exec(error) ?? [];
  const [, what = "", got = "", allowed = ""] = /^(.*?): got (.*?); allowed: (.*)$/s.exec(rest) ?? [];
  return { name, line: allowed ? { what, got, allowed } : { what: rest } };
}
