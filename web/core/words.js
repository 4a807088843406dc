import { Changing } from "./changing.js";

/** @typedef {"en" | "ko"} Language */

/** The texts that were fetched: those of a language that nobody reads never are. @type {Partial<Record<Language, Record<string, string>>>} */
const TEXTS = {};
const KEPT = "atelier.language";

/** The page's language. */
export const language = new Changing(/** @type {Language} */ ("en"));

/**
 * The text of a key, with `{name}` replaced.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = TEXTS[language.now]?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Whether there is a text. @param {string} key */
export function has(key) {
  return key in (TEXTS[language.now] ?? {});
}

/** The language that was chosen before, or else the browser's. */
export async function startLanguage() {
  const kept = localStorage.getItem(KEPT);
  await speak(kept === "en" || kept === "ko" ? kept : navigator.language.startsWith("ko") ? "ko" : "en", false);
}

/** @param {Language} wanted @param {boolean} [remember] */
export async function speak(wanted, remember = true) {
  if (!TEXTS[wanted]) {
    const parts = await Promise.all(["restyle", "teach"].map((part) => import(`../text/${wanted}/${part}.js`)));
    TEXTS[wanted] = Object.assign({}, ...parts.map((part) => part.default));
  }
  document.documentElement.lang = wanted;
  if (remember) localStorage.setItem(KEPT, wanted);
  language.set(wanted);
}

/** A share as a percentage, as the language writes it. @param {number} share @param {number} [digits] */
export function percent(share, digits = 0) {
  return new Intl.NumberFormat(language.now, { style: "percent", maximumFractionDigits: digits }).format(share);
}

/** A length of time in words: "40 s", "6 min". @param {number} seconds */
export function duration(seconds) {
  return seconds < 90 ? t("time.seconds", { n: Math.max(1, Math.round(seconds)) }) : t("time.minutes", { n: Math.round(seconds / 60) });
}

/** A moment, as the language writes it. @param {string | number} when */
export function moment(when) {
  return new Intl.DateTimeFormat(language.now, { dateStyle: "medium", timeStyle: "short" }).format(new Date(when));
}
