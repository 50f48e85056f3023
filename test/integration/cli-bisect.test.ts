/** Bisect on a folder bucket, and on logs whose updates share a timestamp, come from older models, or break the invariant for a moment. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bisectLog } from "../../shared/drive/bisect.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { defineModel } from "../../shared/model/define.ts";
import { counter } from "../../shared/model/fields/counter.ts";
import type { Model } from "../../shared/model/model.ts";
import type { StandardSchema } from "../../shared/model/schema.ts";
import { formatTimestamp, type Timestamp, toTimestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import type { Update } from "../../shared/wire/update.ts";
import { model } from "../fixtures/cli-model.ts";
import { type CliResult, cliChild, cliHere } from "../fixtures/cli-run.ts";
import { fillStore, openFixture } from "../fixtures/cli-store.ts";
import { createTestStore, type TestStore, testUpdate } from "../fixtures/store-host.ts";

const modelFile = fileURLToPath(new URL("../fixtures/cli-model.ts", import.meta.url));
let folder = "";
let bucket = "";
/** Of the eight todos that were added last. */
let added: Timestamp[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "icecore-bisect-"));
  bucket = `folder:${folder}/a bucket`;
  const fixture = await openFixture(bucket, { model: model as Model<unknown> });
  await fixture.send(3, ["fail", { id: "x" }], ["addTodo", { id: 7 }]);
  await fillStore(fixture, 6);
  added = [];
  for (let i = 1; i <= 8; i++) {
    added.push(
      await fixture.send(
        3,
        ["fail", { id: "x" }],
        ["addTodo", { id: `x${i}\u001b`, title: "X".repeat(300) }],
      ),
    );
    if (i % 3 === 0) await fixture.rollup();
  }
  await fixture.rollup();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const args = ["--model", modelFile, "--problem", "fewTodos"];
const bisect = (...more: readonly string[]) => cliHere(["bisect", "--bucket", bucket, ...args, ...more]);
const jsonOf = ({ stdout }: CliResult) => JSON.parse(stdout) as Record<string, unknown>;
const textAt = (i: number) => formatTimestamp(added[i] ?? zeroTimestamp);

