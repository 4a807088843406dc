import { html } from "../vendor/preact.js";
import { readPhoto } from "../core/pictures.js";
import { t } from "../core/words.js";
import { Icon } from "../ui/icon.js";
import { say } from "../ui/toast.js";
import { findMask } from "./finding.js";
import { SAMPLES } from "./studio.js";

/** @import {Studio} from "./studio.js" */

/** The pictures among what was dropped or pasted. @param {DataTransfer | null} data @returns {File[]} */
export function filesOf(data) {
  return [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/") || /\.(heic|heif)$/i.test(file.name));
}

/** Begin with a file; where words were said before, find them on it too. @param {Studio} studio @param {File} file */
export async function takeFile(studio, file) {
  let photo;
  try {
    photo = await readPhoto(file);
  } catch {
    const heic = /\.(heic|heif)$/i.test(file.name) || /hei[cf]/.test(file.type);
    return say(t(heic ? "start.heic" : "start.unreadable", { name: file.name }), "wrong");
  }
  studio.take(photo);
  await findMask(studio);
}

/** Nothing is chosen yet: ways to a photo. @param {{studio: Studio}} props */
export function Start({ studio }) {
  const chosen = (/** @type {Event} */ event) => {
    const [file] = /** @type {HTMLInputElement} */ (event.target).files ?? [];
    if (file) void takeFile(studio, file);
  };
  const sample = async (/** @type {string} */ name) => {
    await studio.takeSample(name);
    await findMask(studio);
  };
  return html`<section class="start">
    <div class="start-words">
      <h1>${t("start.title")}</h1>
      <p>${t("start.about")}</p>
      <ol class="start-steps">${["help.step1", "help.step2", "help.step3"].map((step) => html`<li>${t(step).replace(/\.$/, "")}</li>`)}</ol>
      <div class="start-ways">
        <label class="button primary"><${Icon} name="picture" />${t("start.choose")}
          <input class="unseen" type="file" accept="image/*,.heic,.heif" onChange=${chosen} /></label>
        <label class="button camera"><${Icon} name="camera" />${t("start.camera")}
          <input class="unseen" type="file" accept="image/*" capture="environment" onChange=${chosen} /></label>
      </div>
      <small>${t("start.drop")}</small>
    </div>
    <div class="start-samples">
      <h2>${t("start.samples")}</h2>
      <ul>${SAMPLES.map((name, n) => html`<li><button type="button" onClick=${() => sample(name)}>
        <img src=${`./samples/${name}.png`} alt=${t("start.sample", { n: n + 1 })} width="256" height="256" /></button></li>`)}</ul>
    </div>
  </section>`;
}
