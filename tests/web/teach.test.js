import assert from "node:assert/strict";
import { test } from "node:test";
import { readFailure } from "../../web/teach/check.js";
import { scales } from "../../web/teach/curve.js";
import { freeName, placeOf, stem } from "../../web/teach/pictures.js";
import { photosOf } from "../../web/teach/report.js";
import { steady, stepsOf } from "../../web/teach/steps.js";

/** @param {Record<string, unknown>} is @returns {any} */
const training = (is) => ({ status: "processing", stage: null, input: {}, error: null, logs: "", looks: null, strip: null, report: null, ...is });
/** @param {any} of */
const states = (of) => stepsOf(of).map(({ state }) => state);

test("no two pictures have one name before the ending, and none leaves its folder", () => {
  const taken = new Set(["skirt"]);
  assert.equal(freeName("skirt.jpg", taken), "skirt-2.jpg");
  assert.equal(freeName("skirt.png", taken), "skirt-3.png");
  assert.equal(freeName("../치마.png".normalize("NFD"), new Set()), "-치마.png");
  assert.equal(stem("a.b.png"), "a.b");
});

test("what is set aside to judge by lies in a folder of its own", () => {
  assert.equal(placeOf(/** @type {any} */ ({ name: "a.png", judges: true })), "evaluation/a.png");
  assert.equal(placeOf(/** @type {any} */ ({ name: "a.png", judges: false })), "a.png");
});

test("the step that goes on is that of the state at work", () => {
  assert.deepEqual(states(training({ stage: "FineTune" })), ["done", "done", "now", "open", "open", "open", "open"]);
  assert.deepEqual(states(training({ stage: "RequestApproval" })), ["done", "done", "done", "done", "done", "now", "open"]);
  assert.deepEqual(states(training({ stage: null })), ["now", ...Array(6).fill("open")]);
  assert.deepEqual(states(training({ status: "succeeded", stage: "done", input: { preflight: true } })), ["done", "done"]);
});

test("a training that failed ended at the step that its error names, or where its log says", () => {
  const error = "Gate: GateNotMet: garment_share: got 0.2; allowed: at least 0.5";
  assert.deepEqual(states(training({ status: "failed", stage: "Reject", error })), ["done", "done", "done", "failed", "open", "open", "open"]);
  const logs = "2026-11-28T01:00:00Z Prepare started\n2026-11-28T01:00:01Z Segment started\n2026-11-28T01:00:02Z Unknown started\n";
  assert.deepEqual(states(training({ status: "canceled", stage: "Unknown", logs })), ["done", "failed", "open", "open", "open", "open", "open"]);
});

test("an error is taken apart: where, what it is called, what was got and what is allowed", () => {
  assert.deepEqual(readFailure("Gate: GateNotMet: garment_share: got 0.2; allowed: at least 0.5"), {
    state: "Gate", name: "GateNotMet", line: { what: "garment_share", got: "0.2", allowed: "at least 0.5" },
  });
  assert.deepEqual(readFailure("CanceledError: "), { state: "", name: "CanceledError", line: { what: "" } });
  assert.deepEqual(readFailure("something else"), { state: "", name: "", line: { what: "something else" } });
});

test("the curve begins at its left edge, falls with the loss, and has room for its highest value", () => {
  const { x, y, last, most } = scales([{ step: 0, loss: 2 }, { step: 10, loss: 1 }], [{ step: 10, loss: 4, garment_share: null, best: true }]);
  assert.deepEqual([last, most], [10, 4]);
  assert.ok(x(10) > x(5) && x(5) > x(0));
  assert.ok(y(1) > y(2) && y(2) > y(4) && y(4) >= 0);
});

test("the same pictures keep their addresses from one look to the next, and new ones get theirs", () => {
  const first = training({ looks: [1], strip: "a?1", report: { pictures: { x_after: "1" } } });
  const same = steady(first, training({ looks: [1], strip: "a?2", report: { pictures: { x_after: "2" } } }));
  assert.deepEqual([same.strip, same.report?.pictures.x_after], ["a?1", "1"]);
  const more = steady(same, training({ looks: [1, 2], strip: "a?3", report: { pictures: { x_after: "3", y_after: "4" } } }));
  assert.deepEqual([more.strip, more.report?.pictures.y_after], ["a?3", "4"]);
});

test("a report's pictures belong to photos, of which only those are shown that were repainted", () => {
  assert.deepEqual(photosOf({ "a_b_before": "1", "a_b_after": "2", "c_mask": "3" }), [{ name: "a_b", urls: { before: "1", after: "2" } }]);
});
