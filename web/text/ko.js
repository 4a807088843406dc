import restyle from "./ko/restyle.js";
import teach from "./ko/teach.js";

/** Every text of the page in one language, by its key: what is always seen and restyles, and what teaches and paints catalogues. */
export default { ...restyle, ...teach };
