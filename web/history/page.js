import { html, useEffect, useState } from "../vendor/preact.js";
import { allRestyled, forgetRestyled } from "../core/database.js";
import { ApiProblem } from "../core/problem.js";
import { go } from "../core/router.js";
import { language, moment, t } from "../core/words.js";
import { useChanging } from "../core/changing.js";
import { Confirm } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { Spinner } from "../ui/parts.js";
import { ProblemNote, told } from "../ui/problem.js";
import { say } from "../ui/toast.js";
import { merged, reopen } from "./merged.js";

/** @import {Use} from "../app.js" */
/** @import {Entry} from "./merged.js" */

/** What was painted before: by this browser, and by the same key or person anywhere. @param {{use: Use}} props */
export function Page({ use }) {
  useChanging(language);
  const [entries, show] = useState(/** @type {Entry[] | null} */ (null));
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [trouble, fail] = useState(/** @type {unknown} */ (null));
  const [asked, ask] = useState(/** @type {Entry | null} */ (null));

  /** @param {string} [cursor] */
  async function read(cursor) {
    const kept = await allRestyled().catch(() => []);
    try {
      const page = await use.api.predictions(cursor);
      setNext(page.next);
      show((before) => merged(kept, [...(cursor ? (before ?? []).flatMap(({ server }) => server ?? []) : []), ...page.results]));
    } catch (error) {
      fail(error);
      show(merged(kept, []));
    }
  }
  useEffect(() => void read(), []);

  /** @param {Entry} entry */
  async function remove(entry) {
    await forgetRestyled(entry.id);
    try {
      if (entry.server) await use.api.forget(entry.id);
    } catch (error) {
      if (!(error instanceof ApiProblem && error.status === 404)) return say(told(error).title, "wrong");
    }
    show((before) => (before ?? []).filter(({ id }) => id !== entry.id));
  }

  /** @param {Entry} entry */
  const open = (entry) => reopen(use, entry).then(() => go("#/restyle"), (error) => say(told(error).title, "wrong"));
  return html`<section class="page history">
    <h1>${t("history.title")}</h1>
    ${Boolean(trouble) && html`<${ProblemNote} told=${told(trouble)} />`}
    ${!entries && html`<p class="found"><${Spinner} label=${t("reading")} /> ${t("reading")}</p>`}
    ${entries?.length === 0 && html`<div class="nothing"><p>${t("history.nothing")}</p><a class="button primary" href="#/restyle">${t("history.begin")}</a></div>`}
    <ul class="history-grid">${entries?.map((entry) => html`<${Card} key=${entry.id} entry=${entry} onOpen=${open} onRemove=${ask} />`)}</ul>
    ${next && html`<button type="button" class="button" onClick=${() => read(next)}>${t("history.older")}</button>`}
    ${asked && html`<${Confirm} title=${t("history.delete")} about=${t(asked.server ? "history.delete.about" : "history.delete.here")} action=${t("delete")}
      onYes=${() => remove(asked)} onClose=${() => ask(null)} />`}
  </section>`;
}

/** @param {{entry: Entry, onOpen: (entry: Entry) => void, onRemove: (entry: Entry) => void}} props */
function Card({ entry, onOpen, onRemove }) {
  const [url, see] = useState("");
  useEffect(() => {
    let own = "";
    const [blob] = entry.kept?.pictures ?? [];
    if (blob) see((own = URL.createObjectURL(blob)));
    else see(entry.server?.output?.[0] ?? "");
    return () => own && URL.revokeObjectURL(own);
  }, [entry.id, entry.server?.status]);
  const { status = "succeeded" } = entry.server ?? {};
  return html`<li class="history-card">
    <button type="button" class="history-open" onClick=${() => onOpen(entry)} aria-label=${t("history.open", { words: entry.words || entry.mode })}>
      ${url ? html`<img src=${url} alt="" loading="lazy" />` : html`<span class="history-blank" aria-hidden="true"></span>`}</button>
    <div><p class="history-words">${entry.words || t(`mode.${entry.mode}`)}</p>
      <small>${[moment(entry.at), entry.style, status === "succeeded" ? "" : t(`status.${status}`), entry.kept ? t("history.here") : ""].filter(Boolean).join(" · ")}</small></div>
    <button type="button" class="icon-button" aria-label=${t("history.delete")} title=${t("history.delete")} onClick=${() => onRemove(entry)}><${Icon} name="clear" /></button>
  </li>`;
}
