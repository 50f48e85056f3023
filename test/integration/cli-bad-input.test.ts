/** Bad input to the command line: each gives a clear error with what to do and an exit code, and loses nothing. */
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import type { Model } from "../../shared/model/model.ts";
import { updateKey } from "../../shared/wire/keys.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { model } from "../fixtures/cli-model.ts";
import { cliChild, cliHere } from "../fixtures/cli-run.ts";
import { type Fixture, fillStore, openFixture, ulid } from "../fixtures/cli-store.ts";
import { readJson } from "../fixtures/edit-objects.ts";

const fixtureFile = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const modelFile = fixtureFile("cli-model.ts");
const everyCommand = [
  ["head"],
  ["log"],
  ["replay"],
  ["diff", "--from", "-1h"],
  ["verify"],
  ["rollup"],
  ["gc"],
  ["show", "heads/main.json"],
];
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "icecore-cli-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function newStore(
  name: string,
): Promise<Fixture & { readonly bucket: string; readonly root: string; readonly newestSegment: string }> {
  const bucket = `folder:${folder}/${name}`;
  const fixture = await openFixture(bucket, { model: model as Model<unknown> });
  await fillStore(fixture, 5);
  const head = await readJson(fixture.host, "heads/main.json");
  return {
    ...fixture,
    bucket,
    root: join(folder, name),
    newestSegment: String((head.segments as { key: string }[]).at(-1)?.key),
  };
}

describe.concurrent("the command line refuses", () => {
  it("store ids that are none, shortened and without control characters", async () => {
    const bad = ["../x", "a/b", "", "UPPER", "x\u001b[31m\u0007y", "x".repeat(10_240), "ä", "a\nb"];
    for (const store of bad) {
      const { code, stdout, stderr } = await cliHere([
        "head",
        "--bucket",
        `folder:${folder}`,
        "--store",
        store,
      ]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/is no store id\n {2}Give --store another one: a store id is 1 to 64 of a-z/);
      expect(stderr.length).toBeLessThan(300);
      expect(stderr).not.toMatch(/[^\P{Cc}\n]/u);
    }
    expect(await cliChild(["head", "--bucket", `folder:${folder}`, "--store", "../x"])).toMatchObject({
      code: 2,
      stdout: "",
    });
  });

  it("wrong usage: no bucket, no command, a mistyped flag, a time or number that is none", async () => {
    const bucket = ["--bucket", `folder:${folder}`];
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [["head"], /No bucket was named\n {2}Give --bucket s3:\/\/… or folder:PATH, or set ICECORE_BUCKET/],
      [["head", "--bucket", "ftp://x"], /"ftp:" is no kind of bucket/],
      [["head", "--bucket", "s3://geheim:key@x"], /must not hold credentials\n {2}Take them out/],
      [[], /No command was given/],
      [["heads", ...bucket], /unknown command 'heads'/],
      [["log", ...bucket, "--form", "-1h"], /unknown option '--form' \(Did you mean --from\?\)/],
      [["log", ...bucket, "--from", "yesterdayish"], /"yesterdayish" is no time/],
      [["log", ...bucket, "--from", "2026-02-30"], /is no time/],
      [["log", ...bucket, "--limit", "-3"], /--limit is "-3"/],
      [["log", ...bucket, "--app", "x y"], /"x y" is no app id/],
      [["log", ...bucket, "--follow", "--to", "now"], /--follow has no end/],
      [["diff", ...bucket], /required option '--from <time>' not specified/],
      [["diff", ...bucket, "--from", "now", "--to", "-1h"], /--to lies before --from/],
      [["rollup", ...bucket, "--every", "soon"], /--every is "soon"/],
      [["gc", ...bucket, "--retention-days", "1e9"], /--retention-days is "1e9"/],
      [["show", ...bucket, "../../etc/passwd"], /is no key of a store's object/],
      [["show", ...bucket, `x${"\u001b".repeat(9)}`], /is no key/],
    ];
    for (const [args, text] of wrong) {
      const { code, stdout, stderr } = await cliHere(args);
      expect([code, stdout], args.join(" ")).toEqual([2, ""]);
      expect(stderr).toMatch(text);
    }
    const { code, stderr } = await cliChild(["log", "--nope", "--json"]);
    expect([code, JSON.parse(stderr)]).toEqual([
      2,
      { error: { kind: "usage", what: "unknown option '--nope'", fix: expect.any(String) } },
    ]);
  });

  it("keys that leave the bucket, and objects that are not there", async () => {
    const { bucket } = await newStore("keys");
    const outside = await cliHere(["show", "updates/../../../etc/passwd", "--bucket", bucket]);
    expect(outside).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("no key") });
    const absent = await cliHere(["show", "updates/main/none.json", "--bucket", bucket, "--json"]);
    expect([absent.code, JSON.parse(absent.stderr)]).toEqual([
      1,
      {
        error: {
          kind: "rejected",
          what: expect.stringContaining("There is no object"),
          fix: expect.any(String),
          key: "updates/main/none.json",
        },
      },
    ]);
  });

  it("a bucket that is not there, and one that is a file", async () => {
    for (const args of everyCommand) {
      const { code, stdout, stderr } = await cliHere([...args, "--bucket", `folder:${folder}/nowhere`]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(`There is no folder ${folder}/nowhere`);
    }
    await writeFile(join(folder, "file"), "hello");
    expect(await cliHere(["head", "--bucket", `folder:${folder}/file`])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is a file"),
    });
  });
});

