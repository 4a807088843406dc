/** @import {Training} from "./types.js" */

/** What people see of the state machine's states, in their order; a state that is not here belongs to the step before it. */
const STEPS = /** @type {const} */ ([
  ["prepare", ["Prepare"]],
  ["segment", ["Segment"]],
  ["learn", ["FineTune", "Search"]],
  ["judge", ["Evaluate", "Gate"]],
  ["register", ["EnsureModelPackageGroup", "Register"]],
  ["approve", ["RequestApproval", "AutoApprove"]],
  ["publish", ["Publish", "DeployEndpoint", "SmokeTest", "Promote", "Notify"]],
]);

/** @typedef {"done" | "now" | "failed" | "open"} StepState */

/**
 * How far a training is, step by step.
 * @param {Training} training
 * @returns {{name: string, state: StepState}[]}
 */
export function stepsOf({ stage, status, input, error, logs }) {
  const steps = input.preflight ? STEPS.slice(0, 2) : STEPS;
  const [, failed = ""] = /^([A-Z]\w+): /.exec(error ?? "") ?? [];
  const place = (/** @type {string | null} */ state) => steps.findIndex(([, states]) => states.some((known) => state?.startsWith(known)));
  // What a state is that no step names, the last one says that was named before it.
  const before = [...logs.matchAll(/ (\w+) started$/gm)].map(([, state = ""]) => place(state));
  const at = [place(failed), place(stage), ...before.reverse()].find((n) => n >= 0) ?? -1;
  return steps.map(([name], n) => ({ name, state: stateOf(n, at, status) }));
}

/** @param {number} n @param {number} at @param {Training["status"]} status @returns {StepState} */
function stateOf(n, at, status) {
  if (status === "succeeded" || n < at) return "done";
  if (n > Math.max(at, 0)) return "open";
  return status === "failed" || status === "canceled" ? "failed" : "now";
}

/**
 * A look at a training, with the addresses that an earlier look gave to the same pictures: a presigned address is another one at each look, and
 * what is seen would be fetched again and again.
 * @param {Training | null} before
 * @param {Training} now
 * @returns {Training}
 */
export function steady(before, now) {
  if (!before) return now;
  const sameLooks = before.looks?.length === now.looks?.length;
  const sameReport = before.report && now.report && names(before.report.pictures) === names(now.report.pictures);
  return { ...now, strip: sameLooks && before.strip ? before.strip : now.strip, report: sameReport ? before.report : now.report };
}

/** @param {Record<string, string>} pictures */
function names(pictures) {
  return Object.keys(pictures).sort().join();
}
