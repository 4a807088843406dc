/**
 * Let time pass, or reject with the signal's reason once it is aborted.
 * @param {number} seconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function sleep(seconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Seconds between two looks at something that goes on: short at first, then longer.
 * @param {number} looks that were taken so far
 * @param {string | null} stage as the API names it; what wakes takes minutes
 */
export function pause(looks, stage) {
  return Math.min(0.2 * 1.5 ** looks, stage === "waking" ? 10 : 3);
}

/**
 * Look at something until it has ended.
 * @template {{status: string, stage: string | null}} T
 * @param {T} first as it was told last
 * @param {() => Promise<T>} look
 * @param {{signal?: AbortSignal, heard?: (now: T) => void, wait?: typeof sleep}} [how]
 * @returns {Promise<T>}
 */
export async function follow(first, look, { signal, heard = () => {}, wait = sleep } = {}) {
  let now = first;
  heard(now);
  for (let looks = 0; now.status === "starting" || now.status === "processing"; looks++) {
    await wait(pause(looks, now.stage), signal);
    now = await look();
    heard(now);
  }
  return now;
}

/** Requests that this page makes at a time where there are many: a phone's connection has room for no more. */
const AT_ONCE = 3;

/**
 * Do something with each, a few at once; the first error ends it.
 * @template T
 * @param {T[]} all
 * @param {(one: T) => Promise<void>} act
 */
export async function fewAtOnce(all, act) {
  const open = [...all];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let one = open.shift(); one !== undefined; one = open.shift()) await act(one);
  }));
}
