import { useEffect, useState } from "../vendor/preact.js";

/** @import {Route} from "./types.js" */

/**
 * @param {string} hash
 * @returns {Route}
 */
export function parseHash(hash) {
  const [path = "", query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  return { parts: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

/**
 * @param {string[]} parts
 * @param {Record<string, string | number | null | undefined>} [query] what is empty is left out
 */
export function hashOf(parts, query = {}) {
  const said = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The route, as it is whenever it changes. */
export function useRoute() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return parseHash(hash);
}

/** @param {string} hash */
export function go(hash) {
  location.hash = hash;
}

/**
 * Let the address say what is seen, without a step in the browser's history and without a new route.
 * @param {string} hash
 */
export function keep(hash) {
  if (location.hash !== hash) history.replaceState(null, "", hash);
}
