import { html, useEffect, useState } from "../vendor/preact.js";
import { useChanging } from "../core/changing.js";
import { go } from "../core/router.js";
import { t } from "../core/words.js";
import { useFiles } from "../ui/dropping.js";
import { Icon } from "../ui/icon.js";
import { Field, Head, IconButton, Progress, typed } from "../ui/parts.js";
import { ProblemNote, told } from "../ui/problem.js";
import { baseName } from "./list.js";

/** @import {ListedStyle} from "../core/types.js" */
/** @import {Row} from "./types.js" */
/** @import {Order} from "./order.js" */

/** Rows that are drawn at once; a catalogue may have thousands. */
const SHOWN = 50;

/** A new catalogue: its photos, what is so for all, and its rows. @param {{order: Order}} props */
export function New({ order }) {
  useChanging(order.changed);
  const [styles, show] = useState(/** @type {ListedStyle[]} */ ([]));
  useEffect(() => void order.use.api.styles().then(show, () => show([])), []);
  const { wish, rows, unreadable, wrongList, trouble } = order;
  const { chosen, place } = useFiles((files) => order.add(files));
  const columns = Object.keys(rows[0]?.columns ?? {});
  return html`<section class="page teach" ...${place}>
    <${Head} back=${t("catalogue.back")} to="#/catalogue" title=${t("catalogue.new")} />
    <section class="teach-part"><h2><i>1</i>${t("catalogue.photos")}</h2><p class="lead">${t("catalogue.photos.about")}</p>
      <div class="teach-ways">
        <label class="button primary"><${Icon} name="picture" />${t("teach.choose")}<input class="unseen" type="file" multiple accept="image/*,.csv,text/csv" onChange=${chosen} /></label>
        <label class="button">${t("catalogue.folder")}<input class="unseen" type="file" webkitdirectory onChange=${chosen} /></label>
        <label class="button">${t("catalogue.list")}<input class="unseen" type="file" accept=".csv,text/csv" onChange=${chosen} /></label>
        <small>${t("catalogue.drop")}</small></div>
      ${wrongList && html`<div class="note" data-kind="wrong" role="alert"><strong>${t("catalogue.list.wrong")}</strong>
        <p>${t("catalogue.list.wrong.do", { got: wrongList.got, allowed: wrongList.allowed })}</p></div>`}
      ${unreadable.length > 0 && html`<div class="note" data-kind="wrong" role="alert"><strong>${t("teach.unreadable")}</strong><p>${unreadable.join(", ")}</p>
        <p>${t("catalogue.unreadable.do")}</p></div>`}
    </section>
    <section class="teach-part"><h2><i>2</i>${t("catalogue.all")}</h2>
      <div class="pair">
        <${Field} label=${t("garment")}><input value=${wish.garment} placeholder=${t("prompt.garment.example")} onInput=${typed((garment) => order.want({ garment }))} /><//>
        <${Field} label=${t("prompt")} hint=${columns.length ? t("catalogue.columns", { columns: columns.map((name) => `{${name}}`).join(" ") }) : ""}>
          <input value=${wish.words} placeholder=${t("prompt.example")} onInput=${typed((words) => order.want({ words }))} /><//>
        <${Field} label=${t("style")}><select value=${wish.style} onChange=${typed((style) => order.want({ style }))}>
          <option value="">${t("style.none")}</option>${styles.map(({ style }) => html`<option value=${style}>${style}</option>`)}</select><//>
        <${Field} label=${t("catalogue.name")}><input maxlength="100" value=${wish.name} onInput=${typed((name) => order.want({ name }))} /><//>
      </div></section>
    <section class="teach-part"><h2><i>3</i>${t("catalogue.rows", { n: rows.length })}</h2><${Rows} order=${order} styles=${styles} /></section>
    ${Boolean(trouble) && html`<${ProblemNote} told=${told(trouble)} />`}
    <${Start} order=${order} />
  </section>`;
}

/** @param {{order: Order, styles: ListedStyle[]}} props */
function Rows({ order, styles }) {
  const [shown, show] = useState(SHOWN);
  const { rows } = order;
  if (!rows.length) return html`<p class="nothing">${t("catalogue.rows.none")}</p>`;
  return html`<ul class="order">${rows.slice(0, shown).map((row, n) => html`<${RowLine} key=${`${n} ${row.photo}`} order=${order} row=${row} at=${n} styles=${styles} />`)}</ul>
    ${rows.length > shown && html`<button type="button" class="button small" onClick=${() => show(shown + SHOWN)}>${t("catalogue.rows.more", { n: rows.length - shown })}</button>`}`;
}

/** @param {{order: Order, row: Row, at: number, styles: ListedStyle[]}} props */
function RowLine({ order, row, at, styles }) {
  const photo = order.photos.get(baseName(row.photo));
  const wrong = order.wrong(row);
  const meant = order.meant({ ...row, garment: "", words: "", style: "" });
  const label = (/** @type {string} */ what) => `${t(what)}: ${row.photo}`;
  return html`<li class="order-row" data-wrong=${wrong ? "" : undefined}>
    ${photo ? html`<img src=${photo.url} width=${photo.width} height=${photo.height} alt=${row.photo} loading="lazy" />` : html`<span class="history-blank">?</span>`}
    <b>${row.photo}</b>
    <input aria-label=${label("garment")} value=${row.garment} placeholder=${meant.garment || t("garment")} onInput=${typed((garment) => order.change(at, { garment }))} />
    <input aria-label=${label("prompt")} value=${row.words} placeholder=${meant.words || t("prompt")} onInput=${typed((words) => order.change(at, { words }))} />
    <select aria-label=${label("style")} value=${row.style} onChange=${typed((style) => order.change(at, { style }))}>
      <option value="">${order.wish.style || t("style.none")}</option>
      ${styles.map(({ style }) => html`<option value=${style}>${style}</option>`)}
      ${row.style && !styles.some(({ style }) => style === row.style) && html`<option value=${row.style}>${row.style}</option>`}</select>
    <${IconButton} icon="clear" label=${t("teach.remove", { name: row.photo })} onClick=${() => order.remove(at)} />
    ${wrong && html`<small class="teach-wrong">${t(wrong)}</small>`}</li>`;
}

/** @param {{order: Order}} props */
function Start({ order }) {
  const { busy, missing } = order;
  const start = async () => {
    const batch = await order.start();
    if (batch) go(`#/catalogue/${batch.id}`);
  };
  if (busy) {
    const said = busy === "sending" ? t("teach.busy.sending", { n: order.sent, of: order.named.length }) : t("teach.busy.reading");
    return html`<div class="teach-busy"><span role="status">${said}</span><${Progress} share=${busy === "sending" ? order.sent / order.named.length : null} label=${said} /></div>`;
  }
  return html`<div class="teach-ways"><button type="button" class="button primary" disabled=${!!missing} onClick=${start}>${t("catalogue.start", { n: order.rows.length })}</button>
    ${missing && html`<small>${t(missing)}</small>`}</div>`;
}
