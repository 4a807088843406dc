import catalogue from "./ko/catalogue.js";
import restyle from "./ko/restyle.js";
import shell from "./ko/shell.js";
import teach from "./ko/teach.js";

/** Every text of the page in one language, by its key: a file a page. */
export default { ...shell, ...restyle, ...teach, ...catalogue };
