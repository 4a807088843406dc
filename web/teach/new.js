import { html, useEffect, useState } from "../vendor/preact.js";
import { useChanging } from "../core/changing.js";
import { go } from "../core/router.js";
import { language, t } from "../core/words.js";
import { GARMENTS, garmentIn } from "../restyle/garments.js";
import { useFiles } from "../ui/dropping.js";
import { Icon } from "../ui/icon.js";
import { Chip, Field, Head, Progress, Switch, typed } from "../ui/parts.js";
import { ProblemNote, told } from "../ui/problem.js";
import { Check } from "./check.js";
import { Gallery } from "./gallery.js";

/** @import {Lesson} from "./lesson.js" */

/** A new lesson: what, its pictures, a check, and the start. @param {{lesson: Lesson, open: string}} props */
export function New({ lesson, open }) {
  useChanging(lesson.changed);
  useEffect(() => {
    if (open && lesson.wish.style !== open) {
      lesson.clear();
      void lesson.open(open);
    }
  }, [open]);
  const { wish, pictures, busy, unreadable } = lesson;
  const { chosen, place } = useFiles((files) => lesson.add(files));
  return html`<section class="page teach" ...${place}>
    <${Head} back=${t("teach.back")} to="#/teach" title=${t("teach.new")} />

    <section class="teach-part"><h2><i>1</i>${t("teach.what")}</h2>
      <${Garment} lesson=${lesson} />
      <div class="pair">
        <${Field} label=${t("teach.name")} hint=${t("teach.name.hint")}>
          <input value=${wish.style} maxlength="40" autocapitalize="off" spellcheck="false" placeholder="my-skirt"
            onInput=${typed((style) => lesson.want({ style: style.toLowerCase().replace(/[\s_]+/g, "-") }))} /><//>
        <${Field} label=${t("teach.prompt")} hint=${t("teach.prompt.hint")}>
          <input value=${wish.prompt} spellcheck="false" placeholder="a photo of sks skirt" onInput=${typed((prompt) => lesson.want({ prompt }))} /><//>
      </div></section>

    <section class="teach-part"><h2><i>2</i>${t("teach.pictures")}</h2>
      <p class="lead">${t("teach.pictures.about")}</p>
      <div class="teach-ways">
        <label class="button primary"><${Icon} name="picture" />${t("teach.choose")}
          <input class="unseen" type="file" multiple accept="image/*,.heic,.heif" onChange=${chosen} /></label>
        <label class="button camera"><${Icon} name="camera" />${t("start.camera")}
          <input class="unseen" type="file" accept="image/*" capture="environment" onChange=${chosen} /></label>
        ${!pictures.length && html`<button type="button" class="button" onClick=${() => lesson.addSamples()}>${t("teach.samples")}</button>`}
        <small>${t("teach.drop")}</small>
      </div>
      ${unreadable.length > 0 && html`<div class="note" data-kind="wrong" role="alert"><strong>${t("teach.unreadable")}</strong>
        <p>${unreadable.join(", ")}</p><p>${t("teach.unreadable.do")}</p></div>`}
      <${Gallery} lesson=${lesson} /></section>

    <section class="teach-part"><h2><i>3</i>${t("teach.settings")}</h2>
      <${Switch} label=${t("teach.describe")} hint=${t("teach.describe.hint")} on=${wish.describe} onChange=${(/** @type {boolean} */ describe) => lesson.want({ describe })} />
      <${Switch} label=${t("teach.ask")} hint=${t("teach.ask.hint")} on=${wish.ask} onChange=${(/** @type {boolean} */ on) => lesson.want({ ask: on })} />
      <details><summary>${t("teach.more")}</summary><div class="pair">
        <${Field} label=${t("teach.steps")} hint=${t("teach.steps.hint")}>
          <input type="number" min="1" max="100000" inputmode="numeric" value=${wish.steps} onInput=${typed((steps) => lesson.want({ steps }))} /><//>
        <${Field} label=${t("teach.looks")} hint=${t("teach.looks.hint")}>
          <input type="number" min="1" max="10000" inputmode="numeric" value=${wish.looks} onInput=${typed((looks) => lesson.want({ looks }))} /><//>
        <${Field} label=${t("teach.gate")} hint=${t("teach.gate.hint")}>
          <input type="number" min="0" max="100" inputmode="numeric" value=${wish.gate} onInput=${typed((gate) => lesson.want({ gate }))} /><//>
      </div></details></section>

    <section class="teach-part"><h2><i>4</i>${t("teach.check")}</h2>
      <${Check} lesson=${lesson} />
      ${Boolean(lesson.trouble) && html`<${ProblemNote} told=${told(lesson.trouble)} />`}
      <${Start} lesson=${lesson} busy=${busy} /></section>
  </section>`;
}

/** @param {{lesson: Lesson}} props */
function Garment({ lesson }) {
  const { target } = lesson.wish;
  const [words, say] = useState(target);
  useEffect(() => say(target), [target]);
  const choose = (/** @type {string} */ chosen) => {
    if (!chosen.trim() || chosen === target) return;
    lesson.want({ target: chosen });
    void lesson.find();
  };
  const named = garmentIn(target);
  return html`<div class="field-label">${t("teach.garment")}</div>
    <div class="chips" role="group" aria-label=${t("teach.garment")}>
      ${GARMENTS.map((garment) => html`<${Chip} chosen=${named === garment} onClick=${() => choose(garment.say)}>${garment[language.now]}<//>`)}</div>
    <${Field} label=${t("garment.words")} hint=${t("garment.words.hint")}>
      <input value=${words} placeholder=${t("teach.garment.example")} onInput=${typed(say)} onChange=${() => choose(words)} /><//>`;
}

/** @param {{lesson: Lesson, busy: string}} props */
function Start({ lesson, busy }) {
  const missing = lesson.missing;
  const start = async () => {
    const started = await lesson.start();
    if (started) go(`#/teach/training/${started.id}`);
  };
  if (busy) {
    const sending = busy === "sending" && lesson.pictures.length;
    return html`<div class="teach-busy"><span role="status">${sending ? t("teach.busy.sending", { n: lesson.sent, of: lesson.pictures.length }) : t(`teach.busy.${busy}`)}</span>
      <${Progress} share=${sending ? lesson.sent / lesson.pictures.length : null} label=${t(`teach.busy.${busy}`, { n: lesson.sent, of: lesson.pictures.length })} /></div>`;
  }
  return html`<div class="teach-ways">
    ${lesson.current && html`<button type="button" class="button primary" onClick=${start}>${t("teach.start")}</button>`}
    <button type="button" class=${`button ${lesson.current ? "" : "primary"}`} disabled=${!!missing} onClick=${() => lesson.checkPictures()}>
      ${lesson.check ? t("teach.check.again") : t("teach.check.do")}</button>
    ${missing && html`<small>${t(missing)}</small>`}
    ${!missing && lesson.check && lesson.checked !== lesson.state && html`<small>${t("teach.check.stale")}</small>`}
  </div>`;
}
