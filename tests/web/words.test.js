import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const web = new URL("../../web/", import.meta.url);

/** @param {string} language @returns {Promise<Record<string, string>>} */
async function textsOf(language) {
  const parts = readdirSync(new URL(`text/${language}/`, web)).map((name) => import(new URL(`text/${language}/${name}`, web).href));
  return Object.assign({}, ...(await Promise.all(parts)).map((part) => part.default));
}
const [en, ko] = [await textsOf("en"), await textsOf("ko")];
const files = readdirSync(web, { recursive: true }).map(String).filter((name) => name.endsWith(".js") && !/^(vendor|text)/.test(name));
const code = files.map((name) => readFileSync(new URL(name, web), "utf8")).join("\n");

test("both languages have the same keys, with the same values in them", () => {
  assert.deepEqual(Object.keys(ko).sort(), Object.keys(en).sort());
  const values = (/** @type {string} */ text) => [...new Set(text.match(/\{\w+\}/g))].sort();
  for (const [key, text] of Object.entries(en)) assert.deepEqual(values(ko[key]), values(text), key);
});

test("Korean texts are Korean", () => {
  const same = Object.entries(ko).filter(([key, text]) => text === en[key]);
  assert.deepEqual(same.map(([key]) => key).sort(), ["commands.mask", "negative.example", "prompt.example"]);
});

test("every key that the code says is a text", () => {
  const said = [...code.matchAll(/\bt\("([^"]+)"/g)].map(([, key]) => key ?? "");
  assert.ok(said.length > 80);
  assert.deepEqual(said.filter((key) => !(key in en)), []);
});

test("every text is said somewhere, as a whole or by the beginning of its key", () => {
  const begins = [...code.matchAll(/`([a-z_.]+)\$\{/g)].map(([, begin]) => begin ?? "");
  const unsaid = Object.keys(en).filter((key) => !code.includes(`"${key}"`) && !begins.some((begin) => begin && key.startsWith(begin)));
  assert.deepEqual(unsaid, []);
});
