import { Changing } from "./changing.js";

/** @typedef {"auto" | "light" | "dark"} Theme */

const KEPT = "atelier.theme";
const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

/** The colours that were chosen; `auto` is what the system prefers. */
export const theme = new Changing(/** @type {Theme} */ ("auto"));

/** The theme that was chosen before. */
export function startTheme() {
  const kept = localStorage.getItem(KEPT);
  show(THEMES.find((name) => name === kept) ?? "auto");
}

/** The theme that follows the present one. */
export function nextTheme() {
  const next = THEMES[(THEMES.indexOf(theme.now) + 1) % THEMES.length] ?? "auto";
  localStorage.setItem(KEPT, next);
  show(next);
}

/** @param {Theme} wanted */
function show(wanted) {
  if (wanted === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
  theme.set(wanted);
}
