/**
 * Cognito's managed login: authorization code with PKCE (RFC 7636). Tokens stay in the tab.
 * @import {SignIn, Tokens} from "./types.js"
 */

const PENDING = "atelier.pending";
const TOKENS = "atelier.tokens";
/** Seconds before its end at which a token is exchanged for another. */
const EARLY = 60;

/** The page's own address, which the login comes back to: that of its folder, as the login knows it. */
function home() {
  return new URL(".", location.origin + location.pathname).href;
}

/** @param {Uint8Array} bytes */
export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** What the login is told of a secret that only this tab knows. @param {string} verifier */
export async function challengeOf(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

/**
 * Leave for the login.
 * @param {SignIn} stage
 */
export async function startSignIn(stage) {
  const [verifier, state] = [0, 1].map(() => base64url(crypto.getRandomValues(new Uint8Array(32))));
  sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, hash: location.hash }));
  const asked = new URLSearchParams({
    response_type: "code",
    client_id: stage.client_id,
    redirect_uri: home(),
    scope: "openid email",
    state: state ?? "",
    code_challenge_method: "S256",
    code_challenge: await challengeOf(verifier ?? ""),
  });
  location.assign(`https://${stage.domain}/oauth2/authorize?${asked}`);
}

/**
 * Leave for the login's end, or else it would let the next person of this browser in without asking; it comes back here.
 * @param {SignIn} stage
 */
export function startSignOut(stage) {
  location.assign(`https://${stage.domain}/logout?${new URLSearchParams({ client_id: stage.client_id, logout_uri: home() })}`);
}

/**
 * Exchange the code that the login came back with; whether there was one that this tab had asked for.
 * @param {SignIn} stage
 */
export async function takeCode(stage) {
  const came = new URLSearchParams(location.search);
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
  const code = came.get("code");
  if (!code || !pending || came.get("state") !== pending.state) return false;
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", home() + pending.hash);
  return exchange(stage, { grant_type: "authorization_code", code, redirect_uri: home(), code_verifier: pending.verifier });
}

/**
 * A token that is still good, exchanged where it is about to end; null where a person has to sign in.
 * @param {SignIn} stage
 * @returns {Promise<string | null>}
 */
export async function fresh(stage) {
  const kept = tokens();
  if (!kept) return null;
  if (kept.until - EARLY > Date.now() / 1000) return kept.access_token;
  if (!kept.refresh_token) return null;
  const refreshed = await exchange(stage, { grant_type: "refresh_token", refresh_token: kept.refresh_token });
  return (refreshed && tokens()?.access_token) || null;
}

/** @returns {Tokens | null} */
function tokens() {
  return JSON.parse(sessionStorage.getItem(TOKENS) ?? "null");
}

/** @param {SignIn} stage @param {Record<string, string>} grant */
async function exchange(stage, grant) {
  const body = new URLSearchParams({ client_id: stage.client_id, ...grant });
  const answer = await fetch(`https://${stage.domain}/oauth2/token`, { method: "POST", body });
  if (!answer.ok) {
    sessionStorage.removeItem(TOKENS);
    return false;
  }
  const told = await answer.json();
  const until = Date.now() / 1000 + told.expires_in;
  sessionStorage.setItem(TOKENS, JSON.stringify({ refresh_token: grant.refresh_token, ...told, until }));
  return true;
}
