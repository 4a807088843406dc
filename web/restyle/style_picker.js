import { html } from "../vendor/preact.js";
import { t } from "../core/words.js";
import { useAsked } from "../ui/asked.js";
import { Chip, Field, Slider, typed } from "../ui/parts.js";

/** @import {Studio} from "./studio.js" */

/** Which style paints, and which version of it. @param {{studio: Studio}} props */
export function StylePicker({ studio }) {
  const { styles, wish } = studio;
  const [name = "", number = ""] = wish.style.split("@");
  const usable = (styles ?? []).filter((style) => style.promoted || style.versions);
  if (!usable.length && !name) return null;
  const choose = (/** @type {string} */ style) => studio.want({ style });
  return html`<div class="styles" role="group" aria-label=${t("style")}>
    <div class="field-label">${t("style")}</div>
    <div class="chips">
      <${Chip} chosen=${!name} onClick=${() => choose("")}>${t("style.none")}<//>
      ${usable.map(({ style }) => html`<${Chip} chosen=${style === name} onClick=${() => choose(style)}>${style}<//>`)}
      ${name && !usable.some(({ style }) => style === name) && html`<${Chip} chosen=${true} onClick=${() => choose(name)}>${name}<//>`}
    </div>
    ${name && html`<div class="pair"><${Versions} key=${name} studio=${studio} name=${name} number=${number} onChoose=${choose} />
      <${Slider} label=${t("style.strength")} value=${wish.strength} min=${0} max=${2} step=${0.05} shown=${wish.strength.toFixed(2)}
        onInput=${(/** @type {number} */ strength) => studio.want({ strength })} /></div>`}
  </div>`;
}

/** @param {{studio: Studio, name: string, number: string, onChoose: (style: string) => void}} props */
function Versions({ studio, name, number, onChoose }) {
  const { now } = useAsked(() => studio.use.api.style(name));
  const versions = now?.versions.filter((version) => version.published) ?? [];
  const promoted = versions.find((version) => version.promoted);
  return html`<${Field} label=${t("style.version")}>
    <select value=${number} onChange=${typed((chosen) => onChoose(chosen ? `${name}@${chosen}` : name))}>
      <option value="">${promoted ? t("style.promoted", { n: promoted.number }) : t("style.promoted.none")}</option>
      ${versions.map((version) => html`<option value=${String(version.number)}>${version.number}</option>`)}
      ${number && !versions.some((version) => String(version.number) === number) && html`<option value=${number}>${number}</option>`}
    </select><//>`;
}

/** Styles whose promoted version is read at the start, for the words that call it and the garment that it was learnt from. */
const MOST_READ = 12;

/**
 * Read which styles there are; without them the page paints with the base model.
 * @param {Studio} studio
 */
export async function readStyles(studio) {
  const { api } = studio.use;
  let styles;
  try {
    styles = await api.styles();
  } catch (trouble) {
    return studio.update({ trouble });
  }
  studio.update({ styles });
  const promoted = styles.filter((style) => style.promoted).slice(0, MOST_READ);
  const read = await Promise.allSettled(promoted.map(({ style, promoted: name }) => api.version(style, Number(name?.split("@")[1]))));
  const cards = read.flatMap((card) => (card.status === "fulfilled" ? [[card.value.version.split("@")[0], card.value]] : []));
  studio.update({ cards: { ...studio.cards, ...Object.fromEntries(cards) } });
  studio.suggest();
}
