import { html, useState } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { Field, typed } from "./parts.js";

/** Who is not let in yet signs in, or gives an API key for this tab. @param {{session: import("../core/session.js").Session}} props */
export function Access({ session }) {
  const [key, setKey] = useState("");
  const give = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (key.trim()) session.useKey(key);
  };
  const refused = session.refused && html`<p class="field-wrong" role="alert">${t("access.refused")}</p>`;
  if (session.config.sign_in) {
    return html`<section class="page narrow"><h1>${t("access.sign_in.title")}</h1><p>${t("access.sign_in.about")}</p>${refused}
      <button type="button" class="button primary" onClick=${() => session.signIn()}>${t("access.sign_in")}</button></section>`;
  }
  return html`<section class="page narrow"><h1>${t("access.key.title")}</h1><p>${t("access.key.about")}</p>${refused}
    <form onSubmit=${give}>
      <${Field} label=${t("access.key")}>
        <input type="password" autocomplete="off" spellcheck="false" value=${key} onInput=${typed(setKey)} /><//>
      <button class="button primary" disabled=${!key.trim()}>${t("access.key.use")}</button>
    </form></section>`;
}
