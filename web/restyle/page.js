import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { useChanging } from "../core/changing.js";
import { useRoute } from "../core/router.js";
import { language, t } from "../core/words.js";
import { isTyping } from "../ui/shell.js";
import { say } from "../ui/toast.js";
import { Compare } from "./result.js";
import { drawMask, findMask } from "./finding.js";
import { cancel, restyle } from "./painting.js";
import { Panel } from "./panel.js";
import { filesOf, Start, takeFile } from "./start.js";
import { Stage } from "./stage.js";
import { Studio } from "./studio.js";
import { readStyles } from "./look.js";
import { Toolbar } from "./toolbar.js";
import { lacking } from "./wish.js";

/** @import {Use} from "../app.js" */
/** @import {Controls, Tool} from "./types.js" */

/** @type {Studio | undefined} */
let studioOfTab;

/** The studio of this tab. @param {Use} use */
export function studioFor(use) {
  return (studioOfTab ??= new Studio(use));
}

/** Repaint a garment on a photo. @param {{use: Use}} props */
export function Page({ use }) {
  const studio = studioFor(use);
  useChanging(studio.changed);
  useChanging(language);
  const { query } = useRoute();
  const [dropping, drop] = useState(false);
  useEffect(() => {
    if (!studio.styles) void readStyles(studio);
  }, []);
  useEffect(() => {
    void studio.recall(query).then((other) => (other && studio.photo ? findMask(studio) : undefined));
  }, [query.toString()]);
  useEffect(() => watchFiles(studio, drop), []);
  return html`<div class="studio" data-empty=${studio.photo ? undefined : ""} data-dropping=${dropping ? "" : undefined}>
    ${studio.photo ? html`<${Work} studio=${studio} />` : html`<${Start} studio=${studio} />`}
    ${dropping && html`<div class="drop-veil" aria-hidden="true"><p>${t("start.let_go")}</p></div>`}
  </div>`;
}

/** The photo, and what is wanted of it. @param {{studio: Studio}} props */
function Work({ studio }) {
  const [tool, useTool] = useState(/** @type {Tool} */ ("brush"));
  const [radius, size] = useState(18);
  const [shown, show] = useState(true);
  const controls = useRef(/** @type {Controls | null} */ (null));
  const { photo, mask, result } = studio;
  const redraw = () => studio.update({ drawn: studio.drawn + 1, edited: true });
  const actions = {
    brush: () => useTool("brush"), eraser: () => useTool("eraser"), hand: () => useTool("hand"),
    smaller: () => size(Math.max(3, radius - 4)), larger: () => size(Math.min(120, radius + 4)),
    undo: () => (mask?.undo(), redraw()), redo: () => (mask?.redo(), redraw()),
    invert: () => (mask?.invert(), redraw()), clear: () => (mask?.clear(), redraw()),
    mask: () => show(!shown), closer: () => controls.current?.zoom(1.4), farther: () => controls.current?.zoom(1 / 1.4),
    fit: () => controls.current?.fit(), submit: () => submit(studio), cancel: () => void cancel(studio),
  };
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => watchKeys((name) => latest.current[name]()), []);
  useEffect(() => {
    // Whoever chose a photo by keyboard goes on with its garment; what they pressed is gone.
    if (!result) /** @type {HTMLElement | null} */ (document.querySelector(".panel .chip"))?.focus({ preventScroll: true });
  }, [photo]);
  if (!photo) return null;
  return html`
    <section class="view" aria-label=${t("view")}>
      <h1 class="unseen">${t("nav.restyle")}</h1>
      ${studio.showsResult && result
        ? html`<${Compare} before=${result.before.url} after=${result.pictures[result.chosen]?.url} width=${photo.width} height=${photo.height} />`
        : html`<${Stage} photo=${photo} mask=${mask} drawn=${studio.drawn} tool=${tool} radius=${radius} shown=${shown}
            feather=${studio.wish.feather} controls=${controls} onDrawn=${redraw} />`}
      <${Toolbar} studio=${studio} tool=${tool} radius=${radius} shown=${shown} actions=${actions} onRadius=${size} onDraw=${() => drawMask(studio)} />
    </section>
    <${Panel} studio=${studio} onSubmit=${actions.submit} onCancel=${actions.cancel} />`;
}

/** @param {Studio} studio */
function submit(studio) {
  const reason = reasonAgainst(studio);
  if (reason) say(t(reason));
  else void restyle(studio);
}

/** Why nothing can be painted now, as a key; null where it can. @param {Studio} studio */
export function reasonAgainst(studio) {
  const { photo, mask, finding, wish, job } = studio;
  if (job) return "lacks.job";
  if (studio.asksConsent && !wish.consent.trim()) return "lacks.consent";
  return lacking(wish, { photo: !!photo, finding: finding.state === "busy", masked: mask && mask.area });
}

const KEYS = /** @type {const} */ ({
  b: "brush", e: "eraser", h: "hand", "[": "smaller", "]": "larger", z: "undo", y: "redo", i: "invert", m: "mask",
  "+": "closer", "=": "closer", "-": "farther", 0: "fit", Escape: "cancel",
});

/** @param {(name: typeof KEYS[keyof typeof KEYS] | "submit") => void} act */
function watchKeys(act) {
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const name = KEYS[/** @type {keyof typeof KEYS} */ (event.key.length === 1 ? event.key.toLowerCase() : event.key)];
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) act("submit");
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !isWriting(event)) act(event.shiftKey ? "redo" : "undo");
    else if (name && !isTyping(event)) act(name);
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}

/** @param {KeyboardEvent} event */
function isWriting(event) {
  return event.target instanceof HTMLElement && !!event.target.closest("textarea, input:not([type=range])");
}

/** Photos that are dropped anywhere, or pasted. @param {Studio} studio @param {(is: boolean) => void} drop */
function watchFiles(studio, drop) {
  const over = (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    drop(true);
  };
  const leave = (/** @type {DragEvent} */ event) => event.relatedTarget === null && drop(false);
  const took = (/** @type {DragEvent | ClipboardEvent} */ event) => {
    drop(false);
    const [file] = filesOf(event instanceof DragEvent ? event.dataTransfer : event.clipboardData);
    if (!file) return;
    event.preventDefault();
    void takeFile(studio, file);
  };
  const heard = /** @type {[string, any][]} */ ([["dragover", over], ["dragleave", leave], ["drop", took], ["paste", took]]);
  for (const [name, hear] of heard) addEventListener(name, hear);
  return () => heard.forEach(([name, hear]) => removeEventListener(name, hear));
}
