/** @import {Config} from "./types.js" */

/** @type {Config} */
const DEFAULTS = { stage: "", key: null, sign_in: null, disclosure: {}, origins: [] };

/**
 * The host's settings. Where there are none the page asks for a key.
 * @returns {Promise<Config>}
 */
export async function loadConfig() {
  const answer = await fetch("./config.json", { cache: "no-cache" });
  if (!answer.ok) throw new Error(`config.json: got ${answer.status}; allowed: 200`);
  return { ...DEFAULTS, .../** @type {Partial<Config>} */ (await answer.json()) };
}
