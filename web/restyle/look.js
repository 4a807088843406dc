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

/** Colours of cloth to begin with, by their names in the texts. */
const SWATCHES = /** @type {const} */ ([
  ["ink", "#1f2328"], ["ivory", "#efe8da"], ["camel", "#b98a5a"], ["rust", "#a4452c"], ["rose", "#cf7f8b"],
  ["moss", "#5c6b3c"], ["teal", "#1f6f70"], ["navy", "#22345c"], ["plum", "#5d3358"],
]);

/** The garment's colour, exactly; none: what the words say. @param {{colour: string, onChange: (colour: string) => void}} props */
export function Colours({ colour, onChange }) {
  const own = colour && !SWATCHES.some(([, value]) => value === colour);
  return html`<div class="colours" role="group" aria-label=${t("colour")}>
    <div class="field-label">${t("colour")}<small>${colour || t("colour.none")}</small></div>
    <div class="swatches">
      <button type="button" class="swatch none" aria-label=${t("colour.none")} title=${t("colour.none")} aria-pressed=${!colour} onClick=${() => onChange("")}></button>
      ${SWATCHES.map(([name, value]) => html`<button type="button" class="swatch" aria-label=${t(`colour.${name}`)} title=${t(`colour.${name}`)}
        aria-pressed=${colour === value} style=${{ backgroundColor: value }} onClick=${() => onChange(value)}></button>`)}
      <label class="swatch any" data-chosen=${own ? "" : undefined} title=${t("colour.own")} style=${own ? { backgroundColor: colour } : {}}>
        <span class="unseen">${t("colour.own")}</span><input type="color" value=${colour || "#a4452c"} onInput=${typed(onChange)} /></label>
    </div>
  </div>`;
}
