import { html } from "../vendor/preact.js";
import { useChanging } from "../core/changing.js";
import { useRoute } from "../core/router.js";
import { language } from "../core/words.js";
import { Lesson } from "./lesson.js";
import { New } from "./new.js";
import { Overview } from "./overview.js";
import { StyleView } from "./style.js";
import { TrainingView } from "./training.js";

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
