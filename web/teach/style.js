import { html, useState } from "../vendor/preact.js";
import { go, hashOf } from "../core/router.js";
import { moment, percent, t } from "../core/words.js";
import { Asked, useAsked, useDoing } from "../ui/asked.js";
import { Confirm } from "../ui/dialog.js";
import { Head } from "../ui/parts.js";
import * as ask from "./asking.js";
import { ComparisonView } from "./report.js";

/** @import {Use} from "../app.js" */
/** @import {Version} from "./types.js" */

/** @typedef {{about: string, action: string, onYes: () => void}} Sure what somebody is asked before it is done */

/** A style: its versions, which of them its name means, and two of them side by side. @param {{use: Use, name: string, compared: string}} props */
export function StyleView({ use, name, compared }) {
  const asked = useAsked(() => use.api.style(name));
  const { now: style, again } = asked;
  const [chosen, choose] = useState(compared.split(",").map(Number).filter(Boolean));
  const [sure, askSure] = useState(/** @type {Sure | null} */ (null));
  const { busy, doing } = useDoing();
  const change = (/** @type {() => Promise<unknown>} */ what, after = again) => doing(() => what().then(after));
  if (!style) return html`<section class="page teach"><${Head} back=${t("teach.back")} to="#/teach" title=${name} /><${Asked} of=${asked} /></section>`;
  const own = style.owner === "client";
  const numbers = style.versions.filter(({ number }) => chosen.includes(number)).map(({ number }) => number);
  const compare = (/** @type {number} */ number) => choose(chosen.includes(number) ? chosen.filter((one) => one !== number) : [...chosen, number].slice(-8));
  const { previous, promoted } = style;
  return html`<section class="page teach"><${Head} back=${t("teach.back")} to="#/teach" title=${name}>
      <p>${promoted ? t("style.means", { version: promoted }) : t("style.means.nothing")}</p>
      <div class="teach-ways">
        ${promoted && html`<a class="button primary" href=${`#/restyle?style=${name}`}>${t("teach.use")}</a>`}
        ${own && html`<a class="button" href=${hashOf(["teach", "new"], { style: name })}>${t("style.again")}</a>`}
        ${own && previous && promoted && html`<button type="button" class="button" disabled=${busy} onClick=${() => change(() => ask.rollBack(use.api, name, promoted))}>${t("style.rollback", { version: previous })}</button>`}
      </div><//>
    <ul class="versions">${style.versions.map((version) => html`<${Row} key=${version.number} version=${version} own=${own} busy=${busy}
      compared=${chosen.includes(version.number)} onCompare=${() => compare(version.number)}
      onDecide=${(/** @type {"approve" | "reject" | "promote"} */ what) => change(() => ask.decide(use.api, name, version.number, what))}
      onDelete=${() => askSure({ about: t("style.delete.version.sure", { version: version.version }), action: t("style.delete.version"),
        onYes: () => change(() => ask.deleteTaught(use.api, name, version.number)) })} />`)}</ul>
    ${numbers.length > 1 ? html`<${ComparisonView} use=${use} name=${name} numbers=${numbers} />` : style.versions.length > 1 && html`<p class="lead">${t("style.compare.about")}</p>`}
    ${own && html`<div class="teach-ways"><button type="button" class="text-button danger" disabled=${busy} onClick=${() =>
      askSure({ about: t("style.delete.sure", { style: name }), action: t("style.delete"), onYes: () => change(() => ask.deleteTaught(use.api, name), () => go("#/teach")) })}>${t("style.delete")}</button></div>`}
    ${sure && html`<${Confirm} ...${sure} title=${sure.action} onClose=${() => askSure(null)} />`}
  </section>`;
}

/** @param {{version: Version, own: boolean, busy: boolean, compared: boolean, onCompare: () => void, onDecide: (what: "approve" | "reject" | "promote") => void,
 *   onDelete: () => void}} props */
function Row({ version, own, busy, compared, onCompare, onDecide, onDelete }) {
  const { number, published, promoted, approval, created_at, metrics, reason, imported, training } = version;
  const button = (/** @type {"approve" | "reject" | "promote"} */ what) =>
    html`<button type="button" class="button small" disabled=${busy} onClick=${() => onDecide(what)}>${t(`style.${what}`)}<span class="unseen"> ${version.version}</span></button>`;
  return html`<li class="version"><label class="version-name"><input type="checkbox" checked=${compared} onChange=${onCompare} aria-label=${t("style.compare", { version: version.version })} />
      <b>${t("style.version.n", { n: number })}</b></label>
    <span class="status" data-status=${promoted ? "succeeded" : approval === "rejected" ? "failed" : ""}>${t(promoted ? "style.promoted.now" : approval === "pending" ? "style.pending" : approval === "rejected" ? "style.rejected" : published ? "style.published" : "style.unpublished")}</span>
    <small>${[created_at && moment(created_at), metrics.garment_share !== undefined && `${t("metric.garment_share")} ${percent(metrics.garment_share)}`, imported && t("style.imported"), reason].filter(Boolean).join(" · ")}</small>
    <div class="teach-ways">
      ${training && html`<a class="text-button" href=${`#/teach/training/${training}`}>${t("style.training")}<span class="unseen"> ${version.version}</span></a>`}
      ${own && approval === "pending" && html`${button("approve")}${button("reject")}`}
      ${own && published && !promoted && approval !== "rejected" && button("promote")}
      ${own && !promoted && html`<button type="button" class="text-button danger" disabled=${busy} onClick=${onDelete}>${t("style.delete.version")}<span class="unseen"> ${version.version}</span></button>`}
    </div></li>`;
}
