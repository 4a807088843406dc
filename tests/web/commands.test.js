import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { curlOf, pythonOf } from "../../web/restyle/commands.js";
import { merged } from "../../web/history/merged.js";

const input = { mode: "style", image: "", mask_prompt: "a skirt", prompt: "it's `a` $5 \"red\" \\ skirt", seed: 7, adapter: "sunset@1", fast: true };

test("a shell sends with the curl command just what was asked, with the photo's bytes", () => {
  const folder = mkdtempSync(join(tmpdir(), "atelier-web-"));
  writeFileSync(join(folder, "photo.png"), "bytes of a photo");
  const command = curlOf({ url: "http://127.0.0.1:1", key: "k'ey", input: { ...input, mode: "inpaint", mask: "" }, photo: "photo.png" });
  writeFileSync(join(folder, "mask.png"), "mask");
  // Instead of curl, a function that shows its last input: the body.
  const sent = JSON.parse(execFileSync("sh", ["-c", `curl() { cat; }\n${command}`], { cwd: folder, encoding: "utf8" }));
  const uri = (/** @type {string} */ text) => `data:image/png;base64,${Buffer.from(text).toString("base64")}`;
  assert.deepEqual(sent, { input: { ...input, mode: "inpaint", image: uri("bytes of a photo"), mask: uri("mask") } });
});

test("the Python command is the client's call, with the key or where to find it", () => {
  assert.equal(
    pythonOf({ url: "http://h/p", key: "k", input: { ...input, prompt: "a red skirt" }, photo: "photo.png" }),
    'from atelier import Atelier\n\nwith Atelier("http://h/p", "k") as atelier:\n' +
      '    painted = atelier.style("photo.png", "a skirt", "a red skirt", seed=7, style="sunset@1", fast=True)\n    painted.save("restyled.png")\n',
  );
  const drawn = pythonOf({ url: "http://h/p", key: null, input: { mode: "inpaint", image: "", mask: "", prompt: "x" }, photo: "a.png" });
  assert.match(drawn, /os\.environ\["ATELIER_API_KEY"\]/);
  assert.match(drawn, /atelier\.edit\("a\.png", "x", mask="mask\.png"\)/);
});

test("history has each thing once, the newest first, and no masks", () => {
  const kept = /** @type {any[]} */ ([{ id: "a", at: 5, wish: { prompt: "mine", style: "" } }, { id: "local", at: 9000, wish: { prompt: "only here", style: "" } }]);
  const listed = /** @type {any[]} */ ([
    { id: "a", created_at: "1970-01-01T00:00:03Z", input: { prompt: "mine", mode: "style" } },
    { id: "b", created_at: "1970-01-01T00:00:20Z", input: { prompt: "elsewhere", mode: "inpaint" } },
    { id: "c", created_at: "1970-01-01T00:00:21Z", input: { mode: "segment" } },
  ]);
  assert.deepEqual(merged(kept, listed).map(({ id, words, kept: here }) => [id, words, !!here]), [["b", "elsewhere", false], ["local", "only here", true], ["a", "mine", true]]);
});
