import { html, useEffect, useState } from "../vendor/preact.js";
import { follow } from "../core/waiting.js";
import { t } from "../core/words.js";
import { Spinner } from "./parts.js";
import { ProblemNote, told } from "./problem.js";
import { say } from "./toast.js";

/**
 * What the API says of something, `of` which it is asked when it is first drawn, and `again`.
 * @template T
 * @param {(signal: AbortSignal, heard: (now: T) => void) => Promise<T>} ask what `heard` is told is shown meanwhile
 * @param {unknown} [of]
 */
export function useAsked(ask, of) {
  const [now, show] = useState(/** @type {T | null} */ (null));
  const [trouble, fail] = useState(/** @type {unknown} */ (null));
  const [round, next] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const heard = (/** @type {T} */ told) => void (signal.aborted || show(told));
    fail(null);
    ask(signal, heard).then(heard, (error) => signal.aborted || fail(error));
    return () => leaving.abort();
  }, [of, round]);
  return { now, trouble, again: () => next((n) => n + 1) };
}

/**
 * The same of what goes on, until it has ended.
 * @template {{status: string, stage: string | null}} T
 * @param {(signal: AbortSignal) => Promise<T>} look
 * @param {unknown} of
 * @param {(before: T | null, now: T) => T} [steady] what of an earlier look stays
 */
export function useFollowed(look, of, steady = (_before, now) => now) {
  return useAsked(async (/** @type {AbortSignal} */ signal, /** @type {(now: T) => void} */ heard) => {
    let last = /** @type {T | null} */ (null);
    const see = async () => (last = steady(last, await look(signal)));
    return follow(await see(), see, { signal, heard });
  }, of);
}

/** Whether something is being done, and a way to do it, after which what went wrong is said. */
export function useDoing() {
  const [busy, act] = useState(false);
  const doing = async (/** @type {() => unknown} */ what) => {
    act(true);
    try {
      await what();
    } catch (error) {
      say(`${told(error).title}. ${told(error).advice}`, "wrong");
    }
    act(false);
  };
  return { busy, doing };
}

/** That something comes, or why it did not and a way to ask again; nothing where it is there. @param {{of: {now: unknown, trouble: unknown, again: () => void}}} props */
export function Asked({ of: { now, trouble, again } }) {
  if (trouble) return html`<${ProblemNote} told=${told(trouble)}><button type="button" class="button small" onClick=${again}>${t("again")}</button><//>`;
  return !now && html`<p class="found"><${Spinner} label=${t("reading")} /> ${t("reading")}</p>`;
}
