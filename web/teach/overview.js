import { html, useEffect, useState } from "../vendor/preact.js";
import { moment, t } from "../core/words.js";
import { Icon } from "../ui/icon.js";
import { Spinner } from "../ui/parts.js";
import { ProblemNote, told } from "../ui/problem.js";
import { trainings } from "./asking.js";

/** @import {Use} from "../app.js" */
/** @import {ListedStyle} from "../core/types.js" */
/** @import {Training} from "./types.js" */

/** What was taught before, and the way to a new lesson. @param {{use: Use}} props */
export function Overview({ use }) {
  const [styles, showStyles] = useState(/** @type {ListedStyle[] | null} */ (null));
  const [runs, showRuns] = useState(/** @type {Training[] | null} */ (null));
  const [trouble, fail] = useState(/** @type {unknown} */ (null));
  const read = () => {
    fail(null);
    Promise.all([use.api.styles().then(showStyles), trainings(use.api).then(({ results }) => showRuns(results))]).catch(fail);
  };
  useEffect(read, []);
  const nothing = styles?.length === 0 && runs?.length === 0;
  return html`<section class="page teach">
    <div class="teach-head"><h1>${t("teach.title")}</h1>
      <p class="lead">${t("teach.about")}</p>
      <a class="button primary" href="#/teach/new"><${Icon} name="plus" />${t("teach.new")}</a></div>
    ${Boolean(trouble) && html`<${ProblemNote} told=${told(trouble)}><button type="button" class="button small" onClick=${read}>${t("again")}</button><//>`}
    ${!trouble && !(styles && runs) && html`<p class="found"><${Spinner} label=${t("teach.reading")} /> ${t("teach.reading")}</p>`}
    ${nothing && html`<p class="nothing">${t("teach.nothing")}</p>`}
    ${styles !== null && styles.length > 0 && html`<section class="teach-part"><h2>${t("teach.styles")}</h2>
      <ul class="rows">${styles.map((style) => html`<li key=${style.style}><a href=${`#/teach/style/${style.style}`}>
        <b>${style.style}</b><span>${style.promoted ? t("teach.promoted", { version: style.promoted }) : t("teach.promoted.none")}</span>
        <small>${t("teach.versions", { n: style.versions })}${style.owner === "house" ? ` · ${t("teach.house")}` : ""}</small></a></li>`)}</ul></section>`}
    ${runs !== null && runs.length > 0 && html`<section class="teach-part"><h2>${t("teach.trainings")}</h2>
      <ul class="rows">${runs.map((run) => html`<li key=${run.id}><a href=${`#/teach/training/${run.id}`}>
        <b>${run.model ?? run.id}</b><span class="status" data-status=${run.status}>${t(`status.${run.status}`)}</span>
        <small>${moment(run.created_at)}${run.input.preflight ? ` · ${t("teach.only_check")}` : ""}</small></a></li>`)}</ul></section>`}
  </section>`;
}
