import { html } from "../vendor/preact.js";
import { language, t } from "../core/words.js";
import { Asked, useAsked } from "../ui/asked.js";
import { comparison } from "./asking.js";
import { photosOf } from "./report.js";

/** @import {Use} from "../app.js" */
/** @import {Comparison} from "./types.js" */

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
