import { html } from "../vendor/preact.js";
import { useChanging } from "../core/changing.js";
import { useRoute } from "../core/router.js";
import { language, moment, t } from "../core/words.js";
import { Asked, useAsked } from "../ui/asked.js";
import { Icon } from "../ui/icon.js";
import { BatchView } from "./batch.js";
import { New } from "./new.js";
import { Order } from "./order.js";

/** @import {Use} from "../app.js" */
/** @import {Page as Listed} from "../core/types.js" */
/** @import {Batch} from "./types.js" */

/** @type {Order | undefined} */
let order;

/** A catalogue: what was painted before, a new one, and one as it goes on. @param {{use: Use}} props */
export function Page({ use }) {
  useChanging(language);
  const [, view = ""] = useRoute().parts;
  order ??= new Order(use);
  if (view === "new") return html`<${New} order=${order} />`;
  return view ? html`<${BatchView} key=${view} use=${use} id=${view} />` : html`<${Overview} use=${use} />`;
}

/** @param {{use: Use}} props */
function Overview({ use }) {
  const asked = useAsked(() => /** @type {Promise<Listed<Batch>>} */ (use.api.ask("v1/batches?limit=50")));
  const batches = asked.now?.results;
  return html`<section class="page teach">
    <div class="teach-head"><h1>${t("catalogue.title")}</h1><p class="lead">${t("catalogue.about")}</p>
      <a class="button primary" href="#/catalogue/new"><${Icon} name="plus" />${t("catalogue.new")}</a></div>
    <${Asked} of=${asked} />
    ${batches?.length === 0 && html`<p class="nothing">${t("catalogue.nothing")}</p>`}
    ${batches && html`<ul class="rows">${batches.map((batch) => html`<li key=${batch.id}><a href=${`#/catalogue/${batch.id}`}>
      <b>${batch.name ?? batch.id}</b><span class="status" data-status=${batch.status}>${t(`status.${batch.status}`)}</span>
      <small>${moment(batch.created_at)}${batch.counts ? ` · ${t("catalogue.done", { n: batch.counts.succeeded, of: batch.counts.total })}` : ""}</small></a></li>`)}</ul>`}
  </section>`;
}
