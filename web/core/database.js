/** @import {Kept} from "./types.js" */

const NAME = "atelier";
const STORE = "restyled";
/** Things that are kept at most; the oldest go. */
const MOST = 200;

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

/** @returns {Promise<IDBDatabase>} */
function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" }).createIndex("at", "at");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} use
 * @returns {Promise<T>}
 */
async function within(mode, use) {
  const store = (await database()).transaction(STORE, mode).objectStore(STORE);
  return new Promise((resolve, reject) => {
    const asked = use(store);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** @param {Kept} kept */
export async function keepRestyled(kept) {
  await within("readwrite", (store) => store.put(kept));
  const ids = await within("readonly", (store) => store.index("at").getAllKeys());
  for (const id of ids.slice(0, Math.max(0, ids.length - MOST))) await forgetRestyled(String(id));
}

/** The newest first. @returns {Promise<Kept[]>} */
export async function allRestyled() {
  return (await within("readonly", (store) => store.index("at").getAll())).reverse();
}

/** @param {string} id @returns {Promise<Kept | undefined>} */
export function restyled(id) {
  return within("readonly", (store) => store.get(id));
}

/** @param {string} id */
export function forgetRestyled(id) {
  return within("readwrite", (store) => store.delete(id));
}