describe.concurrent("icecore bisect", () => {
  it("prints the first update after which an invariant finds a problem, and a line that shows what it changed", async () => {
    const { code, stdout, stderr } = await cliChild(["bisect", "--bucket", bucket, ...args]);
    expect([code, stderr]).toEqual([0, ""]);
    const [first, second, ...rest] = stdout.trimEnd().split("\n");
    expect(first).toBe('"fewTodos" finds a problem after this update, the last of 15 updates judged:');
    expect(second).toMatch(
      /^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}update 01JB\w{22} {2}app 01JA0{21}3 {2}seq 5$/,
    );
    expect(rest.slice(0, 4)).toEqual([
      '  fail  {"id":"x"}',
      expect.stringMatching(/^ {2}addTodo {2}\{"id":"x4\\u001b","title":"X+…$/),
      'problem: fewTodos  "there are 6 todos"',
      "",
    ]);
    const before = formatTimestamp(toTimestamp((added[3] ?? 0) - 1));
    expect(rest[4]).toBe(
      `icecore diff --bucket 'folder:${folder}/a bucket' --store main --model ${modelFile} --from ${before} --to ${textAt(3)}`,
    );
    const diff = await cliHere([
      "diff",
      "--bucket",
      bucket,
      "--model",
      modelFile,
      "--from",
      before,
      "--to",
      textAt(3),
    ]);
    expect(diff.stdout).toContain("+ todos/x4");
    const replay = (at: string) =>
      cliHere(["replay", "--bucket", bucket, "--model", modelFile, "--json", "--at", at]);
    expect([jsonOf(await replay(before)).problems, jsonOf(await replay(textAt(3))).problems]).toEqual([
      [],
      [{ invariant: "fewTodos", problem: "there are 6 todos" }],
    ]);
  });

  it("prints it for programs", async () => {
    const result = await bisect("--json");
    expect([result.code, result.stderr]).toEqual([0, ""]);
    expect(jsonOf(result)).toEqual({
      store: "main",
      invariant: "fewTodos",
      outcome: "found",
      judged: 15,
      update: expect.objectContaining({ timestamp: textAt(3), format: "icecore-update-1", seq: 5 }),
      problems: ["there are 6 todos"],
      diff: expect.stringMatching(/^icecore diff --bucket 'folder:/),
    });
  });

  it("begins after --from and ends at --to", async () => {
    expect(jsonOf(await bisect("--from", textAt(1), "--json"))).toMatchObject({
      outcome: "found",
      judged: 2,
    });
    expect(jsonOf(await bisect("--to", textAt(3), "--json"))).toMatchObject({ outcome: "found" });
    const held = await bisect("--to", textAt(2));
    expect([held.code, held.stdout]).toEqual([
      0,
      expect.stringMatching(/^"fewTodos" found no problem after any of 14 updates through 20\d\d-.*\.\n$/),
    ]);
    expect(jsonOf(await bisect("--to", textAt(2), "--json"))).toEqual({
      store: "main",
      invariant: "fewTodos",
      outcome: "never",
      judged: 14,
      through: textAt(2),
    });
  });

  it("says so when the state at --from has a problem already", async () => {
    for (const from of [textAt(3), "now"]) {
      const { code, stdout } = await bisect("--from", from);
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/^"fewTodos" finds a problem at .* already, before any/),
      ]);
      expect(stdout).toContain("problem: fewTodos");
    }
    expect(jsonOf(await bisect("--from", textAt(4), "--json"))).toMatchObject({
      outcome: "before",
      judged: 0,
      from: textAt(4),
      problems: ["there are 7 todos"],
    });
  });

  it("refuses a name that is no invariant, and names those there are", async () => {
    const wrong = await cliHere(["bisect", "--bucket", bucket, "--model", modelFile, "--problem", "many"]);
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toBe(
      'error: "many" is no invariant of model "todos"\n  Its invariants are: fewTodos.\n',
    );
    const plain = join(folder, "plain.mjs");
    const index = fileURLToPath(new URL("../../shared/index.ts", import.meta.url));
    await writeFile(
      plain,
      `import { reducerModel } from ${JSON.stringify(index)}; export const model = reducerModel({ name: "n", version: 1, initialState: 0, reducer: (n) => n });`,
    );
    const none = await cliHere(["bisect", "--bucket", bucket, "--model", plain, "--problem", "toString"]);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("The model has none.") });
    expect((await cliHere(["bisect", "--bucket", bucket, "--model", modelFile])).code).toBe(2);
    expect((await bisect("--from", "now", "--to", "-1h")).stderr).toContain("--to lies before --from");
  });

  it("stops at Ctrl-C", async () => {
    const stopped = await cliHere(["bisect", "--bucket", bucket, ...args], { signal: AbortSignal.abort() });
    expect([stopped.code, stopped.stdout, stopped.stderr]).toEqual([
      130,
      "",
      expect.stringMatching(/^Stopped: /),
    ]);
  });
});

const anyData: StandardSchema<{ readonly by?: number }> = {
  "~standard": { version: 1, vendor: "test", validate: (given) => ({ value: given as { by?: number } }) },
};

const counting = (version: number) =>
  defineModel({
    name: "count",
    version,
    state: { n: counter() },
    actions: (action) => ({ put: action(anyData, (state, { by = 1 }) => state.n.add(by)) }),
    invariants: {
      low: ({ n }) => (n > 2 ? [`n is ${n}`] : []),
      other: () => {
        throw new Error("only the invariant that was asked for is run");
      },
    },
    ...(version > 1
      ? { upcasters: { put: { 1: () => ({ by: 10 }) } }, migrate: { 1: (old: object) => old } }
      : {}),
  }) as Model<unknown>;

