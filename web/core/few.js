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
