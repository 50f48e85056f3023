/** What somebody who is new to the command line meets first: names mistyped, a store that looks empty, a person to forget, a page of elsewhere. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpRemote, openStore } from "../../client/index.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import type { Json, JsonObject } from "../../shared/json.ts";
import type { Model } from "../../shared/model/model.ts";
import { model } from "../fixtures/cli-model.ts";
import { type CliResult, cliHere, finished, startCli } from "../fixtures/cli-run.ts";
import { fillStore, openFixture, smallSettings, ulid } from "../fixtures/cli-store.ts";

const modelFile = fileURLToPath(new URL("../fixtures/cli-model.ts", import.meta.url));
let folder = "";
let bucket = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "icecore-newcomer-"));
  bucket = `folder:${folder}/data`;
  await fillStore(await openFixture(bucket, { model: model as Model<unknown> }), 4);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const here = (...args: readonly string[]) => cliHere([...args, "--bucket", bucket]);
const jsonLines = (text: string) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, Json>);

async function logOf(of: string, store: string) {
  return jsonLines((await cliHere(["log", "--json", "--bucket", of, "--store", store])).stdout);
}

describe.concurrent("icecore", () => {
  it("says which release it is, by two names", async () => {
    const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
    for (const option of ["--version", "-V"])
      expect(await cliHere([option])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("names the stores that there are where the one that was named has no head", async () => {
    for (const command of [["log"], ["head"], ["replay"], ["export"], ["rollup"]]) {
      const { code, stderr } = await here(...command, "--store", "famly");
      expect(code, command[0]).toBe(1);
      expect(stderr, command[0]).toMatch(/Store "famly" has no head\n {2}There are: main\. If it is new,/);
    }
    const json = await here("log", "--store", "famly", "--json");
    expect(JSON.parse(json.stderr)).toMatchObject({
      error: { kind: "unavailable", store: "famly", fix: expect.stringMatching(/^There are: main\./) },
    });
    const empty = await cliHere(["log", "--bucket", "memory:newcomer-none", "--store", "famly"]);
    expect(empty.stderr).not.toContain("There are");
  });

  it("names what a token cannot have, and the pattern that it lacks", async () => {
    const secret = join(folder, "secret.txt");
    await writeFile(secret, "x".repeat(48));
    const token = (...more: readonly string[]) =>
      cliHere([
        "token",
        "--secret-file",
        secret,
        "--audience",
        "a",
        "--subject",
        "s",
        "--role",
        "reader",
        ...more,
      ]);
    expect(await token("--store", "Fam!")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/--store is "Fam!"\n.*a store id is 1 to 64 of a-z/),
    });
    expect(await token("--store", "fam", "--app", "xyz")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/--app is "xyz"\n.*26/),
    });
    expect((await token("--store", "fam", "team-*", "*")).code).toBe(0);
  });

  it("says that it watches", async () => {
    const child = startCli(["rollup", "--watch", "--bucket", bucket]);
    const { stderr } = await finished(child, (text) => {
      if (text.includes("Watching")) child.kill("SIGINT");
    });
    expect(stderr).toContain(`Watching store "main" in ${bucket}: a round every 60 s, until Ctrl-C.`);
  });
});

describe.concurrent("what is stored and not yet published", () => {
  it("is told after an import, and by log and replay until a rollup publishes it", async () => {
    const file = join(folder, "all.jsonl");
    expect((await here("export", "--out", file)).code).toBe(0);
    const into = ["--bucket", bucket, "--store", "copy"];
    const imported = await cliHere(["import", file, ...into]);
    expect(imported.stderr.split("\n").at(-2)).toBe(
      'Stored, not yet published: run "icecore rollup --store copy" (or serve the store) to publish them.',
    );
    const again = await cliHere(["import", file, ...into]);
    expect([again.code, again.stderr]).toEqual([0, ""]);
    const said = /^\d+ updates are stored and not yet published, so not shown: "icecore rollup --store copy"/;
    for (const command of ["log", "replay"]) {
      expect((await cliHere([command, ...into])).stderr).toMatch(said);
      expect((await cliHere([command, ...into, "--json"])).stderr).toBe("");
    }
    expect((await cliHere(["log", ...into, "--tail"])).stderr).toBe("");
    expect((await cliHere(["replay", ...into, "--at", "-1h"])).stderr).toBe("");
    await new Promise((resolve) => setTimeout(resolve, 3_200));
    expect((await cliHere(["rollup", ...into])).code).toBe(0);
    for (const command of ["log", "replay"]) expect((await cliHere([command, ...into])).stderr).toBe("");
  });
});

describe.concurrent("an export without a person", () => {
  const without = (...more: readonly string[]) => here("export", ...more);
  const actionsIn = (lines: readonly Record<string, Json>[]) =>
    lines.flatMap(({ actions = [] }) => (actions as readonly JsonObject[]).map(({ id }) => id));

  it("of an app is whole, says how much it leaves out and not of whom, and makes a new store", async () => {
    const app = ulid("A", 2);
    const { code, stdout, stderr } = await without("--without-app", app);
    const all = await logOf(bucket, "main");
    const kept = all.filter((update) => update.app !== app);
    expect([code, kept.length]).toEqual([0, 4]);
    expect(stderr).toMatch(/^exported 4 updates through .*, left out 2 updates and 0 actions of others\n$/);
    expect(stdout).not.toContain(app);
    const lines = jsonLines(stdout);
    expect(lines.slice(1, -1)).toEqual(kept);
    expect(lines.at(-1)).toMatchObject({ updates: 4, leftOut: { updates: 2, actions: 0 } });
    const to = `folder:${folder}/without-app`;
    expect((await cliHere(["import", "--bucket", to], { stdin: stdout })).code).toBe(0);
    await (await openFixture(to, { settings: smallSettings })).rollup();
    expect((await logOf(to, "main")).map(({ id }) => id)).toEqual(kept.map(({ id }) => id));
    expect((await cliHere(["verify", "--bucket", to])).code).toBe(0);
  });

  it("of single actions keeps the others of their update, and drops an update of which nothing is left", async () => {
    const all = await logOf(bucket, "main");
    const two = all.find(({ actions }) => (actions as readonly Json[]).length === 2) as JsonObject;
    const one = all.find(({ actions }) => (actions as readonly Json[]).length === 1) as JsonObject;
    const ids = [two, one].map(({ actions }) => String((actions as readonly JsonObject[])[0]?.id));
    const file = join(folder, "without-actions.jsonl");
    const done = await without("--without-action", ...ids, "--out", file, "--json");
    expect(JSON.parse(done.stdout)).toMatchObject({ updates: 5, leftOut: { updates: 1, actions: 1 } });
    const left = actionsIn(jsonLines(await readFile(file, "utf8")));
    expect(left).toEqual(actionsIn(all).filter((id) => !ids.includes(String(id))));
    const to = `folder:${folder}/without-actions`;
    expect((await cliHere(["import", file, "--bucket", to])).code).toBe(0);
    await (await openFixture(to, { settings: smallSettings })).rollup();
    expect(actionsIn(await logOf(to, "main"))).toEqual(left);
    expect((await cliHere(["verify", "--bucket", to])).code).toBe(0);
  });

  it("says what it did not meet, and refuses half an id", async () => {
    const strange = ulid("A", 77);
    const unmet = await without("--without-app", strange, "--without-principal", "nobody");
    expect(unmet.code).toBe(0);
    expect(unmet.stderr).toContain(`warning: "${strange}" was to be left out, and nothing of it is there\n`);
    expect(unmet.stderr).toContain('warning: "nobody" was to be left out, and nothing of it is there\n');
    for (const option of ["--without-app", "--without-action"])
      expect(await without(option, strange.slice(-8))).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringContaining("26 characters"),
      });
  });
});

describe.concurrent("a server of some stores", () => {
  let url = "";
  const stop = new AbortController();
  let ended: Promise<CliResult> | undefined;

  beforeAll(async () => {
    const child = startCli([
      ...["serve", "--bucket", `folder:${folder}/served`, "--model", modelFile, "--port", "0"],
      ...[
        "--store",
        "family",
        "--store",
        "team",
        "--cors-origin",
        "http://localhost:5173",
        "capacitor://localhost",
      ],
    ]);
    stop.signal.addEventListener("abort", () => child.kill("SIGINT"));
    await new Promise<void>((resolve) => {
      ended = finished(child, (text) => {
        url = /Listening on (\S+),/.exec(text)?.[1] ?? url;
        if (url !== "") resolve();
      });
    });
  });
  afterAll(async () => {
    stop.abort();
    await ended;
  });

  it("says to who asks for another one which there are, and does not ask for a token", async () => {
    const answer = await fetch(`${url}/v1/stores/famly/head`);
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([404, null]);
    expect(JSON.stringify(await answer.json())).toContain('serves the stores \\"family\\", \\"team\\"');
    const store = openStore({
      model: model as Model<unknown>,
      storeId: "famly",
      local: memoryLocal(),
      remote: httpRemote(url),
    });
    await store.sync.now().catch(() => undefined);
    expect(store.sync.status.phase).toBe("offline");
    expect(store.sync.status.error?.what).toContain('This server serves the stores "family", "team"');
    await store.close();
  });

  it("answers pages of the origins that it was given, and of no others", async () => {
    const preflight = async (origin: string) => {
      const answer = await fetch(`${url}/v1/stores/family/updates`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST" },
      });
      return answer.headers.get("access-control-allow-origin");
    };
    expect(await preflight("http://localhost:5173")).toBe("http://localhost:5173");
    expect(await preflight("capacitor://localhost")).toBe("capacitor://localhost");
    expect(await preflight("http://localhost:5174")).toBeNull();
  });

  it("refuses what is no origin, and says what it may be", async () => {
    for (const [given, said] of [
      ["http://localhost:5173/", "Is it http://localhost:5173?"],
      ["https://app.example.com/notes", "Is it https://app.example.com?"],
      ["localhost:5173", '--cors-origin is "localhost:5173"'],
      ["HTTP://Localhost", "Is it http://localhost?"],
      ["", '--cors-origin is ""'],
    ] as const) {
      const result = await here("serve", "--model", modelFile, "--cors-origin", given);
      expect(result, given).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
    }
  });
});

describe("icecore recover --replace-head", () => {
  it("wants the store's name typed once more, and no loss accepted", async () => {
    const recover = (...more: readonly string[]) => here("recover", "--store", "main", ...more);
    expect(await recover("--replace-head", "family")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--replace-head names "family", and the store is "main"'),
    });
    expect(await recover("--replace-head", "main", "--accept-loss")).toMatchObject({ code: 2 });
    expect(await recover("--replace-head", "main")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("everything that it names is there, so it is not replaced"),
    });
  });

  it("is named by verify and recover, and mends what verify found", async () => {
    const path = `${folder}/broken`;
    const address = `folder:${path}`;
    const fixture = await openFixture(address, {});
    await fillStore(fixture, 6);
    const broken = (...args: readonly string[]) => cliHere([...args, "--bucket", address]);
    const { segments } = JSON.parse((await broken("head", "--json")).stdout) as {
      segments: readonly { key: string; count: number }[];
    };
    const [merged] = [...segments].sort((a, b) => b.count - a.count);
    await fixture.host.bucket.delete([merged?.key ?? ""]);
    const verified = await broken("verify");
    expect(verified.code).toBe(1);
    expect(verified.stdout).toContain(
      'may still lie in older objects: "icecore recover --store main --replace-head main --dry-run" tells.',
    );
    expect(verified.stdout).toMatch(
      /^never came +0 seqs that the log has passed; \d+ more may lie in segments/m,
    );
    expect((await broken("recover")).stderr).toContain("--replace-head");
    expect((await broken("recover", "--replace-head", "main", "--dry-run")).stdout).toContain(
      "Nothing was written",
    );
    expect((await broken("recover", "--replace-head", "main")).code).toBe(0);
    expect((await broken("verify")).code).toBe(0);
  });
});
