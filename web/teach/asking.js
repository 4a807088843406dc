/** @import {Api} from "../core/api.js" */
/** @import {Page} from "../core/types.js" */
/** @import {Caption, Comparison, StoredFile, Training} from "./types.js" */

const name = encodeURIComponent;

/** A key of its own for each thing that is made, so that a lost answer makes nothing twice. */
const once = () => ({ method: "POST", idempotencyKey: crypto.randomUUID() });

/** @param {Api} api @param {string} destination @param {Record<string, unknown>} input @returns {Promise<Training>} */
export function startTraining(api, destination, input) {
  return api.ask("v1/trainings", { ...once(), body: { destination, input } });
}

/** @param {Api} api @param {string} id @param {AbortSignal} [signal] @returns {Promise<Training>} */
export function training(api, id, signal) {
  return api.ask(`v1/trainings/${name(id)}`, { signal });
}

/** The newest ones. @param {Api} api @returns {Promise<Page<Training>>} */
export function trainings(api) {
  return api.ask("v1/trainings?limit=20");
}

/** @param {Api} api @param {string} id @returns {Promise<Training>} */
export function cancelTraining(api, id) {
  return api.ask(`v1/trainings/${name(id)}/cancel`, { method: "POST", idempotencyKey: `cancel-${id}` });
}

/** The training that does the rest of one. @param {Api} api @param {string} id @param {Record<string, number>} [gate] @returns {Promise<Training>} */
export function resumeTraining(api, id, gate) {
  return api.ask(`v1/trainings/${name(id)}/resume`, { ...once(), body: gate ? { gate } : {} });
}

/** What each picture is learnt by. @param {Api} api @param {string} id @returns {Promise<Caption[]>} */
export async function captions(api, id) {
  return /** @type {{captions: Caption[]}} */ (await api.ask(`v1/trainings/${name(id)}/captions`)).captions;
}

/** @param {Api} api @param {string} id @param {{file_name: string, text: string}[]} said @returns {Promise<unknown>} */
export function putCaptions(api, id, said) {
  return api.ask(`v1/trainings/${name(id)}/captions`, { ...once(), body: { captions: said } });
}

/** The files of a style's dataset. @param {Api} api @param {string} style @returns {Promise<StoredFile[]>} */
export function datasetFiles(api, style) {
  return api.all(`v1/files?style=${name(style)}&limit=100`);
}

/** @param {Api} api @param {string} id @returns {Promise<null>} */
export function deleteFile(api, id) {
  return api.ask(`v1/files/${name(id)}`, { method: "DELETE" });
}

/** @param {Api} api @param {string} of @param {number[]} numbers @returns {Promise<Comparison>} */
export function comparison(api, of, numbers) {
  return api.ask(`v1/styles/${name(of)}/compare?versions=${numbers.join(",")}`);
}

/**
 * Approve, reject or promote a version.
 * @param {Api} api @param {string} of @param {number} number @param {"approve" | "reject" | "promote"} what @param {string} [reason]
 * @returns {Promise<unknown>}
 */
export function decide(api, of, number, what, reason) {
  const body = what === "promote" ? {} : { body: reason ? { reason } : {} };
  return api.ask(`v1/styles/${name(of)}/versions/${number}/${what}`, { ...once(), ...body });
}

/** Let the bare name mean again what it meant before it meant `leave`. @param {Api} api @param {string} of @param {string} leave @returns {Promise<unknown>} */
export function rollBack(api, of, leave) {
  return api.ask(`v1/styles/${name(of)}/rollback`, { ...once(), body: { leave } });
}

/** @param {Api} api @param {string} of @param {number} [number] left out: the whole style @returns {Promise<null>} */
export function deleteTaught(api, of, number) {
  return api.ask(`v1/styles/${name(of)}${number ? `/versions/${number}` : ""}`, { method: "DELETE" });
}
