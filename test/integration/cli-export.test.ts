/** Export and import on folder buckets: a copy, a fork, a merge of two stores; what is damaged, stopped, killed and repeated. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../shared/json.ts";
import type { Model } from "../../shared/model/model.ts";
import { updatesPrefix } from "../../shared/wire/keys.ts";
import { formatTimestamp, type Timestamp } from "../../shared/wire/time.ts";
import { model } from "../fixtures/cli-model.ts";
import { type CliResult, cliChild, cliHere, finished, startCli } from "../fixtures/cli-run.ts";
import { type Fixture, fillStore, openFixture, ulid } from "../fixtures/cli-store.ts";
import { chained, withTrailer } from "../unit/log/exports.ts";

const modelFile = fileURLToPath(new URL("../fixtures/cli-model.ts", import.meta.url));
const modelOption = { model: model as Model<unknown> };
let folder = "";
let bucket = "";
let times: readonly Timestamp[] = [];
/** The export of the whole log, line by line. */
let lines: readonly string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "icecore-export-"));
  bucket = `folder:${folder}/source`;
  const fixture = await openFixture(bucket, modelOption);
  await fixture.send(3, ["fail", { id: "x" }], ["addTodo", { id: "\u2028ä\u001b", title: "Odd" }]);
  await fixture.send(3);
  times = await fillStore(fixture);
  await fixture.send(4, ["addTodo", { id: "late", title: "Not published" }]);
  lines = linesOf(await cliHere(["export", "--bucket", bucket]));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const linesOf = ({ stdout }: Pick<CliResult, "stdout">) => stdout.split("\n").slice(0, -1);
const jsonOf = (line = "") => JSON.parse(line) as Record<string, Json>;
const textOf = (given: readonly string[]) => given.map((line) => `${line}\n`).join("");
const exportOf = (from: string, ...args: readonly string[]) => cliHere(["export", "--bucket", from, ...args]);
const importInto = (to: string, stdin: string, ...args: readonly string[]) =>
  cliHere(["import", "--bucket", to, ...args], { stdin });

function reportOf({ code, stdout, stderr }: CliResult): Record<string, unknown> {
  expect([code, stderr]).toEqual([0, ""]);
  return jsonOf(stdout);
}

async function logOf(from: string): Promise<readonly Record<string, Json>[]> {
  return linesOf(await cliHere(["log", "--json", "--tail", "--bucket", from])).map(jsonOf);
}

const actionsOf = (log: readonly Record<string, Json>[]) =>
  log.flatMap(({ actions }) => (actions as readonly JsonObject[]).map(({ id }) => String(id)));

async function exactState(from: string, ...args: readonly string[]): Promise<string> {
  return (await cliHere(["replay", "--model", modelFile, "--exact", "--bucket", from, ...args])).stdout;
}

/** Publishes everything and expects verify to find no error, and no warning either. */
async function settle(to: string, fixture?: Fixture): Promise<void> {
  await (fixture ?? (await openFixture(to, modelOption))).rollup();
  const { code, stdout } = await cliHere(["verify", "--model", modelFile, "--bucket", to, "--json"]);
  expect([code, jsonOf(stdout).findings]).toEqual([0, []]);
}

