import restyle from "./ko/restyle.js";
import shell from "./ko/shell.js";

/** Every text of the page in one language, by its key: a file a page. */
export default { ...shell, ...restyle };
