// Runs before the page's own scripts: what the browser measures by itself, and the moment from which something can be done.
const seen = { paint: 0, shift: 0, blocked: 0, usable: 0 };
globalThis.seen = seen;
const watch = (type, hear) => new PerformanceObserver((list) => list.getEntries().forEach(hear)).observe({ type, buffered: true });
watch("largest-contentful-paint", (entry) => (seen.paint = entry.startTime));
// A session window would be smaller; all shifts that nobody caused are more honest, and simpler.
watch("layout-shift", (entry) => entry.hadRecentInput || (seen.shift += entry.value));
// Total blocking time: of each task what is beyond 50 ms.
watch("longtask", (entry) => (seen.blocked += Math.max(0, entry.duration - 50)));
new MutationObserver((_, watching) => {
  if (!document.querySelector(".start-samples button")) return;
  seen.usable = performance.now();
  watching.disconnect();
}).observe(document, { childList: true, subtree: true });

/** Milliseconds from an act until something is there, looked for at each frame. */
globalThis.until = (act, there) => new Promise((resolve) => {
  const start = performance.now();
  act();
  const look = () => (there() ? resolve(performance.now() - start) : requestAnimationFrame(look));
  requestAnimationFrame(look);
});
