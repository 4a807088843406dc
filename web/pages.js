/**
 * The pages, as the header lists them; the first is where the address names none. Each is a module that exports `Page`, and has its name in the
 * texts as `nav.NAME`.
 *
 * @type {readonly {name: string, load: () => Promise<{Page: Function}>}[]}
 */
export const PAGES = [
  { name: "restyle", load: () => import("./restyle/page.js") },
  { name: "teach", load: () => import("./teach/page.js") },
  { name: "catalogue", load: () => import("./catalogue/page.js") },
  { name: "history", load: () => import("./history/page.js") },
];
