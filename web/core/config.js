/**
 * What the host says of the stage that it serves: `config.json` beside the page.
 *
 * @typedef {{domain: string, client_id: string, scope?: string, token?: "access" | "id"}} SignIn
 * @typedef {object} Config
 * @property {string} stage
 * @property {string | null} key an API key where everybody who sees the page may use it, as on a laptop
 * @property {SignIn | null} sign_in Cognito's managed login, where the stage has people
 * @property {Record<string, string>} disclosure what whoever sees a picture is told, by language
 * @property {string[]} origins of the buckets that pictures come from and go to
 */

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
