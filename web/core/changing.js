import { useEffect, useState } from "../vendor/preact.js";

/**
 * A value that several parts of the page see, and are told of when it changes.
 * @template T
 */
export class Changing {
  /** @param {T} first */
  constructor(first) {
    this.now = first;
    /** @type {Set<(now: T) => void>} */
    this.heard = new Set();
  }

  /** @param {T} next */
  set(next) {
    this.now = next;
    for (const hear of this.heard) hear(next);
  }
}

/**
 * The value as it is now; who asks is drawn again when it changes.
 * @template T
 * @param {Changing<T>} changing
 * @returns {T}
 */
export function useChanging(changing) {
  const [, draw] = useState({});
  useEffect(() => {
    const hear = () => draw({});
    changing.heard.add(hear);
    return () => void changing.heard.delete(hear);
  }, [changing]);
  return changing.now;
}
