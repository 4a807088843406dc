/** @import {Studio} from "./studio.js" */

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
