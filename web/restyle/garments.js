/**
 * Garments to choose by a click: the words that find each, and its names. Both are known to the model server (contracts/garments.py).
 * @type {readonly {say: string, en: string, ko: string}[]}
 */
export const GARMENTS = [
  { say: "a skirt", en: "skirt", ko: "치마" },
  { say: "a shirt", en: "shirt", ko: "셔츠" },
  { say: "trousers", en: "trousers", ko: "바지" },
  { say: "a dress", en: "dress", ko: "원피스" },
  { say: "a jacket", en: "jacket", ko: "재킷" },
  { say: "a pullover", en: "pullover", ko: "스웨터" },
  { say: "a coat", en: "coat", ko: "코트" },
  { say: "shoes", en: "shoes", ko: "신발" },
  { say: "a hat", en: "hat", ko: "모자" },
  { say: "a bag", en: "bag", ko: "가방" },
];

/**
 * The garment that words name, without what describes it: of "a red skirt" and "치마" the skirt.
 * @param {string} words
 */
export function garmentIn(words) {
  const spoken = words.toLowerCase();
  const named = (/** @type {string} */ name) => new RegExp(`(^|[^\\p{L}-])${name}($|[^\\p{L}-])`, "u").test(spoken);
  return GARMENTS.find(({ en, ko }) => named(en) || spoken.includes(ko)) ?? null;
}
