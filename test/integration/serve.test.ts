/** icecore serve as a process of its own: started, used by clients over HTTP, and stopped. */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import { openStore } from "../../client/open-store.ts";
import { httpRemote } from "../../client/remote/http.ts";
import { scanLog } from "../../shared/drive/store.ts";
import { createWriter } from "../../shared/drive/writer.ts";
import { newSettings } from "../../shared/settings.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { encodeUpdate } from "../../shared/wire/update.ts";
import { callApi } from "../fixtures/api-server.ts";
import { type CliResult, cliHere, finished, startCli } from "../fixtures/cli-run.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { testStoreId, testUpdate } from "../fixtures/store-host.ts";

const platform = createNodePlatform();
const model = fileURLToPath(new URL("../fixtures/pairs-model.ts", import.meta.url));
let folder: string;
const children = new Set<ChildProcess>();
const clients = new Set<{ close(): Promise<void> }>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "icecore-serve-"));
});
afterEach(async () => {
  for (const client of clients) await client.close();
  for (const child of children) child.kill("SIGKILL");
  clients.clear();
  children.clear();
  rmSync(folder, { recursive: true, force: true });
});

interface Served {
  readonly url: string;
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
  text(): string;
}

async function serve(...args: readonly string[]): Promise<Served> {
  const given = ["serve", "--bucket", `folder:${folder}`, "--model", model, "--port", "0", ...args];
  const child = startCli(given);
  children.add(child);
  let text = "";
  let say: (url: string) => void = () => undefined;
  const url = new Promise<string>((resolve) => {
    say = resolve;
  });
  const ended = finished(child, (grown) => {
    text = grown;
    const found = /(http:\/\/[^\s,"]+)/.exec(grown)?.[1];
    if (found) say(found);
  });
  const first = await Promise.race([url, ended]);
  if (typeof first !== "string") throw new Error(`it ended: ${first.stdout}${first.stderr}`);
  return { url: first, child, ended, text: () => text };
}

function open(url: string, storeId = "main") {
  const client = openStore({ model: pairsModel, storeId, remote: httpRemote(url, { platform }), platform });
  clients.add(client);
  return client;
}

async function logOf(storeId = "main"): Promise<readonly string[]> {
  const bucket = await openBucket(`folder:${folder}`, platform);
  const ids: string[] = [];
  const onRange = ({ updates }: { updates: readonly { id: string }[] }) =>
    void ids.push(...updates.map(({ id }) => id));
  await scanLog({ bucket, platform, settings: newSettings() }, { store: testStoreId(storeId), onRange });
  return ids;
}

describe("icecore serve", () => {
  it("makes the store, carries one client's actions to another, publishes them by itself, and ends well on SIGTERM", async () => {
    const { url, child, ended, text } = await serve("--store", "main");
    const [a, b] = [open(url), open(url)];
    const handle = a.do.put({ key: "k", value: 1 });
    await a.sync.now();
    await handle.stored;
    await b.sync.now();
    expect(b.state.pairs.get("k")).toEqual({ value: 1 });
    // Its rollup publishes, and its hint wakes both.
    await handle.published;
    while (b.confirmedState.pairs.get("k") === undefined) await platform.wait(20);
    expect(a.sync.status).toMatchObject({ pending: 0, dead: 0, error: null });
    child.kill("SIGTERM");
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([0, expect.stringContaining("Closing")]);
    expect(text()).toMatch(/200 {2}POST {2}\/v1\/stores\/:store\/updates {2}main {2}\d+ ms/);
    expect(text()).toMatch(/published 1 update of main through /);
    expect(await logOf()).toHaveLength(1);
    const verify = await cliHere(["verify", "--bucket", `folder:${folder}`, "--model", model]);
    expect(verify.code).toBe(0);
  });

  it("finishes the requests at work before it ends, and takes no others", async () => {
    const { url, child, ended, text } = await serve("--store", "main");
    // Some four seconds from now, by the server's clock, its time has come.
    const update = { ...testUpdate(1, 1), after: toTimestamp(Date.now() + 9_000) };
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(encodeUpdate(update));
    const sending = callApi(url, "/v1/stores/main/updates", { method: "POST", headers, body });
    await platform.wait(1_500);
    child.kill("SIGTERM");
    while (!text().includes("Closing")) await platform.wait(20);
    const others = () => callApi(url, "/healthz").then(({ status }) => status, String);
    await expect.poll(others).toMatch(/ECONNREFUSED/);
    expect((await sending).body).toMatchObject({ is: "stored" });
    expect((await ended).code).toBe(0);
  });

  it("ends well on Ctrl-C while clients listen, and at once on a second one", async () => {
    const { url, child, ended } = await serve("--store", "main");
    const live = await fetch(`${url}/v1/stores/main/live`);
    child.kill("SIGINT");
    expect(await live.text()).toContain(": live");
    expect((await ended).code).toBe(0);
  });

  it("speaks JSON lines to programs: where it listens, requests, rounds, its end", async () => {
    const { url, child, ended } = await serve("--store", "main", "--json");
    const client = open(url);
    client.do.put({ key: "hush", value: "hush" });
    await client.sync.now();
    while (client.sync.status.pending > 0) await platform.wait(20);
    await callApi(url, "/v1/stores/none/head");
    child.kill("SIGTERM");
    const { stdout, stderr } = await ended;
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ is: "listening", url, bucket: `folder:${folder}` });
    expect(lines).toContainEqual(
      expect.objectContaining({ is: "request", method: "POST", status: 200, store: "main" }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({
        is: "request",
        store: "none",
        status: 404,
        trouble: expect.stringContaining('serves the store "main"'),
      }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ is: "round", store: "main", published: 1 }));
    // Only what was at work is told after it.
    const closing = lines.findIndex(({ is }) => is === "closing");
    expect(closing).toBeGreaterThan(0);
    expect(lines.slice(closing + 1).filter(({ is }) => is !== "request" && is !== "round")).toEqual([]);
    expect([stdout.includes("hush"), stderr]).toEqual([false, ""]);
  });

  it("serves all stores where it was given none, also those that clients make, and publishes what came another way", async () => {
    const { url, child, ended } = await serve("--every", "0.2");
    const remote = httpRemote(url, { platform });
    expect(await remote.create("family")).toBe(true);
    const client = open(url, "family");
    client.do.put({ key: "k", value: 1 });
    await client.sync.now();
    const bucket = await openBucket(`folder:${folder}`, platform);
    const writer = createWriter({ bucket, platform, settings: newSettings() }, testStoreId("family"));
    expect(await writer.append(testUpdate(1, 1))).toMatchObject({ is: "stored" });
    while ((await logOf("family")).length < 2) await platform.wait(50);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });

  it("answers on this machine's own names alone, and lets other machines in only when told to", async () => {
    const { url } = await serve("--store", "main");
    expect(
      (await callApi(url, "/v1/stores/main/head", { headers: { host: "evil.example.org" } })).status,
    ).toBe(421);
    const start = (...args: readonly string[]) =>
      cliHere(["serve", "--bucket", `folder:${folder}`, "--model", model, "--port", "0", ...args]);
    for (const host of ["0.0.0.0", "::", "192.168.1.7", "example.org"]) {
      const { code, stderr } = await start("--host", host);
      expect([host, code, stderr]).toEqual([host, 2, expect.stringContaining("--open")]);
    }
    const open = await serve("--store", "main", "--host", "0.0.0.0", "--open");
    const { port } = new URL(open.url);
    const head = await callApi(`http://127.0.0.1:${port}`, "/v1/stores/main/head", {
      headers: { host: "notes.example.org" },
    });
    expect(head.status).toBe(200);
  });

  it("says what is wrong before it listens", async () => {
    const { url } = await serve("--store", "main");
    const { port } = new URL(url);
    const start = (...args: readonly string[]) => cliHere(["serve", "--bucket", `folder:${folder}`, ...args]);
    expect(await start()).toMatchObject({ code: 2, stderr: expect.stringContaining("--model") });
    expect(await start("--model", "nowhere.ts")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("nowhere.ts"),
    });
    for (const wrong of [
      ["--port", "65536"],
      ["--port", "x"],
      ["--store", "../x"],
      ["--every", "0"],
    ])
      expect(await start("--model", model, ...wrong)).toMatchObject({ code: 2 });
    expect(await start("--model", model, "--port", port)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("EADDRINUSE"),
    });
    expect(await cliHere(["serve", "--model", model])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--bucket"),
    });
  });
});
