/** The todo app over a server that is slow, cut, refusing or lying: nothing is lost that was called saved, and the badge tells the truth. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { todoStoreId } from "../../../examples/todo/places.ts";
import { parseHead } from "../../../shared/wire/head.ts";
import { encodeSendAnswer } from "../../../shared/wire/http.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { type FrontFate, type HttpFront, startHttpFront } from "../../fixtures/http-front.ts";
import { describePages } from "../chromium.ts";
import { add, badge, eventually, patience, synced, titles, useTodo, wake } from "./todo-world.ts";

const api = `/v1/stores/${todoStoreId}`;
const json = (status: number, body: unknown): FrontFate => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const page = (status: number, text: string): FrontFate => ({
  status,
  headers: { "content-type": "text/html" },
  body: `<!doctype html><title>${text}</title><h1>${text}</h1>`,
});

/** What the badge says meanwhile; in all of them with how much waits. */
const offline = /^Offline · \d+ changes? waiting$/;
const signedOut = /^Signed out · \d+ changes? waiting$/;

const faults: readonly (readonly [what: string, fate: FrontFate, badge: RegExp])[] = [
  ["resets every connection", "reset", offline],
  ["does what it is asked and never says so", "answerLost", offline],
  ["cuts its answers in half", "half", offline],
  ["cuts its answers where nobody can see it", "halfAndClosed", offline],
  ["asks to sign in to the Wi-Fi", page(200, "Welcome"), offline],
  ["is a gateway that lost its server", page(502, "Bad gateway"), offline],
  ["has too much to do", { status: 503, headers: { "retry-after": "1" } }, offline],
  ["lets this page ask no more", { status: 429, headers: { "retry-after": "1" } }, offline],
  ["does not know this user any more", json(401, { error: "no" }), signedOut],
  ["answers with JSON of something else", json(200, { ok: true }), offline],
  ["answers with nothing", json(200, null), offline],
];