describe.concurrent("the command line says what is wrong with a store", () => {
  it("whose head is gone: every command names it and what to do", async () => {
    const { root, bucket } = await newStore("headless");
    await rm(join(root, "heads"), { recursive: true });
    for (const args of [...everyCommand, ["init"]]) {
      const { code, stdout, stderr } = await cliHere([...args, "--bucket", bucket]);
      expect([args, code]).toEqual([args, 1]);
      expect(stdout + stderr).toContain('Store "main" has no head');
      expect(stdout + stderr).toContain("restore heads/main.json");
    }
    const { code, stderr } = await cliChild(["log", "--bucket", bucket, "--json"]);
    expect([code, JSON.parse(stderr)]).toEqual([
      1,
      {
        error: {
          kind: "unavailable",
          what: 'Store "main" has no head',
          fix: expect.any(String),
          store: "main",
          key: "heads/main.json",
        },
      },
    ]);
    expect(stderr).not.toContain("    at ");
  });

  it("one of whose segments has a flipped byte, or is truncated, foreign or of an unknown format", async () => {
    const { root, bucket, newestSegment } = await newStore("damaged");
    const path = join(root, newestSegment);
    const good = await readFile(path);
    const flipped = Buffer.from(good);
    flipped[good.length >> 1] = (flipped[good.length >> 1] ?? 0) ^ 1;
    await writeFile(path, flipped);
    const { code, stdout, stderr } = await cliChild(["verify", "--bucket", bucket]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toContain(`error  ${newestSegment}\n`);
    expect(stdout).toMatch(/ {2}Restore it from the bucket's versions/);
    await writeFile(path, good);
    await truncate(path, 200);
    const cut = await cliHere(["verify", "--bucket", bucket, "--json"]);
    const report = JSON.parse(cut.stdout) as { ok: boolean; findings: readonly unknown[] };
    expect([cut.code, report.ok]).toEqual([1, false]);
    expect(report.findings[0]).toMatchObject({
      severity: "error",
      key: newestSegment,
      what: "It cannot be used: it is no JSON in UTF-8",
    });
    await writeFile(path, '{"format":"icecore-segment-99"}');
    expect(await cliHere(["verify", "--bucket", bucket])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("upgrade this one"),
    });
    const shown = await cliHere(["show", newestSegment, "--bucket", bucket]);
    expect(shown).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('format is "icecore-segment-99"'),
    });
    await rm(path);
    expect(await cliHere(["verify", "--bucket", bucket])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("is not there"),
    });
    await writeFile(path, good);
    expect((await cliHere(["verify", "--bucket", bucket])).code).toBe(0);
  });

  it("that holds foreign files, and ignores them", async () => {
    const { root, bucket } = await newStore("foreign");
    await mkdir(join(root, "updates/main"), { recursive: true });
    await writeFile(join(root, "updates/main/Thumbs.db"), "x");
    await writeFile(join(root, "segments/main/copy of 1.json"), "x");
    const { code, stdout } = await cliHere(["verify", "--bucket", bucket]);
    expect(code).toBe(0);
    expect(stdout).toContain("warning  updates/main/Thumbs.db");
    expect(stdout).toContain("warning  segments/main/copy of 1.json");
    expect(stdout).toContain("0 errors, 2 warnings");
    expect((await cliHere(["rollup", "--bucket", bucket])).code).toBe(0);
    expect((await cliHere(["gc", "--bucket", bucket])).code).toBe(0);
    expect(await readFile(join(root, "updates/main/Thumbs.db"), "utf8")).toBe("x");
  });

  it("that holds a raw update of 100 MB: the rollup sets it aside and publishes the others", async () => {
    const store = await newStore("huge");
    const { root, bucket } = store;
    const at = await store.send(1, ["addTodo", { id: "before", title: "Before" }]);
    const key = updateKey({ store: store.store, timestamp: toTimestamp(at + 1), app: ulid("A", 9) });
    await writeFile(join(root, key), Buffer.alloc(100 * 1024 * 1024, "x"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await store.send(1, ["addTodo", { id: "after", title: "After" }]);
    expect(await cliHere(["verify", "--bucket", bucket])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`warning  ${key}\n  It is no update: it is 104857600 bytes long`),
    });
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const { code, stdout } = await cliChild(["rollup", "--bucket", bucket]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^published 2 updates through .*, 1 set aside/),
    ]);
    const log = await cliHere(["log", "--bucket", bucket, "--action", "addTodo"]);
    expect(log.stdout).toContain('"before"');
    expect(log.stdout).toContain('"after"');
    const after = await cliHere(["verify", "--bucket", bucket]);
    expect(after).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`as set aside (it is 104857600 bytes long`),
    });
  });

  it("whose bucket has another clock: the rollup says so and seals nothing", async () => {
    const { bucket, host, ...store } = await newStore("clock");
    await store.send(1, ["addTodo", { id: "waits", title: "Waits" }]);
    const platform = createNodePlatform();
    const early = { ...platform, now: () => Date.now() - 5 * 3_600_000 };
    const sealed = String((await readJson(host, "heads/main.json")).sealedThrough);
    // A folder's clock is this machine's, so only a bucket that answers with the true date can tell.
    const { openBucket } = await import("../../bucket/url.ts");
    const { createRollup } = await import("../../shared/drive/rollup.ts");
    const rollup = createRollup(
      { ...host, bucket: await openBucket(bucket, platform), platform: early },
      { store: store.store },
    );
    await expect(rollup.round()).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("18000 s away"),
      fix: expect.stringContaining("NTP"),
    });
    expect((await readJson(host, "heads/main.json")).sealedThrough).toBe(sealed);
  });
});

