/** Every command of the command line on one store: for people in a child process, for programs (--json) mostly in this one. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Model } from "../../shared/model/model.ts";
import { formatTimestamp, type Timestamp, toTimestamp } from "../../shared/wire/time.ts";
import { model } from "../fixtures/cli-model.ts";
import { type CliResult, cliChild, cliHere } from "../fixtures/cli-run.ts";
import { type Fixture, fillStore, openFixture, ulid } from "../fixtures/cli-store.ts";
import { readJson } from "../fixtures/edit-objects.ts";

const modelFile = fileURLToPath(new URL("../fixtures/cli-model.ts", import.meta.url));
let folder = "";
let bucket = "";
let fixture: Fixture;
let times: readonly Timestamp[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "icecore-cli-"));
  bucket = `folder:${folder}/bucket`;
  fixture = await openFixture(bucket, { model: model as Model<unknown> });
  await fixture.send(
    3,
    ["fail", { id: "x" }],
    ["addTodo", { id: "a\u001b[31m", title: "Red?" }],
    ["addTodo", { id: 7 }],
  );
  times = await fillStore(fixture);
  await fixture.send(4, ["addTodo", { id: "late", title: "In the tail" }]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function json(result: CliResult): unknown {
  expect(result.stderr).toBe("");
  return JSON.parse(result.stdout);
}

function jsonLines({ stdout }: CliResult): readonly Record<string, unknown>[] {
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const here = (...args: readonly string[]) => cliHere([...args, "--bucket", bucket]);
const child = (...args: readonly string[]) => cliChild([...args, "--bucket", bucket]);

describe.concurrent("icecore", () => {
  it("makes a store once, says so when it is there, and lists the stores of a bucket", async () => {
    const own = `folder:${folder}/made`;
    const made = await cliChild(["init", "--store", "family"], { ICECORE_BUCKET: own });
    expect(made).toMatchObject({ code: 0, stdout: `Made store "family" in ${own}.\n`, stderr: "" });
    const again = await cliHere(["init", "--bucket", own, "--store", "family", "--json"]);
    expect(json(again)).toMatchObject({ store: "family", bucket: own, made: false, rev: 1 });
    expect((await cliHere(["init", "--bucket", own, "--store", "family"])).stdout).toContain("already there");
    expect(json(await cliHere(["init", "--bucket", own, "--json"]))).toMatchObject({
      store: "main",
      made: true,
    });
    expect((await cliHere(["stores", "--bucket", own])).stdout).toBe("family\nmain\n");
    expect(json(await cliHere(["stores", "--bucket", own, "--json"]))).toEqual({
      bucket: own,
      stores: ["family", "main"],
    });
  });

  it("shows the head as a table and as its JSON", async () => {
    const { code, stdout, stderr } = await child("head");
    expect([code, stderr]).toEqual([0, ""]);
    for (const part of [
      /^rev +\d+, epoch/m,
      /^published through +20\d\d-.* ago\)$/m,
      /^snapshot +version 1 through/m,
      /segments\/main\/.*\.json$/m,
    ])
      expect(stdout).toMatch(part);
    expect(json(await here("head", "--json"))).toEqual(await readJson(fixture.host, "heads/main.json"));
  });

  it("prints the log, a line for each action, safe for a terminal", async () => {
    const { code, stdout } = await child("log", "--limit", "5");
    const lines = stdout.trimEnd().split("\n");
    expect([code, lines.length]).toEqual([0, 5]);
    expect(lines[0]).toMatch(
      /^ {2}20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}…00000003 {5}1 {2}fail {2}\{"id":"x"\}$/,
    );
    expect(lines[1]).toContain("a\\u001b[31m");
  });

  it("prints the log's updates as they are stored, as JSON lines", async () => {
    const all = jsonLines(await here("log", "--json"));
    expect(all.length).toBe(23);
    const [first] = all;
    expect(first).toMatchObject({
      format: "icecore-update-1",
      app: ulid("A", 3),
      seq: 1,
      actions: [{ name: "fail" }, {}, {}],
    });
    expect(all.map((one) => String(one.timestamp))).toEqual(
      [...all.map((one) => String(one.timestamp))].sort(),
    );
  });

  it("prints of the log what lies between two times, of one app or one action, and the tail", async () => {
    const [from, to] = [times[2], times[5]].map((time) => formatTimestamp(time ?? toTimestamp(0)));
    const between = jsonLines(await here("log", "--json", "--from", String(from), "--to", String(to)));
    expect(between.map((one) => one.timestamp)).toEqual(
      times.slice(2, 6).map((time) => formatTimestamp(time)),
    );
    expect(jsonLines(await here("log", "--json", "--app", "0002")).length).toBe(10);
    expect(jsonLines(await here("log", "--json", "--action", "completeTodo", "--limit", "3")).length).toBe(3);
    expect((await here("log", "--from", "-1h", "--to", "1h ago")).stdout).toBe("");
    const tail = jsonLines(await here("log", "--json", "--tail", "--from", "now")).at(-1);
    expect(tail).toMatchObject({ tentative: true, app: ulid("A", 4) });
    expect((await here("log", "--tail")).stdout.trimEnd().split("\n").at(-1)).toMatch(/^~ .*"In the tail"/);
  });

  it("shows any object, and what is wrong with one that cannot be used", async () => {
    const { code, stdout } = await child("show", "heads/main.json");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^kind +head$/m);
    expect(stdout).toMatch(/^ {2}"format": "icecore-head-1",$/m);
    const head = await readJson(fixture.host, "heads/main.json");
    const keys = [
      (head.segments as { key: string }[]).at(-1)?.key,
      (head.marks as { key: string }).key,
      (head.snapshots as { 1: { key: string } })[1].key,
    ];
    for (const [i, kind] of ["segment", "marks", "snapshot"].entries()) {
      const key = String(keys[i]);
      expect(json(await here("show", key, "--json"))).toMatchObject({
        key,
        kind,
        fault: null,
        body: await readJson(fixture.host, key),
      });
      expect((await here("show", key)).stdout).toMatch(/^holds +\S/m);
    }
  });

  const waiting =
    '1 update is stored and not yet published, so not shown: "icecore rollup --store main" (or a server) publishes, "icecore log --tail" shows them.\n';

  it("replays the state with a model, for people", async () => {
    const { code, stdout, stderr } = await child("replay", "--model", modelFile, "--rejected");
    expect([code, stderr]).toEqual([0, waiting]);
    expect(stdout).toMatch(/^state at .*, todos version 1: 23 updates applied from the log's start$/m);
    expect(stdout).toMatch(/^2 actions rejected, 0 problems found by invariants$/m);
    expect(stdout).toMatch(/^rejected: .* …00000003 1 {2}fail: no luck with x$/m);
    expect(stdout).toMatch(/^todos {2}3 entries$/m);
    expect(stdout).toMatch(/^ {2}t12 {2}\{"title":"Todo 12 of 12","done":false\}$/m);
    expect(stdout).toContain("a\\u001b[31m");
  });

  it("replays the state at any time, in exact and reduced JSON, whole and by field", async () => {
    const at = formatTimestamp(times[1] ?? toTimestamp(0));
    const then = json(await here("replay", "--model", modelFile, "--at", at, "--json", "--rejected")) as {
      state: { todos: object };
    };
    expect(then).toMatchObject({
      at,
      updates: 3,
      rejected: 2,
      snapshot: null,
      problems: [],
      rejectedActions: [
        { name: "fail" },
        { name: "addTodo", reason: expect.stringContaining("id is no text") },
      ],
    });
    expect(Object.keys(then.state.todos)).toEqual(["a\u001b[31m", "t1", "t2"]);
    const now = json(await here("replay", "--model", modelFile, "--json", "--table", "last"));
    expect(now).toMatchObject({ state: { last: "t12" }, snapshot: expect.any(String) });
    const exact = await here("replay", "--model", modelFile, "--exact");
    expect(JSON.parse(exact.stdout)).toMatchObject({
      last: "t12",
      todos: { t12: { title: "Todo 12 of 12", done: false } },
    });
    expect(exact.stderr).toContain("todos version 1");
    const raw = json(await here("replay", "--json"));
    expect(raw).toMatchObject({
      model: "raw view",
      updates: 23,
      state: { updates: 23, names: { addTodo: { count: 14 } } },
    });
    const missing = await here("replay", "--model", modelFile, "--table", "nope");
    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Its fields are: last, todos."),
    });
  });

  it("prints what changed in the state between two times", async () => {
    const [from, to] = [times[1], times[3]].map((time) => formatTimestamp(time ?? toTimestamp(0)));
    const { code, stdout } = await child(
      "diff",
      "--model",
      modelFile,
      "--from",
      String(from),
      "--to",
      String(to),
    );
    const lines = stdout.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines.slice(0, -1)).toEqual([
      '~ last  "t2" → "t3"',
      '- todos/t1  {"title":"Todo 1 of 12","done":false}',
      "~ todos/t2  done: false → true",
      '+ todos/t3  {"title":"Todo 3 of 12","done":false}',
    ]);
    expect(lines.at(-1)).toMatch(/^4 changes since .*: 1 added, 1 removed, 2 changed$/);
    const rows = jsonLines(await here("diff", "--model", modelFile, "--from", "2020-01-01", "--json"));
    expect(rows.map(({ kind, path }) => `${kind} ${(path as string[]).join("/")}`)).toEqual([
      "changed last",
      "added todos/a\u001b[31m",
      "added todos/t11",
      "added todos/t12",
    ]);
    expect(jsonLines(await here("diff", "--from", "now", "--json"))).toEqual([]);
  });

  it("verifies a sound store", async () => {
    const { code, stdout, stderr } = await child("verify", "--model", modelFile);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^log +23 updates with 35 actions of 3 apps in \d+ segments, through/m);
    expect(stdout).toMatch(/^snapshots +1 listed, 1 compared with a fold of the log$/m);
    expect(stdout).toMatch(/^stored in time +1 of 1 raw updates within 5 s of the time stored$/m);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("0 errors, 0 warnings");
    expect(json(await here("verify", "--json"))).toMatchObject({
      store: "main",
      ok: true,
      findings: [],
      log: { updates: 23 },
      raw: { waiting: 1 },
    });
  });

  it("rolls up once, then has nothing to do, and collects garbage", async () => {
    const own = `folder:${folder}/rolled`;
    const store = await openFixture(own);
    await store.send(1, ["fail", { id: "x" }], ["addTodo", { id: "a", title: "A" }]);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const { code, stdout } = await cliChild(["rollup", "--bucket", own, "--model", modelFile]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^published 1 update through .*, 0 dropped as copies, 1 action rejected by the model/,
      ),
    ]);
    expect(json(await cliHere(["rollup", "--bucket", own, "--json"]))).toMatchObject({
      published: 0,
      dropped: 0,
      jobs: [],
      more: false,
      trouble: null,
    });
    expect((await cliHere(["rollup", "--bucket", own])).stdout).toContain("nothing to publish");
    const gc = await cliChild(["gc", "--bucket", own]);
    expect([gc.code, gc.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^deleted 0 raw updates and 0 built objects\n0 unlisted objects kept.*link from rev 0\n$/,
      ),
    ]);
    expect(json(await cliHere(["gc", "--bucket", own, "--json", "--link-delay-hours", "0"]))).toMatchObject({
      raw: 0,
      built: [],
      linkFrom: 3,
    });
  });

  it("deletes with gc what no head names, when an earlier gc found it so", async () => {
    const own = `folder:${folder}/swept`;
    const store = await openFixture(own, { model: model as Model<unknown> });
    await fillStore(store, 4);
    const options = ["gc", "--bucket", own, "--json", "--retention-days", "0", "--link-delay-hours", "0"];
    const first = json(await cliHere(options)) as { kept: number };
    const second = json(await cliHere(options)) as { built: readonly string[]; kept: number };
    expect(first.kept).toBeGreaterThan(0);
    expect([second.built.length, second.kept]).toEqual([first.kept, 0]);
    expect((await cliHere(["verify", "--bucket", own, "--model", modelFile])).code).toBe(0);
  });

  it("helps with examples, colours terminals only, and respects NO_COLOR", async () => {
    const looking = ["stores", "head", "log", "show", "replay", "diff", "bisect", "verify"];
    const names = [...looking, "init", "export", "import", "rollup", "gc"];
    expect(await child("--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("Exit codes") });
    for (const name of names)
      expect((await cliHere([name, "--help"])).stdout).toMatch(/Examples:\n {2}\$ icecore/);
    const args = ["head", "--bucket", bucket];
    expect((await cliHere(args, { terminal: true })).stdout).toContain("\u001b[1m");
    expect((await cliHere(args, { terminal: true, env: { NO_COLOR: "1" } })).stdout).not.toContain("\u001b");
    expect((await cliHere(args)).stdout).not.toContain("\u001b");
  });
});
