import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../../web/core/api.js";
import { ApiProblem, readError } from "../../web/core/problem.js";
import { follow, pause } from "../../web/core/waiting.js";

/** @param {(Response | Error)[]} answers */
function asked(answers) {
  /** @type {{address: string, sent: any}[]} */
  const seen = [];
  /** @type {number[]} */
  const waits = [];
  const api = new Api({
    authorization: async () => ({ "x-api-key": "k" }),
    language: () => "ko",
    wait: async (seconds) => void waits.push(seconds),
    fetch: async (address, sent) => {
      seen.push({ address: String(address), sent });
      const answer = answers.shift();
      if (answer instanceof Error || !answer) throw answer;
      return answer;
    },
  });
  return { api, seen, waits };
}

test("what makes something is asked for again with the same key, after as long as the answer says", async () => {
  const busy = new Response("{}", { status: 429, headers: { "retry-after": "7" } });
  const { api, seen, waits } = asked([busy, new TypeError("gone"), Response.json({ id: "p" }, { status: 201 })]);
  assert.equal((await api.predict({ mode: "segment" })).id, "p");
  assert.deepEqual(waits, [7, 2]);
  const keys = seen.map(({ sent }) => sent.headers["idempotency-key"]);
  assert.ok(keys[0]);
  assert.deepEqual(new Set(keys).size, 1);
  assert.deepEqual(seen.map(({ address }) => address), Array(3).fill("./v1/predictions"));
  assert.equal(seen[0]?.sent.headers["accept-language"], "ko");
  assert.equal(seen[0]?.sent.headers["x-api-key"], "k");
});

test("a refusal is not repeated, and has every line", async () => {
  const errors = [{ what: "input.prompt", got: "nude", allowed: "words for clothes", reason: "words-nudity" }];
  const { api, seen } = asked([Response.json({ detail: "no", reason: "words-nudity", errors }, { status: 422 })]);
  await assert.rejects(api.predict({}), (error) => error instanceof ApiProblem && error.reason === "words-nudity" && error.lines.length === 1);
  assert.equal(seen.length, 1);
});

test("an outage is given up after five tries", async () => {
  const { api, seen } = asked(Array.from({ length: 9 }, () => new Response("<html>", { status: 503, statusText: "busy" })));
  await assert.rejects(api.styles(), { status: 503, message: "busy" });
  assert.equal(seen.length, 5);
});

test("a list is read to its end, by addresses of the page's own origin", async () => {
  const next = "https://abc.execute-api.example/live/v1/styles?cursor=2";
  const { api, seen } = asked([Response.json({ results: [{ style: "a" }], next }), Response.json({ results: [{ style: "b" }], next: null })]);
  assert.deepEqual((await api.styles()).map(({ style }) => style), ["a", "b"]);
  assert.equal(seen[1]?.address, "./v1/styles?cursor=2");
});

test("an upload is put with the headers that its address wants, and may have been put before", async () => {
  const address = { uri: "uploads/a.png", headers: { "if-none-match": "*" }, urls: { upload: "https://bucket.example/a" } };
  const { api, seen } = asked([Response.json(address, { status: 201 }), new Response(null, { status: 412 })]);
  const { uri } = await api.upload(new Blob(["abc"], { type: "image/png" }), { name: "a.png" });
  assert.equal(uri, "uploads/a.png");
  assert.deepEqual(JSON.parse(seen[0]?.sent.body), { name: "a.png", purpose: "upload", content_type: "image/png", size: 3 });
  assert.deepEqual(seen[1]?.sent.headers, { "if-none-match": "*" });
});

test("what goes on is looked at until it has ended, less and less often", async () => {
  const looks = ["starting", "processing", "succeeded"].map((status) => ({ status, stage: "running" }));
  /** @type {number[]} */
  const waits = [];
  /** @type {string[]} */
  const heard = [];
  const first = /** @type {{status: string, stage: string}} */ (looks.shift());
  const ended = await follow(first, async () => looks.shift() ?? first, {
    heard: ({ status }) => heard.push(status), wait: async (seconds) => void waits.push(seconds),
  });
  assert.equal(ended.status, "succeeded");
  assert.deepEqual(heard, ["starting", "processing", "succeeded"]);
  assert.ok((waits[0] ?? 9) < (waits[1] ?? 0));
  assert.equal(pause(99, "running"), 3);
  assert.equal(pause(99, "waking"), 10);
});

test("a prediction's error is taken apart", () => {
  assert.deepEqual(readError("MaskCoversSkinError: mask: got 90 % skin; allowed: less"), {
    name: "MaskCoversSkinError", line: { what: "mask", got: "90 % skin", allowed: "less" },
  });
  assert.deepEqual(readError("it went wrong"), { name: "", line: { what: "it went wrong" } });
});