describe.concurrent("the command line takes model files with care", () => {
  it("one that is missing, throws, exports no model, or is no script", async () => {
    const { bucket } = await newStore("models");
    const run = (file: string) => cliHere(["replay", "--bucket", bucket, "--model", file]);
    expect(await run(join(folder, "none.ts"))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no model file"),
    });
    expect(await run(folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no model file"),
    });
    await writeFile(join(folder, "model.txt"), "x");
    expect(await run(join(folder, "model.txt"))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is no script"),
    });
    await writeFile(join(folder, "empty.mjs"), "export const x = 1;");
    expect(await run(join(folder, "empty.mjs"))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("exports no model"),
    });
    await writeFile(join(folder, "syntax.mjs"), "export const = ;");
    expect(await run(join(folder, "syntax.mjs"))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/failed while it was loaded: .*Error/),
    });
    await writeFile(
      join(folder, "broken.ts"),
      'throw new Error("no such table in this model");\nexport const model = 1;',
    );
    const thrown = await cliChild(["rollup", "--bucket", bucket, "--model", join(folder, "broken.ts")]);
    expect(thrown).toMatchObject({ code: 1, stdout: "" });
    expect(thrown.stderr).toMatch(
      /broken\.ts failed while it was loaded: Error: no such table in this model\n {2}Correct the file/,
    );
    expect(thrown.stderr).not.toContain("    at ");
    const debug = await cliHere(["replay", "--bucket", bucket, "--model", join(folder, "empty.mjs")], {
      env: { ICECORE_DEBUG: "1" },
    });
    expect(debug.stderr).toContain("    at ");
  });

  it("one of another name or version than the store's snapshots", async () => {
    const { bucket } = await newStore("other-model");
    const other = (changes: string) =>
      `export { model as kept } from ${JSON.stringify(modelFile)};\nimport { model as kept } from ${JSON.stringify(modelFile)};\nexport const model = { ...kept, ${changes} };`;
    await writeFile(join(folder, "renamed.ts"), other('name: "notes"'));
    const renamed = await cliHere(["verify", "--bucket", bucket, "--model", join(folder, "renamed.ts")]);
    expect(renamed).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('It is of model "todos", not "notes"'),
    });
    const rolled = await cliHere(["rollup", "--bucket", bucket, "--model", join(folder, "renamed.ts")]);
    expect(rolled).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("not done: The store's snapshots are of model"),
    });
  });

  it("one whose actions throw: they are rejected alone, and everything is published", async () => {
    const store = await newStore("throwing");
    await store.send(1, ["fail", { id: "a" }], ["addTodo", { id: "kept", title: "Kept" }]);
    await store.rollup();
    const { code, stdout } = await cliHere([
      "replay",
      "--bucket",
      store.bucket,
      "--model",
      modelFile,
      "--rejected",
      "--json",
    ]);
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      {
        rejected: 1,
        rejectedActions: [{ name: "fail", reason: "no luck with a" }],
        state: { todos: { kept: { title: "Kept" } } },
      },
    ]);
    expect((await cliHere(["verify", "--bucket", store.bucket, "--model", modelFile])).code).toBe(0);
  });
});
