import { html } from "../vendor/preact.js";
import { useChanging } from "../core/changing.js";
import { useRoute } from "../core/router.js";
import { language, moment, t } from "../core/words.js";
import { Asked, useAsked } from "../ui/asked.js";
import { Icon } from "../ui/icon.js";
import { Lesson } from "./lesson.js";
import { New } from "./new.js";
import { StyleView } from "./style.js";
import { TrainingView } from "./training.js";
import { trainings } from "./asking.js";

/** @import {Use} from "../app.js" */

/** @type {Lesson | undefined} */
let lesson;

/** Teaching a style: what there is, a new lesson, a training as it goes on, and a style's versions. @param {{use: Use}} props */
export function Page({ use }) {
  useChanging(language);
  const { parts, query } = useRoute();
  const [, view = "", name = ""] = parts;
  lesson ??= new Lesson(use);
  if (view === "new") return html`<${New} lesson=${lesson} open=${query.get("style") ?? ""} />`;
  if (view === "training" && name) return html`<${TrainingView} key=${name} use=${use} id=${name} />`;
  if (view === "style" && name) return html`<${StyleView} key=${name} use=${use} name=${name} compared=${query.get("compare") ?? ""} />`;
  return html`<${Overview} use=${use} />`;
}

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
