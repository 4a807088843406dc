import { html, useState } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { Dialog } from "../ui/dialog.js";
import { Chip } from "../ui/parts.js";
import { say } from "../ui/toast.js";
import { inputOf } from "./wish.js";

/** @import {Result} from "./types.js" */
/** @import {Studio} from "./studio.js" */

/** Options of the Python client, by the body's fields where their names differ. @type {Record<string, string>} */
const OPTIONS = { adapter: "style" };

/**
 * The command for a terminal that paints the same: the photo (and the mask, where one was drawn) beside it.
 * @param {{url: string, key: string | null, input: Record<string, unknown>, photo: string}} what `url` ends before /v1
 */
export function curlOf({ url, key, input, photo }) {
  const file = (/** @type {string} */ name) => `data:${name.endsWith("png") ? "image/png" : "image/jpeg"};base64,$(base64 < ${quoted(name)} | tr -d '\\n')`;
  const files = { image: file(photo), ...(input.mask === undefined ? {} : { mask: file("mask.png") }) };
  const [image, mask] = ["@image@", "@mask@"];
  const text = JSON.stringify({ input: { ...input, image, ...(files.mask ? { mask } : {}) } }, null, 2);
  // In a here-document the shell replaces $, ` and \: those of the words stay as they are.
  const body = text.replace(/[\\$`]/g, "\\$&").replace(image, () => files.image).replace(mask, () => files.mask ?? "");
  const asked = [
    `curl -sS --fail-with-body ${quoted(`${url}/v1/predictions`)}`,
    `-H ${key ? quoted(`x-api-key: ${key}`) : '"x-api-key: $ATELIER_API_KEY"'}`,
    "-H 'content-type: application/json' -H 'prefer: wait' -d @- <<BODY",
  ];
  return `${asked.join(" \\\n  ")}\n${body}\nBODY\n`;
}

/** The same in Python, by the client of docs/client.md. @param {{url: string, key: string | null, input: Record<string, unknown>, photo: string}} what */
export function pythonOf({ url, key, input, photo }) {
  const { mode, image: _image, mask, mask_prompt, prompt, ...more } = input;
  const options = Object.entries(more).map(([name, value]) => `${OPTIONS[name] ?? name}=${literal(value)}`);
  const words = mode === "style" ? [mask_prompt, prompt].map(literal) : [literal(prompt), 'mask="mask.png"'];
  const call = `atelier.${mode === "style" ? "style" : "edit"}(${[literal(photo), ...words, ...options].join(", ")})`;
  const client = key ? `Atelier(${literal(url)}, ${literal(key)})` : `Atelier(${literal(url)}, os.environ["ATELIER_API_KEY"])`;
  return `${key ? "" : "import os\n\n"}from atelier import Atelier\n\nwith ${client} as atelier:\n    painted = ${call}\n    painted.save("restyled.png")\n`;
}

/** @param {unknown} value @returns {string} */
function literal(value) {
  return typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value);
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What was asked, as commands to copy. @param {{studio: Studio, result: Result, onClose: () => void}} props */
export function CommandsDialog({ studio, result, onClose }) {
  const [kind, choose] = useState(/** @type {"curl" | "Python"} */ ("curl"));
  const url = new URL(".", document.baseURI).href.replace(/\/$/, "");
  const input = inputOf(result.wish, { image: "", mask: result.mask && "" });
  const what = { url, key: studio.use.session.shownKey, input, photo: result.before.name };
  const text = kind === "curl" ? curlOf(what) : pythonOf(what);
  const copy = () => navigator.clipboard.writeText(text).then(() => say(t("copied")), () => say(t("copy.by_hand")));
  return html`<${Dialog} title=${t("commands")} onClose=${onClose} wide>
    <div class="chips">${/** @type {const} */ (["curl", "Python"]).map((name) => html`<${Chip} chosen=${kind === name} onClick=${() => choose(name)}>${name}<//>`)}</div>
    <pre tabindex="0">${text}</pre>
    <p><small>${t(result.mask ? "commands.files.mask" : "commands.files", { photo: result.before.name })}</small></p>
    <div class="note-actions"><button type="button" class="button primary" onClick=${copy}>${t("copy")}</button>
      ${result.mask && html`<a class="button" href=${URL.createObjectURL(result.mask)} download="mask.png">${t("commands.mask")}</a>`}
      <a class="button" href=${result.before.url} download=${result.before.name}>${t("commands.photo")}</a></div>
  <//>`;
}
