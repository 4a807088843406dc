/** @import {Columns, Row} from "./types.js" */

/** How a column may be called that has a meaning; any other may be named in the words. */
const MEANINGS = {
  photo: ["photo", "image", "picture", "file", "filename", "사진", "이미지", "파일"],
  garment: ["garment", "mask_prompt", "target", "옷", "의류"],
  words: ["words", "prompt", "설명", "말"],
  style: ["style", "version", "스타일"],
};

/**
 * The lines of a CSV text: commas, semicolons or tabs, whichever its first line has most of, and quotes around what holds them (RFC 4180).
 * @param {string} text
 * @returns {string[][]}
 */
export function cellsOf(text) {
  const first = text.replace(/^\ufeff/, "").split(/\r?\n/, 1)[0] ?? "";
  const count = (/** @type {string} */ mark) => first.split(mark).length;
  const separator = [",", ";", "\t"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
  /** @type {string[][]} */
  const lines = [[]];
  let cell = "";
  let quoted = false;
  const source = text.replace(/^\ufeff/, "");
  const end = () => void (lines.at(-1)?.push(cell), (cell = ""));
  for (let n = 0; n < source.length; n++) {
    const letter = source[n] ?? "";
    if (quoted && letter === '"' && source[n + 1] === '"') cell += source[n++];
    else if (letter === '"') quoted = !quoted;
    else if (quoted) cell += letter;
    else if (letter === separator) end();
    else if (letter === "\n") (end(), lines.push([]));
    else if (letter !== "\r") cell += letter;
  }
  end();
  return lines.filter((line) => line.some((each) => each.trim()));
}

/**
 * The rows of a list, whose first line names its columns. Raises where no column names the photos.
 * @param {string} text
 * @returns {Row[]}
 */
export function rowsOf(text) {
  const [head = [], ...lines] = cellsOf(text);
  const names = head.map((name) => name.trim());
  const place = (/** @type {keyof typeof MEANINGS} */ meaning) => names.findIndex((name) => MEANINGS[meaning].includes(name.toLowerCase()));
  const [photo, garment, words, style] = [place("photo"), place("garment"), place("words"), place("style")];
  if (photo < 0) throw new ListError(names.join(", "), MEANINGS.photo.slice(0, 5).join(", "));
  return lines.map((line) => {
    const cell = (/** @type {number} */ n) => (line[n] ?? "").trim();
    const columns = Object.fromEntries(names.map((name, n) => [name, cell(n)]));
    return { photo: cell(photo), garment: cell(garment), words: cell(words), style: cell(style), columns };
  });
}

/** A list without a column that names photos. */
export class ListError extends Error {
  /** @param {string} got @param {string} allowed */
  constructor(got, allowed) {
    super(`columns: got ${got}; allowed: ${allowed}`);
    this.got = got;
    this.allowed = allowed;
  }
}

/**
 * Words with `{column}` replaced by the row's value.
 * @param {string} words
 * @param {Columns} columns
 */
export function filled(words, columns) {
  return words.replace(/\{([^{}]+)\}/g, (whole, name) => columns[name.trim()] ?? whole);
}

/** The columns that words name and a row lacks. @param {string} words @param {Columns} columns */
export function unknownColumns(words, columns) {
  return [...words.matchAll(/\{([^{}]+)\}/g)].map(([, name = ""]) => name.trim()).filter((name) => !(name in columns));
}

/** The last part of a path, as lists and folders name photos. @param {string} path */
export function baseName(path) {
  return path.normalize("NFC").split(/[/\\]/).pop() ?? path;
}
