import { html, useState } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { Asked, useAsked, useDoing } from "../ui/asked.js";
import { Icon } from "../ui/icon.js";
import { Progress } from "../ui/parts.js";
import { baseName } from "./list.js";
import { zipped } from "./zip.js";

/** @import {Use} from "../app.js" */
/** @import {Batch, Item, Whole} from "./types.js" */

const SHOWN = 24;

/** What a batch left: what somebody should look at and why, its pictures, and all of it to keep. @param {{use: Use, batch: Batch,
 *   report: NonNullable<Batch["report"]>, onExpired: () => void}} props */
export function Results({ use, batch, report, onExpired }) {
  const asked = useAsked((signal) => use.api.picture(report.data, signal).then(readWhole), report.data);
  const [shown, more] = useState(SHOWN);
  const [packed, pack] = useState(0);
  const { busy, doing } = useDoing();
  const whole = asked.now;
  if (!whole) return html`<${Asked} of=${{ ...asked, again: () => (asked.again(), onExpired()) }} />`;
  const byLine = new Map(whole.items.map((item) => [item.line, item]));
  const done = whole.items.filter(({ status, prediction }) => status === "succeeded" && prediction);
  const download = async () => {
    const files = [];
    for (const item of done) {
      pack(files.length / done.length);
      files.push({ name: fileOf(item), body: await use.api.picture(await addressOf(use, item)) });
    }
    save(await zipped(files), `${batch.name ?? batch.id}.zip`);
  };
  return html`<section class="teach-part"><h2>${t("review")}</h2>
      ${whole.review.length === 0 ? html`<p class="teach-good">${t("review.none")}</p>` : html`<ul class="review">${whole.review.map(({ line, reason }) => html`<li class="note" data-kind="wrong">
        <strong>${t("review.line", { line, name: nameOf(byLine.get(line)) })}</strong><p>${reason}</p></li>`)}</ul>`}</section>
    <section class="teach-part"><h2>${t("results")}</h2>
      <div class="teach-ways">
        <button type="button" class="button primary" disabled=${!done.length || busy} onClick=${() => doing(download)}><${Icon} name="download" />${t("results.zip", { n: done.length })}</button>
        <a class="button" href=${report.csv} download>${t("results.csv")}</a>
        <a class="button" href=${report.page} target="_blank" rel="noreferrer">${t("report.page")}</a></div>
      ${busy && html`<${Progress} share=${packed} label=${t("results.packing")} />`}
      <p class="lead">${batch.disclosure}</p>
      <ul class="results">${done.slice(0, shown).map((item) => html`<${Painted} key=${item.prediction} use=${use} item=${item} />`)}</ul>
      ${done.length > shown && html`<button type="button" class="button small" onClick=${() => more(shown + SHOWN)}>${t("catalogue.rows.more", { n: done.length - shown })}</button>`}
    </section>`;
}

/** @param {{use: Use, item: Item}} props */
function Painted({ use, item }) {
  const { now: url, again } = useAsked(() => addressOf(use, item));
  const [tried, tryAgain] = useState(false);
  // An address works for an hour: whoever comes back later gets another one, once.
  const expired = () => tried || (tryAgain(true), again());
  return html`<li><figure>${url ? html`<img src=${url} alt=${t("results.alt", { name: nameOf(item), words: String(item.row.words ?? "") })} onError=${expired} />` : html`<span class="history-blank">…</span>`}
    <figcaption>${nameOf(item)}</figcaption></figure></li>`;
}

/** @param {Blob} file @returns {Promise<Whole>} */
async function readWhole(file) {
  return JSON.parse(await file.text());
}

/** @param {Use} use @param {Item} item @returns {Promise<string>} */
async function addressOf(use, item) {
  const { output } = await use.api.prediction(item.prediction ?? "");
  return output?.[0] ?? "";
}

/** @param {Item | undefined} item */
function nameOf(item) {
  return baseName(String(item?.row.photo ?? item?.row.image ?? item?.line ?? ""));
}

/** A name in the archive that no other has, in the order of the list. @param {Item} item */
function fileOf(item) {
  return `${String(item.line).padStart(4, "0")}-${nameOf(item).replace(/\.\w+$/, "")}.png`;
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
