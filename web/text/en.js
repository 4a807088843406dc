import catalogue from "./en/catalogue.js";
import restyle from "./en/restyle.js";
import shell from "./en/shell.js";
import teach from "./en/teach.js";

/** Every text of the page in one language, by its key: a file a page. */
export default { ...shell, ...restyle, ...teach, ...catalogue };
