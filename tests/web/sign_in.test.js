import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { challengeOf, fresh, startSignIn, takeCode } from "../../web/core/sign_in.js";
import { Session } from "../../web/core/session.js";

const stage = { domain: "people.example", client_id: "client" };
/** @type {Map<string, string>} */
const kept = new Map();
/** @type {{address: string, body: URLSearchParams}[]} */
let asked = [];
/** @type {string[]} */
let left = [];

beforeEach(() => {
  kept.clear();
  [asked, left] = [[], []];
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  const location = { origin: "https://page.example", pathname: "/a/index.html", search: "", hash: "#/history", assign: (address) => left.push(address) };
  const history = { replaceState: (_state, _title, address) => left.push(address) };
  Object.assign(globalThis, { sessionStorage: storage, location, history });
  globalThis.fetch = async (address, { body }) => {
    asked.push({ address, body });
    return Response.json({ id_token: "id", access_token: `access${asked.length}`, refresh_token: "r", expires_in: 3600 });
  };
});

test("the challenge is that of RFC 7636's own example", async () => {
  assert.equal(await challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
});

test("a person leaves for the login, comes back to where they were, and has a token", async () => {
  await startSignIn(stage);
  const sent = new URL(left[0]);
  assert.equal(sent.origin + sent.pathname, "https://people.example/oauth2/authorize");
  assert.equal(sent.searchParams.get("redirect_uri"), "https://page.example/a/");
  location.search = `?code=c&state=${sent.searchParams.get("state")}`;
  assert.equal(await takeCode(stage), true);
  assert.equal(left[1], "https://page.example/a/#/history");
  const { address, body } = asked[0];
  assert.equal(address, "https://people.example/oauth2/token");
  assert.equal(await challengeOf(body.get("code_verifier")), sent.searchParams.get("code_challenge"));
  assert.equal(await fresh(stage), "access1");
});

test("a code that this tab did not ask for is not taken", async () => {
  await startSignIn(stage);
  location.search = "?code=c&state=another";
  assert.equal(await takeCode(stage), false);
  assert.equal(asked.length, 0);
});

test("a token that is about to end is exchanged, and one that cannot be is nobody's", async () => {
  const old = { id_token: "i", access_token: "a", refresh_token: "r", until: Date.now() / 1000 + 5 };
  kept.set("atelier.tokens", JSON.stringify(old));
  assert.equal(await fresh(stage), "access1");
  assert.equal(asked[0].body.get("grant_type"), "refresh_token");
  kept.set("atelier.tokens", JSON.stringify(old));
  globalThis.fetch = async () => new Response("{}", { status: 400 });
  assert.equal(await fresh(stage), null);
  assert.equal(kept.has("atelier.tokens"), false);
});

test("who signs out is signed out at the login too, who was not known stays here", async () => {
  kept.set("atelier.tokens", JSON.stringify({ access_token: "a", until: Date.now() / 1000 + 600 }));
  globalThis.sessionStorage.clear = () => kept.clear();
  const session = new Session({ stage: "dev", key: null, sign_in: stage, disclosure: {}, origins: [] });
  await session.start();
  assert.equal(session.open.now, true);
  session.end(true);
  assert.deepEqual([session.open.now, kept.size, left], [false, 0, []]);
  session.leave();
  assert.deepEqual(left, ["https://people.example/logout?client_id=client&logout_uri=https%3A%2F%2Fpage.example%2Fa%2F"]);
});

test("a key that the API does not know is asked for again, and the laptop's own stays", async () => {
  globalThis.sessionStorage.clear = () => kept.clear();
  const asking = new Session({ stage: "dev", key: null, sign_in: null, disclosure: {}, origins: [] });
  await asking.start();
  assert.equal(asking.open.now, false);
  asking.useKey(" k ");
  assert.deepEqual(await asking.authorization(), { "x-api-key": "k" });
  asking.end(true);
  assert.deepEqual([asking.open.now, asking.refused, kept.size], [false, true, 0]);
  const laptop = new Session({ stage: "local", key: "own", sign_in: null, disclosure: {}, origins: [] });
  await laptop.start();
  laptop.end(true);
  assert.equal(laptop.open.now, true);
});
