import { html } from "../vendor/preact.js";
import { language, percent, t } from "../core/words.js";
import { Asked, useAsked } from "../ui/asked.js";
import { comparison } from "./asking.js";

/** @import {Comparison, Report} from "./types.js" */
/** @import {Use} from "../app.js" */

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

/** Versions of a style side by side: what was measured, and the same photos as each painted them. @param {{use: Use, name: string, numbers: number[]}} props */
export function ComparisonView({ use, name, numbers }) {
  const asked = useAsked(() => comparison(use.api, name, numbers), numbers.join());
  const { now: compared, again } = asked;
  if (!compared) return html`<${Asked} of=${asked} />`;
  const versions = compared.versions.map(({ version }) => version);
  const number = new Intl.NumberFormat(language.now, { maximumFractionDigits: 3 });
  return html`<section class="teach-part"><h2>${t("compare")}</h2><${Asked} of=${asked} />
    ${!compared.same_dataset && html`<p class="lead">${t("compare.other_dataset")}</p>`}
    <div class="table" tabindex="0" role="region" aria-label=${t("compare")}><table><thead><tr><th scope="col">${t("compare.metric")}</th>${versions.map((version) => html`<th scope="col">${version}</th>`)}</tr></thead>
      <tbody>${compared.metrics.map((metric) => html`<tr><th scope="row">${metricName(metric.name)}<small>${t(`compare.${metric.better}`)}</small></th>
        ${versions.map((version) => html`<td data-best=${metric.best.includes(version) && metric.best.length < versions.length ? "" : undefined}>${
          metric.values[version] === undefined ? "–" : number.format(metric.values[version])}</td>`)}</tr>`)}</tbody></table></div>
    ${photos(compared).map(({ photo, urls }) => html`<figure key=${photo}><figcaption>${photo}</figcaption><div class="report-row">${versions.map((version) => urls[version] && html`<figure>
      <img src=${urls[version]} loading="lazy" alt=${t("compare.alt", { name: photo, version })} onError=${again} /><figcaption>${version}</figcaption></figure>`)}</div></figure>`)}
  </section>`;
}

/** Only what each version painted, not what it was given. @param {Comparison} compared */
function photos({ pictures }) {
  return pictures.flatMap(({ name, urls }) => {
    const [photo] = photosOf({ [name.replace(/\.\w+$/, "")]: "seen" });
    return photo ? [{ photo: photo.name, urls }] : [];
  });
}

/** @param {string} name */
function metricName(name) {
  const said = t(`metric.${name}`);
  return said === `metric.${name}` ? name : said;
}