describePages("The todo app with a bad server", () => {
  let front: HttpFront;
  const todo = useTodo("test", async (url) => {
    front = await startHttpFront(url);
    return front.url;
  });
  afterEach(async () => {
    front.decide(() => "pass");
    await front.end();
  });

  /** For the API alone: the page itself is on this machine, or comes from its service worker. */
  const decide = (fate: FrontFate) => front.decide(({ path }) => (path.startsWith("/v1/") ? fate : "pass"));

  /** The titles that were added, as often as the bucket's objects hold them. */
  async function added(): Promise<readonly string[]> {
    const files = await readdir(todo.folder, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files
        .filter((file) => file.isFile() && /\/(segments|updates)\//.test(`${file.parentPath}/`))
        .map((file) => readFile(join(file.parentPath, file.name), "utf8")),
    );
    const ids = new Map<string, string>();
    for (const [, id = "", title = ""] of texts
      .join()
      .matchAll(/"id":"(\w+)","name":"addTodo","data":\{[^}]*"title":"([^"]*)"/g))
      ids.set(id, title);
    return [...ids.values()];
  }

  it("keeps each change whatever the server does, never says that it is synchronised, and sends it once", async () => {
    const { page: own } = todo;
    await add(own, "before");
    await synced(own);
    const all = ["before"];
    for (const [what, fate, says] of faults) {
      decide(fate);
      all.push(what);
      await add(own, what);
      await wake(own);
      await expect
        .poll(async () => [what, await badge(own)], patience)
        .toEqual([what, expect.stringMatching(says)]);
      expect([what, await own.locator(".sync.good").count()]).toEqual([what, 0]);
      expect(await titles(own)).toEqual(all);
      front.decide(() => "pass");
      await wake(own);
      await synced(own);
      expect(await titles(own)).toEqual(all);
    }
    expect(await titles(await todo.person())).toEqual(all);
    expect([...(await added())].sort()).toEqual([...all].sort());
  });

  it("has everything after a reload in the midst of it, and says what waits", async () => {
    const { page: own } = todo;
    await own.evaluate("navigator.serviceWorker.ready.then(() => true)");
    for (const [what, fate] of faults.slice(1, 4)) {
      decide(fate);
      await add(own, what);
      await wake(own);
      await expect.poll(() => badge(own), patience).toMatch(offline);
      await own.reload();
      await eventually(async () => (await titles(own)).at(-1), what);
      await expect.poll(() => badge(own), patience).toMatch(offline);
    }
    front.decide(() => "pass");
    await wake(own);
    await synced(own);
    expect(await titles(await todo.person())).toEqual(faults.slice(1, 4).map(([what]) => what));
  });

  it("works at once with a slow server, says what is under way, and needs no patience of its user", async () => {
    const { page: own } = todo;
    decide(600);
    await own.evaluate(noteBadges);
    const names = Array.from({ length: 12 }, (_, i) => `item ${i}`);
    for (const name of names) {
      await add(own, name);
      // Shown in the same turn, whatever is under way.
      expect((await titles(own)).at(-1)).toBe(name);
    }
    await synced(own);
    const said = (await own.evaluate("saidByBadge")) as readonly string[];
    expect(said.filter((text) => /^\d+ changes?$/.test(text))).not.toEqual([]);
    expect(await titles(await todo.person())).toEqual(names);
  });

  it("keeps what is made while a server is silent, and sends it when it speaks again", async () => {
    const { page: own } = todo;
    decide("silent");
    await add(own, "unheard");
    await eventually(() => badge(own), "1 change");
    expect(await own.locator(".sync.good").count()).toBe(0);
    await own.reload();
    await eventually(() => titles(own), ["unheard"]);
    front.decide(() => "pass");
    await own.reload();
    await synced(own);
    expect(await titles(await todo.person())).toEqual(["unheard"]);
  });

  it("goes back to nothing older when an old answer comes again", async () => {
    const { page: own } = todo;
    await add(own, "one");
    await synced(own);
    const old = await fetch(`${front.url}${api}/head`);
    const headers = { "content-type": "application/json", etag: old.headers.get("etag") ?? "" };
    const body = await old.text();
    await add(own, "two");
    await synced(own);
    front.decide(({ path }) => (path.startsWith(`${api}/head`) ? { status: 200, headers, body } : "pass"));
    await add(own, "three");
    await wake(own);
    await eventually(() => titles(own), ["one", "two", "three"]);
    await own.reload();
    await eventually(() => titles(own), ["one", "two", "three"]);
    front.decide(() => "pass");
    await wake(own);
    await synced(own);
    expect(await titles(await todo.person())).toEqual(["one", "two", "three"]);
  });

  it("believes no server that says 'stored' and did not: it stays unsynchronised until the log has it, or says that it never will", async () => {
    const { page: own } = todo;
    await add(own, "true");
    await synced(own);
    const asked = await fetch(`${front.url}${api}/head`);
    const head = parseHead(await asked.json());
    if (!head.ok) throw new Error(head.reason);
    const lie = json(
      200,
      encodeSendAnswer({
        is: "stored",
        timestamp: toTimestamp(Date.now()),
        head: head.value,
        etag: asked.headers.get("etag") ?? "",
      }),
    );
    let lies = 0;
    front.decide(({ method, path }) => {
      if (method !== "POST" || !path.startsWith(api)) return "pass";
      lies += 1;
      return lie;
    });
    await add(own, "lied of");
    await expect.poll(() => lies, patience).toBeGreaterThan(0);
    front.decide(() => "pass");
    await wake(own);
    await eventually(() => badge(own), "1 change");
    expect(await titles(own)).toEqual(["true", "lied of"]);
    await own.reload();
    await eventually(() => titles(own), ["true", "lied of"]);
    await eventually(() => badge(own), "1 change");
    await add(own, "next");
    await eventually(() => badge(own), "1 change refused");
    expect(await own.locator(".sync.good").count()).toBe(0);
    expect(await titles(await todo.person())).toEqual(["true", "next"]);
  });
});

/** From now on the page keeps all that its badge says. */
const noteBadges = `{
  globalThis.saidByBadge = [];
  const badge = document.querySelector(".sync summary");
  const note = () => saidByBadge.push(badge.textContent);
  new MutationObserver(note).observe(badge, { childList: true, characterData: true, subtree: true });
}`;
