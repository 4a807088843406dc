import { useState } from "../vendor/preact.js";

/**
 * Files that are chosen, or dropped on a part of the page.
 * @param {(files: File[]) => unknown} take
 * @returns {{chosen: (event: Event) => void, place: Record<string, unknown>}} what hears an input of files, and the attributes of that part
 */
export function useFiles(take) {
  const [over, hover] = useState(false);
  const add = (/** @type {FileList | null | undefined} */ files) => files && void take([...files]);
  const dragged = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    hover(true);
  };
  const dropped = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    hover(false);
    add(event.dataTransfer?.files);
  };
  return {
    chosen: (event) => add(/** @type {HTMLInputElement} */ (event.target).files),
    place: { "data-over": over ? "" : undefined, onDragOver: dragged, onDragLeave: () => hover(false), onDrop: dropped },
  };
}
