import { html } from "../vendor/preact.js";
import { moment, t } from "../core/words.js";
import { Asked, useAsked } from "../ui/asked.js";
import { Icon } from "../ui/icon.js";
import { trainings } from "./asking.js";

/** @import {Use} from "../app.js" */

/** What was taught before, and the way to a new lesson. @param {{use: Use}} props */
export function Overview({ use }) {
  const asked = useAsked(() => Promise.all([use.api.styles(), trainings(use.api)]));
  const [styles, { results: runs }] = asked.now ?? [[], { results: [] }];
  return html`<section class="page teach">
    <div class="teach-head"><h1>${t("teach.title")}</h1>
      <p class="lead">${t("teach.about")}</p>
      <a class="button primary" href="#/teach/new"><${Icon} name="plus" />${t("teach.new")}</a></div>
    <${Asked} of=${asked} />
    ${asked.now && !styles.length && !runs.length && html`<p class="nothing">${t("teach.nothing")}</p>`}
    ${styles.length > 0 && html`<section class="teach-part"><h2>${t("teach.styles")}</h2>
      <ul class="rows">${styles.map((style) => html`<li key=${style.style}><a href=${`#/teach/style/${style.style}`}>
        <b>${style.style}</b><span>${style.promoted ? t("teach.promoted", { version: style.promoted }) : t("teach.promoted.none")}</span>
        <small>${t("teach.versions", { n: style.versions })}${style.owner === "house" ? ` · ${t("teach.house")}` : ""}</small></a></li>`)}</ul></section>`}
    ${runs.length > 0 && html`<section class="teach-part"><h2>${t("teach.trainings")}</h2>
      <ul class="rows">${runs.map((run) => html`<li key=${run.id}><a href=${`#/teach/training/${run.id}`}>
        <b>${run.model ?? run.id}</b><span class="status" data-status=${run.status}>${t(`status.${run.status}`)}</span>
        <small>${moment(run.created_at)}${run.input.preflight ? ` · ${t("teach.only_check")}` : ""}</small></a></li>`)}</ul></section>`}
  </section>`;
}
