/** icecore recover on the command line: what it prints for people and programs, and how it exits. */
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import type { Host } from "../../shared/drive/run.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { Model } from "../../shared/model/model.ts";
import { newSettings } from "../../shared/settings.ts";
import { model } from "../fixtures/cli-model.ts";
import { type CliResult, cliChild, cliHere } from "../fixtures/cli-run.ts";
import { fillStore, openFixture } from "../fixtures/cli-store.ts";
import { readJson, writeBytes, writeJson } from "../fixtures/edit-objects.ts";

const modelFile = fileURLToPath(new URL("../fixtures/cli-model.ts", import.meta.url));
let folder = "";
let updates = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "icecore-cli-recover-"));
  const fixture = await openFixture(`folder:${folder}/whole`, { model: model as Model<unknown> });
  updates = (await fillStore(fixture)).length;
  await fixture.send(4, ["addTodo", { id: "late", title: "Not published" }]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const head = "heads/main.json";

interface Copy {
  readonly bucket: string;
  readonly path: string;
  readonly host: Host;
  loseHead(): Promise<unknown>;
}

/** A copy of the store of its own. */
async function copy(name: string): Promise<Copy> {
  const path = join(folder, name);
  await cp(join(folder, "whole"), path, { recursive: true });
  const bucket = `folder:${path}`;
  const platform = createNodePlatform();
  const host = { bucket: await openBucket(bucket, platform), platform, settings: newSettings() };
  return { bucket, path, host, loseHead: () => host.bucket.delete([head]) };
}

const here = (bucket: string, ...args: readonly string[]) => cliHere([...args, "--bucket", bucket]);

function json(result: CliResult): Record<string, unknown> {
  expect([result.code, result.stderr]).toEqual([0, ""]);
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

function errorOf({ code, stdout, stderr }: CliResult): { kind: string; what: string; fix: string } {
  expect([code, stdout]).toEqual([1, ""]);
  return (JSON.parse(stderr) as { error: { kind: string; what: string; fix: string } }).error;
}

/** Everything in the folder, by path. */
async function filesIn(path: string): Promise<readonly string[]> {
  const files = await readdir(path, { recursive: true, withFileTypes: true });
  return files.flatMap((file) => (file.isFile() ? [join(file.parentPath, file.name)] : [])).sort();
}

describe.concurrent("icecore recover", () => {
  it("says what it made, and the store is sound and goes on", async () => {
    const { bucket, loseHead } = await copy("lost");
    await loseHead();
    expect((await here(bucket, "log")).code).toBe(1);
    const { code, stdout, stderr } = await cliChild(["recover", "--bucket", bucket]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const part of [
      new RegExp(`^log +${updates} updates of 2 apps in \\d+ segments, through 20\\d\\d-`, "m"),
      /^joined +nothing: there was one end$/m,
      /^snapshots +version 1 at 20\d\d-/m,
      /^raw updates +1 there: the next rollup publishes/m,
      /^head +epoch [0-9a-z]{16}, rev 1000000000, sealed through 20\d\d-/m,
      /^Recovered store "main". Now run: icecore verify --store main$/m,
    ])
      expect(stdout).toMatch(part);
    expect((await here(bucket, "verify", "--model", modelFile)).code).toBe(0);
    expect(json(await here(bucket, "rollup", "--model", modelFile, "--json"))).toMatchObject({
      trouble: null,
    });
    expect((await here(bucket, "log", "--json", "--tail")).stdout.split("\n").filter(Boolean)).toHaveLength(
      updates + 1,
    );
  });

  it("prints for programs the head and what became of the log", async () => {
    const { bucket, host, loseHead } = await copy("json");
    await loseHead();
    const report = json(await here(bucket, "recover", "--json"));
    expect(report).toMatchObject({
      store: "main",
      made: true,
      rev: 1_000_000_000,
      updates,
      apps: 2,
      joined: 0,
      raw: 1,
      snapshots: [1],
      lost: [],
    });
    const stored = await readJson(host, head);
    expect([report.epoch, report.rev]).toEqual([stored.epoch, stored.rev]);
  });

  it("with --dry-run says the same and writes nothing", async () => {
    const { bucket, path, loseHead } = await copy("dry");
    await loseHead();
    const before = await filesIn(path);
    const dry = await here(bucket, "recover", "--dry-run");
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain('Nothing was written. Without --dry-run store "main" gets this head.');
    const {
      epoch: _,
      sealedThrough: __,
      made,
      ...planned
    } = json(await here(bucket, "recover", "--dry-run", "--json"));
    expect(made).toBe(false);
    expect(await filesIn(path)).toEqual(before);
    expect(json(await here(bucket, "recover", "--json"))).toMatchObject({ ...planned, made: true });
  });

  it("replaces a damaged head, and leaves one alone that is whole or of a newer release", async () => {
    const { bucket, host } = await copy("damaged");
    const whole = await readJson(host, head);
    const there = await cliChild(["recover", "--bucket", bucket]);
    expect([there.code, there.stdout]).toEqual([1, ""]);
    expect(there.stderr).toMatch(
      /^error: Store "main" has a head \(rev \d+\), so there is nothing to recover\n {2}/,
    );
    await writeJson(host, head, { ...whole, format: "icecore-head-7" });
    expect(errorOf(await here(bucket, "recover", "--json"))).toMatchObject({
      kind: "incompatible",
      fix: expect.stringContaining("upgrade"),
    });
    await writeBytes(host, head, JSON.stringify(whole).slice(0, 200));
    expect(json(await here(bucket, "recover", "--json"))).toMatchObject({ made: true, updates });
    expect((await here(bucket, "verify")).code).toBe(0);
  });

  it("refuses a log with a gap, names the object, and with --accept-loss says what it leaves out", async () => {
    const { bucket, host, loseHead } = await copy("gap");
    const { segments } = await readJson(host, head);
    const last = String((segments as JsonObject[]).at(-1)?.key);
    await loseHead();
    await writeBytes(host, last, "{");
    const { kind, what, fix } = errorOf(await here(bucket, "recover", "--json"));
    expect(kind).toBe("corrupt");
    expect(what).toContain(`${last} is damaged`);
    expect(fix).toContain("--accept-loss");
    const accepted = await here(bucket, "recover", "--accept-loss");
    expect(accepted.code).toBe(0);
    expect(accepted.stdout).toMatch(/^left out {2}segments\/main\/.* is damaged/m);
    expect((await here(bucket, "verify")).code).toBe(0);
  });

  it("finds nothing to recover in an empty bucket, and asks for a bucket", async () => {
    // A recovery tests the bucket by writing to it: not to the one that others copy meanwhile.
    const { bucket } = await copy("other");
    const error = errorOf(await here(bucket, "recover", "--store", "other", "--json"));
    expect(error).toMatchObject({ kind: "rejected", what: expect.stringContaining('store "other"') });
    expect(error.fix).toContain("icecore init --store other");
    expect((await cliHere(["recover"])).code).toBe(2);
    expect((await cliHere(["recover", "--help"])).stdout).toMatch(/Examples:\n {2}\$ icecore recover/);
  });

  it("stopped by a signal says so and leaves a store that can be recovered", async () => {
    const { bucket, loseHead } = await copy("stopped");
    await loseHead();
    const stop = new AbortController();
    stop.abort();
    const stopped = await cliHere(["recover", "--bucket", bucket], { signal: stop.signal });
    expect([stopped.code, stopped.stdout]).toEqual([130, ""]);
    expect(stopped.stderr).toMatch(/^Stopped: /);
    expect(json(await here(bucket, "recover", "--json"))).toMatchObject({ made: true, updates });
  });
});
