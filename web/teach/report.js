import { html } from "../vendor/preact.js";
import { percent, t } from "../core/words.js";

/** @import {Report} from "./types.js" */

/** Shares of one, by metric, as people want them first. */
const SHARES = ["garment_share", "palette_after", "palette_before", "texture", "likeness", "leak", "mask_score"];

/** What the evaluation measured, and what it painted. @param {{report: Report, metrics: Record<string, number>, onExpired: () => void}} props */
export function ReportView({ report, metrics, onExpired }) {
  const photos = photosOf(report.pictures);
  return html`<section class="teach-part"><h2>${t("report")}</h2>
    <${Numbers} metrics=${metrics} />
    <a href=${report.page} target="_blank" rel="noreferrer">${t("report.page")}</a>
    <div class="report-photos">${photos.map(({ name, urls }) => html`<figure key=${name}><figcaption>${name}</figcaption>
      <div class="report-row">${["original", "before", "after"].map((kind) => urls[kind] && html`<figure>
        <img src=${urls[kind]} loading="lazy" alt=${t(`report.${kind}.alt`, { name })} onError=${onExpired} /><figcaption>${t(`report.${kind}`)}</figcaption></figure>`)}</div></figure>`)}</div>
  </section>`;
}

/** @param {{metrics: Record<string, number>}} props */
export function Numbers({ metrics }) {
  const known = SHARES.filter((name) => name in metrics);
  const outside = metrics.pixels_changed_outside;
  return html`<dl class="facts">
    ${known.map((name) => html`<div><dt>${t(`metric.${name}`)}</dt><dd>${percent(metrics[name] ?? 0)}</dd></div>`)}
    ${outside !== undefined && html`<div><dt>${t("metric.pixels_changed_outside")}</dt><dd>${outside}</dd></div>`}</dl>`;
}

/**
 * The evaluation's pictures by photo: of `street-01_after` the photo is `street-01`.
 * @param {Record<string, string>} pictures
 */
export function photosOf(pictures) {
  /** @type {Map<string, Record<string, string>>} */
  const found = new Map();
  for (const [file, url] of Object.entries(pictures)) {
    const [, name = "", kind = ""] = /^(.*)_(original|mask|before|after|other)$/.exec(file) ?? [];
    if (name) found.set(name, { ...found.get(name), [kind]: url });
  }
  return [...found].map(([name, urls]) => ({ name, urls })).filter(({ urls }) => urls.after);
}
