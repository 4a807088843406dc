import { html, render } from "./vendor/preact.js";
import { Api } from "./core/api.js";
import { loadConfig, Session } from "./core/session.js";
import { startTheme } from "./core/theme.js";
import { language, startLanguage } from "./core/words.js";
import { ProblemNote, told } from "./ui/problem.js";
import { Shell } from "./ui/shell.js";

/**
 * What every page is given.
 * @typedef {{api: Api, session: Session, config: import("./core/types.js").Config}} Use
 */

async function start() {
  startTheme();
  const speaking = startLanguage();
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  try {
    const [config] = await Promise.all([loadConfig(), speaking]);
    const session = new Session(config);
    await session.start();
    const api = new Api({ authorization: () => session.authorization(), language: () => language.now, lapsed: () => session.end(true) });
    render(html`<${Shell} use=${{ api, session, config }} />`, root);
  } catch (error) {
    await speaking;
    render(html`<main class="page"><${ProblemNote} told=${told(error)} /></main>`, root);
  }
}

await start();
