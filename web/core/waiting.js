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
  return Math.min(0.5 * 1.35 ** looks, stage === "waking" ? 10 : 3);
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