describe.concurrent("icecore export", () => {
  it("prints a header, the log as log --json prints it, and a trailer with the hash of all lines", async () => {
    const log = linesOf(await cliHere(["log", "--json", "--bucket", bucket]));
    const head = jsonOf((await cliHere(["head", "--json", "--bucket", bucket])).stdout);
    expect(lines.slice(1, -1)).toEqual(log);
    expect(jsonOf(lines[0])).toEqual({
      format: "icecore-export-1",
      store: "main",
      epoch: head.epoch,
      from: null,
      to: null,
    });
    expect(jsonOf(lines.at(-1))).toEqual({
      format: "icecore-export-end-1",
      updates: log.length,
      through: head.publishedThrough,
      hash: chained(lines.slice(0, -1)),
    });
  });

  it("leaves out what lies outside of --from and --to, both inclusive", async () => {
    const [from, to] = [times[2], times[5]].map((time) => formatTimestamp(time ?? (0 as Timestamp)));
    const part = linesOf(await exportOf(bucket, "--from", String(from), "--to", String(to)));
    expect(part.slice(1, -1).map((line) => jsonOf(line).timestamp)).toEqual(
      times.slice(2, 6).map((time) => formatTimestamp(time)),
    );
    expect([jsonOf(part[0]), jsonOf(part.at(-1))]).toMatchObject([
      { from, to },
      { updates: 4, through: to },
    ]);
    const day = new Date(times[0] ?? 0).toISOString().slice(0, 10);
    const whole = linesOf(await exportOf(bucket, "--from", day, "--to", day));
    expect(jsonOf(whole[0]).to).toMatch(/T235959\.999Z$/);
    expect(whole.slice(1, -1)).toEqual(lines.slice(1, -1));
    const none = linesOf(await exportOf(bucket, "--to", "2020-01-01"));
    expect(none.map((line) => jsonOf(line).updates)).toEqual([undefined, 0]);
  });

  it("writes a file that appears when it is whole, and leaves nothing else behind", async () => {
    const place = join(folder, "out");
    await mkdir(place);
    const file = join(place, "log.jsonl");
    await writeFile(file, "of before");
    const report = jsonOf((await exportOf(bucket, "--out", file, "--json")).stdout);
    expect([await readFile(file, "utf8"), await readdir(place)]).toEqual([textOf(lines), ["log.jsonl"]]);
    expect(report).toEqual({
      store: "main",
      file,
      updates: lines.length - 2,
      through: jsonOf(lines.at(-1)).through,
      hash: jsonOf(lines.at(-1)).hash,
    });
    const { code, stdout, stderr } = await cliChild(["export", "--out", file, "--bucket", bucket]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^exported 24 updates through 20\d\d-.* into .*log\.jsonl\n$/);
  });

  it("keeps the file of before when it fails or is stopped", async () => {
    const place = join(folder, "kept");
    await mkdir(place);
    const file = join(place, "log.jsonl");
    await writeFile(file, "of before");
    const out = ["--out", file];
    expect((await exportOf(bucket, ...out, "--store", "nothing")).stderr).toContain("has no head");
    const stopped = await cliHere(["export", "--bucket", bucket, ...out], { signal: AbortSignal.abort() });
    expect([stopped.code, stopped.stderr]).toEqual([130, expect.stringMatching(/^Stopped: /)]);
    expect([await readFile(file, "utf8"), await readdir(place)]).toEqual(["of before", ["log.jsonl"]]);
    expect(await exportOf(bucket, "--out", place)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${place} is no file`),
    });
    expect(await exportOf(bucket, "--out", join(place, "no", "log.jsonl"))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot be written \(ENOENT\)\n {2}Check that its folder is there/),
    });
  });

  it.skipIf(!existsSync("/dev/full"))("tells that stdout has no room", async () => {
    const full = await open("/dev/full", "w");
    const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
    const words = ["--import", "tsx", main, "export", "--bucket", bucket];
    const child = spawn(process.execPath, words, { stdio: ["ignore", full.fd, "pipe"] });
    const { code, stderr } = await finished(child).finally(() => full.close());
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: The output could not be written \(ENOSPC\)\n/),
    ]);
  });

  it("says on stderr how much it wrote, for people alone", async () => {
    const here = await exportOf(bucket);
    expect([here.code, here.stderr]).toEqual([
      0,
      expect.stringMatching(/^exported 24 updates through 20.*\n$/),
    ]);
    expect((await exportOf(bucket, "--json")).stderr).toBe("");
    expect(await exportOf(bucket, "--from", "now", "--to", "-1h")).toMatchObject({ code: 2, stdout: "" });
  });
});

describe.concurrent("icecore import", () => {
  it("makes a fork: export up to a time, piped into import, has the state of that time", async () => {
    const to = `folder:${folder}/fork`;
    const at = formatTimestamp(times[9] ?? (0 as Timestamp));
    const out = startCli(["export", "--to", at, "--bucket", bucket]);
    const into = startCli(["import", "--store", "fork", "--bucket", to]);
    if (!out.stdout || !into.stdin) throw new Error("children have pipes");
    out.stdout.pipe(into.stdin);
    const [{ code, stdout, stderr }] = await Promise.all([finished(into), finished(out)]);
    const next =
      'Stored, not yet published: run "icecore rollup --store fork" (or serve the store) to publish them.';
    expect([code, stderr]).toEqual([0, `Made store "fork" in ${to}.\n${next}\n`]);
    expect(stdout).toMatch(/^imported 12 updates, 0 already there, through 20\d\d-.*\n$/);
    await (await openFixture(to, { ...modelOption, store: "fork" })).rollup();
    expect(await exactState(to, "--store", "fork")).toBe(await exactState(bucket, "--at", at));
    expect((await cliHere(["verify", "--store", "fork", "--bucket", to])).code).toBe(0);
  });

  it("keeps every update's ids, its order and its contents, and gives it new times", async () => {
    const to = `folder:${folder}/copy`;
    await importInto(to, textOf(lines));
    await settle(to);
    const [copy, source] = [linesOf(await exportOf(to)), lines].map((each) => each.slice(1, -1).map(jsonOf));
    const without = ({ timestamp: _, after: __, ...rest }: Record<string, Json>) => rest;
    expect(copy?.map(without)).toEqual(source?.map(without));
    expect(copy?.map(({ after }) => after).slice(1)).toEqual(
      copy?.map(({ timestamp }) => timestamp).slice(0, -1),
    );
    expect(await exactState(to)).toBe(await exactState(bucket));
  });

  it("imports nothing new the second time, published or not, from a file or stdin", async () => {
    const to = `folder:${folder}/twice`;
    const file = join(folder, "twice.jsonl");
    await writeFile(file, textOf(lines));
    const run = async (...args: readonly string[]) =>
      reportOf(await cliHere(["import", ...args, "--json", "--bucket", to], { stdin: textOf(lines) }));
    expect(await run(file)).toEqual({
      store: "main",
      made: true,
      imported: 24,
      alreadyThere: 0,
      underNewIds: 0,
      appsUnderNewIds: 0,
      actionsLeftOut: 0,
      through: jsonOf(lines.at(-1)).through,
    });
    expect(await run("-")).toMatchObject({ made: false, imported: 0, alreadyThere: 24 });
    const fixture = await openFixture(to, modelOption);
    await settle(to, fixture);
    expect(await run()).toMatchObject({ imported: 0, alreadyThere: 24 });
    expect((await fixture.host.bucket.list(updatesPrefix(fixture.store))).objects).toEqual([]);
  });

  it("goes on where a killed import ended", async () => {
    const to = `folder:${folder}/killed`;
    const many = await openFixture(`folder:${folder}/many`);
    for (let i = 0; i < 400; i++) await many.send(1 + (i % 5), ["addTodo", { id: `t${i}`, title: "x" }]);
    await many.rollup();
    const text = (await exportOf(`folder:${folder}/many`)).stdout;
    const target = await openFixture(to);
    const child = startCli(["import", "--bucket", to]);
    child.stdin?.on("error", () => undefined);
    // The rest never comes, so that it is killed before its end however slowly this test looks.
    child.stdin?.write(text.slice(0, Math.floor(text.length * 0.75)));
    const ended = finished(child);
    const count = async () => (await target.host.bucket.list(updatesPrefix(target.store))).objects.length;
    while ((await count()) < 100) await target.host.platform.wait(5);
    child.kill("SIGKILL");
    await ended;
    const before = await count();
    expect(before).toBeLessThan(400);
    const report = reportOf(await importInto(to, text, "--json"));
    expect(report).toMatchObject({ imported: 400 - before, alreadyThere: before, underNewIds: 0 });
    await settle(to, target);
    expect(actionsOf(await logOf(to))).toEqual(actionsOf(await logOf(`folder:${folder}/many`)));
  });

  it("keeps both where the same apps wrote to a store that is not empty", async () => {
    const to = `folder:${folder}/colliding`;
    const fixture = await openFixture(to, { ...modelOption, idsFrom: 5_000 });
    for (let i = 0; i < 3; i++) {
      await fixture.send(1, ["addTodo", { id: `own${i}`, title: "Of the target" }]);
      await fixture.send(2, ["addTodo", { id: `two${i}`, title: "Of the target" }]);
      if (i === 1) await fixture.rollup();
    }
    const own = actionsOf(await logOf(to));
    const first = await importInto(to, textOf(lines));
    expect(first.stdout).toMatch(
      /^imported 24 updates, 22 of them under new ids \(2 apps\), 0 already there, through/,
    );
    expect(reportOf(await importInto(to, textOf(lines), "--json"))).toMatchObject({
      imported: 0,
      alreadyThere: 24,
    });
    await settle(to, fixture);
    const log = await logOf(to);
    expect(actionsOf(log)).toEqual([...own, ...actionsOf(lines.slice(1, -1).map(jsonOf))]);
    expect(new Set(log.map(({ app }) => app)).size).toBe(5);
    expect(reportOf(await importInto(to, textOf(lines), "--json"))).toMatchObject({ imported: 0 });
  });

  it("merges two forks that went on apart, both ways, each action once", async () => {
    const [one, two] = [`folder:${folder}/one`, `folder:${folder}/two`];
    const fixture = await openFixture(one, { ...modelOption, idsFrom: 100 });
    for (let i = 0; i < 3; i++) await fixture.send(1, ["addTodo", { id: `both${i}`, title: "Of both" }]);
    await fixture.rollup();
    await importInto(two, (await exportOf(one)).stdout);
    const other = await openFixture(two, { ...modelOption, idsFrom: 900 });
    for (let i = 0; i < 4; i++) {
      await fixture.send(1, ["addTodo", { id: `one${i}`, title: "Of one" }]);
      const update = {
        id: ulid<never>("B", 950 + i),
        app: ulid("A", 1),
        seq: 4 + i,
        after: 0 as Timestamp,
        modelVersion: 1,
        actions: [
          { id: ulid<never>("C", 950 + i), name: "addTodo", data: { id: `two${i}`, title: "Of two" } },
        ],
      };
      await other.writer.append(update);
    }
    await fixture.rollup();
    await other.rollup();
    expect(reportOf(await importInto(one, (await exportOf(two)).stdout, "--json"))).toMatchObject({
      imported: 4,
      underNewIds: 4,
      appsUnderNewIds: 1,
      alreadyThere: 3,
    });
    await settle(one, fixture);
    expect(reportOf(await importInto(two, (await exportOf(one)).stdout, "--json"))).toMatchObject({
      imported: 4,
      alreadyThere: 7,
    });
    await settle(two, other);
    const [a, b] = [await logOf(one), await logOf(two)].map((log) => actionsOf(log).sort());
    expect([a?.length, a]).toEqual([11, b]);
    expect(reportOf(await importInto(one, (await exportOf(two)).stdout, "--json"))).toMatchObject({
      imported: 0,
    });
  });

  it("keeps keys named __proto__ as what they are", async () => {
    const to = `folder:${folder}/hostile`;
    const hostile = '{"__proto__":{"polluted":true},"constructor":{"prototype":1}}';
    const update = String(lines[1]).replace('{"id":"x"}', hostile).replace("{", '{"__proto__":{"seq":9},');
    expect((await importInto(to, textOf(withTrailer([String(lines[0]), update])))).code).toBe(0);
    const { stdout } = await cliHere(["log", "--json", "--tail", "--bucket", to]);
    expect(stdout).toContain(`"data":${hostile}`);
    expect(stdout).toContain('"seq":1,');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe.concurrent("icecore import refuses", () => {
  const changed = (at: number, from: string | RegExp, to: string) =>
    lines.map((line, i) => (i === at ? line.replace(from, to) : line));
  const damaged: readonly (readonly [name: string, given: () => string, stderr: RegExp])[] = [
    ["nothing", () => "", /^error: The export is empty\n {2}Give what "icecore export" wrote/],
    ["garbage", () => "\u0000\u0001garbage", /^error: Line 1 is no header of an export/],
    [
      "another format",
      () => textOf(changed(0, "export-1", "export-2")),
      /^error: Line 1 .*"icecore-export-2".*\n.*upgrade/,
    ],
    [
      "an older update",
      () => textOf(changed(4, "update-1", "update-0")),
      /^error: Line 5 .*"icecore-update-0"/,
    ],
    [
      "a cut file",
      () => textOf(lines.slice(0, 9)),
      /^error: The export was cut: it ends after line 9, without/,
    ],
    ["a cut line", () => textOf(lines).slice(0, -300), /^error: Line 25 of the export is no JSON/],
    [
      "a changed line",
      () => textOf(changed(3, "Todo ", "Tada ")),
      /^error: Line 26 .*not those that were written\n.*again/,
    ],
    ["a lost line", () => textOf(lines.toSpliced(7, 1)), /^error: Line 25 .*not those that were written/],
    ["a hole", () => textOf(lines.toSpliced(7, 1, "")), /^error: Line 8 of the export is no JSON/],
    [
      "swapped lines",
      () => textOf(lines.toSpliced(7, 2, String(lines[8]), String(lines[7]))),
      /^error: Line 9 .*order/,
    ],
    [
      "two exports",
      () => textOf([...lines, ...lines]),
      /^error: Line 27 of the export comes after its trailer/,
    ],
    [
      "a long line",
      () => textOf([String(lines[0]), "x".repeat(2 ** 21)]),
      /^error: Line 2 is longer than 1048576 bytes/,
    ],
    [
      "a large update",
      () => textOf(changed(1, '"x"', `"${"x".repeat(70_000)}"`)),
      /^error: Line 2 .* of 70\d+ bytes, more than 65536\n/,
    ],
    [
      "a deep update",
      () => textOf(changed(1, '"x"', `${"[".repeat(200)}${"]".repeat(200)}`)),
      /^error: Line 2 .*nested deeper than 100/,
    ],
  ];

  it.each(damaged)(
    "%s: from a file nothing is imported and no store is made",
    async (name, given, stderr) => {
      const file = join(folder, `${name}.jsonl`);
      const to = `folder:${folder}/refused ${name}`;
      await writeFile(file, given());
      const result = await cliHere(["import", file, "--bucket", to]);
      expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(stderr) });
      expect(result.stderr.length).toBeLessThan(400);
      expect(await readdir(folder)).not.toContain(`refused ${name}`);
    },
  );

  it.each(damaged)(
    "%s: from stdin what came before it stays, and the whole goes on from there",
    async (name, given, stderr) => {
      const to = `folder:${folder}/mended ${name}`;
      const result = await importInto(to, given());
      expect(result).toMatchObject({
        code: 1,
        stdout: "",
        stderr: expect.stringMatching(new RegExp(stderr.source, "m")),
      });
      if (name === "a changed line") return;
      const report = reportOf(await importInto(to, textOf(lines), "--json"));
      expect(Number(report.imported) + Number(report.alreadyThere)).toBe(24);
      await settle(to);
      expect(actionsOf(await logOf(to)).sort()).toEqual(actionsOf(lines.slice(1, -1).map(jsonOf)).sort());
    },
  );

  it("to wait at a terminal", async () => {
    const result = await cliHere(["import", "--bucket", bucket], { terminal: true });
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("No export was given") });
  });

  it("a file that is not there, a folder, no bucket; for programs as JSON", async () => {
    const missing = await cliHere(["import", join(folder, "none"), "--bucket", bucket]);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("There is no file") });
    expect((await cliHere(["import", folder, "--bucket", bucket])).code).toBe(2);
    const { code, stderr } = await cliHere(["import", "--json", "--bucket", `folder:${folder}/none`], {
      stdin: "x\n",
    });
    expect([code, jsonOf(stderr)]).toEqual([1, { error: expect.objectContaining({ kind: "rejected" }) }]);
    expect((await cliHere(["import", "--bucket", "ftp://x"])).code).toBe(2);
  });
});

describe.concurrent("Ctrl-C", () => {
  it("ends an import that waits for more, and the next one goes on from there", async () => {
    const to = `folder:${folder}/stopped`;
    const target = await openFixture(to);
    const child = startCli(["import", "--bucket", to]);
    const ended = finished(child);
    child.stdin?.write(textOf(lines.slice(0, 6)));
    const count = async () => (await target.host.bucket.list(updatesPrefix(target.store))).objects.length;
    while ((await count()) < 5) await target.host.platform.wait(5);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect([code, stdout]).toEqual([130, ""]);
    expect(stderr).toMatch(/^Stopped: Reading stdin was stopped before its end\. Run it again/);
    expect(reportOf(await importInto(to, textOf(lines), "--json"))).toMatchObject({
      imported: 19,
      alreadyThere: 5,
    });
    await settle(to, target);
  });

  it("stops before anything is written, too", async () => {
    const to = `folder:${folder}/unbegun`;
    const signal = AbortSignal.abort();
    const importing = await cliHere(["import", "--bucket", to], { signal, stdin: textOf(lines) });
    expect([importing.code, importing.stdout]).toEqual([130, ""]);
    expect(await readdir(folder)).not.toContain("unbegun");
    const exporting = await cliHere(["export", "--bucket", bucket], { signal });
    expect([exporting.code, exporting.stdout.includes("icecore-export-end")]).toEqual([130, false]);
  });
});
