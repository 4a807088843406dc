import { html, useEffect, useState } from "../vendor/preact.js";
import { useChanging } from "../core/changing.js";
import { useRoute } from "../core/router.js";
import { nextTheme, theme } from "../core/theme.js";
import { language, speak, t } from "../core/words.js";
import { PAGES } from "../pages.js";
import { Access } from "./access.js";
import { IconButton } from "./parts.js";
import { ProblemNote, told } from "./problem.js";
import { Toasts } from "./toast.js";
import { Dialog } from "./dialog.js";

/** @import {Use} from "../app.js" */

const THEME_ICONS = /** @type {const} */ ({ auto: "auto", light: "sun", dark: "moon" });

/** Everything that is seen: the header, and the page that the address names. @param {{use: Use}} props */
export function Shell({ use }) {
  useChanging(language);
  const open = useChanging(use.session.open);
  const [helping, help] = useState(false);
  const { parts } = useRoute();
  const page = PAGES.find(({ name }) => name === parts[0]) ?? PAGES[0];
  useEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "?" && !isTyping(event)) help(true);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  const [seen, see] = useState(page);
  useEffect(() => {
    if (seen === page) return;
    see(page);
    document.getElementById("main")?.focus();
  }, [page]);
  useEffect(() => {
    document.title = `${t(`nav.${page?.name}`)} · Atelier`;
  });
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
    <header class="top">
      <a class="brand" href="#/restyle">Atelier</a>
      <nav aria-label=${t("nav")}>
        ${PAGES.map(({ name }) => html`<a href=${`#/${name}`} aria-current=${page?.name === name ? "page" : undefined}>${t(`nav.${name}`)}</a>`)}
      </nav>
      <div class="top-tools">
        <button type="button" class="text-button" lang=${language.now === "en" ? "ko" : "en"}
          onClick=${() => speak(language.now === "en" ? "ko" : "en")}>${language.now === "en" ? "한국어" : "English"}</button>
        ${open && !use.config.key && html`<button type="button" class="text-button" onClick=${() => use.session.leave()}>${t("access.leave")}</button>`}
        <${ThemeButton} />
        <${IconButton} icon="help" label=${t("help")} keys="?" onClick=${() => help(true)} />
      </div>
    </header>
    <main id="main" tabindex="-1">
      ${open ? html`<${Loaded} key=${page?.name} load=${page?.load} use=${use} />` : html`<${Access} session=${use.session} />`}
    </main>
    <${Toasts} />
    ${helping && html`<${HelpSheet} onClose=${() => help(false)} />`}`;
}

function ThemeButton() {
  const now = useChanging(theme);
  return html`<${IconButton} icon=${THEME_ICONS[now]} label=${t("theme", { theme: t(`theme.${now}`) })} onClick=${nextTheme} />`;
}

/** A page whose module is fetched when it is first seen. @param {{load: () => Promise<{Page: any}>, use: Use}} props */
function Loaded({ load, use }) {
  const [Page, show] = useState(/** @type {any} */ (null));
  const [error, fail] = useState(/** @type {unknown} */ (null));
  useEffect(() => {
    load().then(({ Page: loaded }) => show(() => loaded), fail);
  }, [load]);
  if (error) return html`<div class="page"><${ProblemNote} told=${told(error)} /></div>`;
  return Page && html`<${Page} use=${use} />`;
}

/** Whether a key means a letter, in an input. @param {KeyboardEvent} event */
export function isTyping(event) {
  const target = event.target;
  return (
    event.ctrlKey || event.metaKey || event.altKey ||
    (target instanceof HTMLElement && !!target.closest("textarea, select, dialog, input:not([type=range], [type=checkbox], [type=color])"))
  );
}

/** The address's hash is a route: to skip to the content must not change it. @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Keys of the mask's editor, and what each does. */
export const SHORTCUTS = /** @type {const} */ ([
  ["B", "brush"], ["E", "eraser"], ["H", "hand"], ["[ ]", "size"], ["Z", "undo"], ["Y", "redo"], ["I", "invert"],
  ["M", "mask"], ["+ − 0", "zoom"], ["← ↑ → ↓", "pan"], ["␣", "paint"], ["Ctrl+Enter", "submit"], ["Esc", "cancel"], ["?", "help"],
]);

/** How the page is used. @param {{onClose: () => void}} props */
export function HelpSheet({ onClose }) {
  return html`<${Dialog} title=${t("help")} onClose=${onClose}>
    <ol class="help-steps">${[1, 2, 3].map((step) => html`<li><b>${t(`help.step${step}`)}</b> ${t(`help.step${step}.about`)}</li>`)}</ol>
    <h3>${t("help.keys")}</h3>
    <dl class="keys">${SHORTCUTS.map(([keys, name]) => html`<div><dt><kbd>${keys}</kbd></dt><dd>${t(`keys.${name}`)}</dd></div>`)}</dl>
    <h3>${t("help.privacy")}</h3>
    <p>${t("help.privacy.about")}</p>
  <//>`;
}