/** Stores updates of several apps, those of a row under one timestamp, and publishes them. */
async function storeRows(rows: readonly (readonly Update[])[]): Promise<TestStore> {
  const test = await createTestStore({ graceMs: 0 });
  for (const row of rows) {
    test.clock.now += 10;
    const at = test.clock.now;
    for (const update of row) {
      test.clock.now = at;
      await test.writer.append(update);
    }
  }
  test.clock.now += 10;
  await createRollup(test.host, { store: test.store, model: counting(1) }).round({ hint: true });
  return test;
}

const by = (app: number, seq: number, n: number) => testUpdate(app, seq, [{ by: n }]);
const find = ({ host, store }: TestStore, more: Partial<Parameters<typeof bisectLog>[1]> = {}) =>
  bisectLog(host, {
    store,
    model: counting(1),
    invariant: "low",
    from: zeroTimestamp,
    to: toTimestamp(Number.POSITIVE_INFINITY),
    ...more,
  });

describe("The search", () => {
  it("finds the one of several updates of one timestamp, also where the next of them mends it", async () => {
    const test = await storeRows([[by(1, 1, 1)], [by(1, 2, 1), by(2, 1, 5), by(3, 1, -6)], [by(1, 3, 9)]]);
    const { outcome, judged } = await find(test);
    expect(judged).toBe(3);
    expect(outcome).toMatchObject({ is: "found", update: by(2, 1, 5), problems: [{ problem: "n is 7" }] });
  });

  it("goes on where an update of several of one timestamp held", async () => {
    const test = await storeRows([[by(1, 1, 1), by(2, 1, 1)], [by(1, 2, -2), by(2, 2, 2)], [by(3, 1, 1)]]);
    expect(await find(test)).toMatchObject({ judged: 5, outcome: { is: "found", update: by(3, 1, 1) } });
  });

  it("finds the first of several breaks, and the next one after --from", async () => {
    const test = await storeRows([[by(1, 1, 3)], [by(1, 2, -3)], [by(1, 3, 3)]]);
    expect(await find(test)).toMatchObject({ judged: 1, outcome: { is: "found", update: by(1, 1, 3) } });
    const from = toTimestamp(test.clock.now - 20);
    expect(await find(test, { from })).toMatchObject({
      judged: 1,
      outcome: { is: "found", update: by(1, 3, 3) },
    });
  });

  it("folds from the log's start with the version's upcasters, as a replay does", async () => {
    const test = await storeRows([[by(1, 1, 1)], [by(1, 2, 1)]]);
    expect(await find(test)).toMatchObject({ outcome: { is: "never" } });
    expect(await find(test, { model: counting(2) })).toMatchObject({
      judged: 1,
      outcome: { is: "found", problems: [{ problem: "n is 10" }] },
    });
  });

  it("stops with an error at an update of a newer model version, unless it found a problem before", async () => {
    const newer = { ...by(1, 2, 1), modelVersion: 2 };
    const rows = (n: number) => storeRows([[by(1, 1, n)], [newer]]);
    await expect(find(await rows(1))).rejects.toMatchObject({ kind: "incompatible" });
    expect(await find(await rows(5))).toMatchObject({ outcome: { is: "found", update: by(1, 1, 5) } });
  });

  it("says when the initial state has a problem, and judges nothing then", async () => {
    const test = await storeRows([[by(1, 1, 1)]]);
    expect(await find(test, { invariant: "other" })).toMatchObject({ judged: 0, outcome: { is: "before" } });
  });

  it("lets signals in between two updates of one segment", async () => {
    const test = await storeRows(Array.from({ length: 50 }, (_, i) => [by(1, i + 1, 0)]));
    const stop = new AbortController();
    let waits = 0;
    const platform = {
      ...test.host.platform,
      now: () => (test.clock.now += 20),
      async wait() {
        waits += 1;
        if (waits === 3) stop.abort();
      },
    };
    const host = { ...test.host, platform, signal: stop.signal };
    await expect(find({ ...test, host })).rejects.toMatchObject({ kind: "closed" });
    expect(waits).toBe(3);
  });
});
