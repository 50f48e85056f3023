/** The demo from outside: a small, odd repository goes through the whole protocol and comes back the same. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import { checkCommits, checkHead } from "../../examples/git-history/check.ts";
import { listCommits, openRepository } from "../../examples/git-history/git.ts";
import { settings } from "../../examples/git-history/limits.ts";
import { isGood, type Report, toLines } from "../../examples/git-history/report.ts";
import { rollUpBeside } from "../../examples/git-history/roll-up.ts";
import { runDemo } from "../../examples/git-history/run.ts";
import { sendHistory } from "../../examples/git-history/send.ts";
import { createStore, readStoreHead } from "../../shared/drive/store.ts";
import { newSettings } from "../../shared/settings.ts";
import { parseStoreId, type StoreId } from "../../shared/wire/ids.ts";
import type { Timestamp } from "../../shared/wire/time.ts";
import { buildOddRepository, git } from "../fixtures/odd-repository.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "icecore-git-test-"));
const repo = join(work, "odd repo");
const store = parseStoreId("git-history") as StoreId;
const nothing = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the demo as a user does; `during` may act on the running process when it has said something. */
function demo(args: readonly string[], during?: (pid: number, said: string) => void): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", "examples/git-history/main.ts", ...args], {
    cwd: root,
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString("utf8");
    if (child.pid !== undefined) during?.(child.pid, err);
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

interface Parsed {
  readonly good: boolean;
  readonly commits: number;
  readonly updates: number;
  readonly actions: number;
  readonly authors: number;
  readonly idsAlone: number;
  readonly near: { readonly within: number; readonly of: number };
  readonly rollup: { readonly published: number; readonly setAside: number };
  readonly objects: Record<string, { readonly count: number; readonly bytes: number }>;
  readonly requests: Record<
    "writer" | "readerOfHead",
    { readonly get: number; readonly put: number; readonly list: number }
  >;
  readonly headCheck: {
    readonly files: number;
    readonly matches: boolean;
    readonly differences: readonly unknown[];
  };
  readonly commitChecks: readonly {
    readonly commit: string;
    readonly matches: boolean;
    readonly files: number;
  }[];
  readonly seed: number;
}

async function demoJson(args: readonly string[]): Promise<Parsed> {
  const { code, out, err } = await demo([...args, "--json"]);
  expect(err).not.toMatch(/error/i);
  const parsed = JSON.parse(out) as Parsed;
  expect({ code, differences: parsed.headCheck.differences }).toEqual({ code: 0, differences: [] });
  return parsed;
}

/** In this process, on a bucket in memory. */
function run(repoPath: string, bucketUrl: string): Promise<Report> {
  const progress = { start: () => undefined, advance: () => undefined, stop: () => undefined };
  return runDemo({
    repo: repoPath,
    bucketUrl,
    store,
    seed: 5,
    signal: new AbortController().signal,
    progress,
  });
}

const lines = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");
const filesOf = (where: string, commitId: string): number =>
  lines(git(where, "ada", "ls-tree", "-r", "--full-tree", commitId)).length;

beforeAll(() => buildOddRepository(repo));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("the git-history demo", () => {
  const bucket = `folder:${join(work, "a bucket")}`;

  it("replays an odd repository to HEAD and to its commits exactly", async () => {
    const report = await demoJson(["--repo", repo, "--bucket", bucket, "--seed", "11"]);
    const history = lines(git(repo, "ada", "rev-list", "--first-parent", "HEAD"));
    expect(report).toMatchObject({ good: true, commits: history.length, authors: 3, seed: 11 });
    expect(report.headCheck).toMatchObject({ matches: true, files: filesOf(repo, "HEAD") });
    expect(report.commitChecks).toHaveLength(10);
    for (const check of report.commitChecks)
      expect(check).toMatchObject({ matches: true, files: filesOf(repo, check.commit) });

    // Two commits were too large for one update; the file of 256 KiB and a byte, and the submodule, are ids alone.
    expect(report.updates).toBeGreaterThan(report.commits + 2);
    expect(report.idsAlone).toBe(2);
    expect(report.actions).toBe(countChanges(history));
    expect(report.near).toMatchObject({ within: report.updates, of: report.updates });
    expect(report.rollup).toMatchObject({ published: report.updates, setAside: 0 });
    expect(report.objects.updates?.count).toBe(0);
    expect(report.objects.segments?.count).toBeGreaterThan(0);
    expect(report.requests.readerOfHead).toMatchObject({ put: 0, list: 0 });
  });

  it("refuses a store that holds a history already and says what to choose", () =>
    expect(run(repo, bucket)).rejects.toThrow(
      /Store "git-history" in folder:.* holds a history already\. Choose another --store or another folder/,
    ));

  it("prints a table, the verdict and lines to try next for people", async () => {
    const { code, out } = await demo([
      "--repo",
      repo,
      "--bucket",
      bucket,
      "--store",
      "second",
      "--seed",
      "1",
    ]);
    expect(code).toBe(0);
    expect(out).toContain(`HEAD matches: ${filesOf(repo, "HEAD")} files\n10 of 10 commits match (seed 1)\n`);
    expect(out).toContain(`npm run icecore -- verify --bucket '${bucket}' --store second`);
  });

  it("reads bare and shallow clones from what is there", async () => {
    const bare = join(work, "bare.git");
    git(work, "ada", "clone", "--quiet", "--bare", "--depth", "3", `file://${repo}`, bare);
    const report = await run(bare, "memory:bare");
    expect(report).toMatchObject({
      commits: 3,
      headCheck: { differences: [], files: filesOf(repo, "HEAD") },
    });
    expect(report.commitChecks.map(({ differences }) => differences)).toEqual([[], [], []]);
  });

  it("computes ids as a repository of SHA-256 does", async () => {
    const other = join(work, "sha256");
    mkdirSync(other);
    git(other, "ada", "init", "--quiet", "--object-format=sha256");
    writeFileSync(join(other, "file"), "content\n");
    git(other, "ada", "add", "--all");
    git(other, "ada", "commit", "--quiet", "-m", "One");
    const { repository, headCheck } = await run(other, "memory:sha256");
    expect(repository.objectFormat).toBe("sha256");
    expect(headCheck).toMatchObject({ files: 1, differences: [] });
  });

  it("replays to commits whose segments have left the head's list", async () => {
    const platform = createNodePlatform();
    const tight = newSettings({
      ...settings,
      graceMs: 0,
      segmentsListedAim: 3,
      snapshotBytesMin: 1,
      mergeFanIn: 100,
    });
    const host = { bucket: await openBucket("memory:retired", platform), platform, settings: tight };
    await createStore(host, store);
    const repository = await openRepository(repo);
    const places: { readonly id: string; readonly timestamp: Timestamp }[] = [];
    for (const commit of await listCommits(repository)) {
      const sent = await sendHistory(host, {
        store,
        repository,
        commits: [commit],
        onCommit: () => undefined,
      });
      for (const timestamp of sent.timestamps) {
        await rollUpBeside(host, store, Promise.resolve(timestamp));
        places.push({ id: commit.id, timestamp });
      }
    }
    const { head } = await readStoreHead(host, store);
    expect(places.filter(({ timestamp }) => timestamp <= head.floor).length).toBeGreaterThan(2);
    const checks = await checkCommits(host, {
      store,
      repository,
      commits: places,
      onCommit: () => undefined,
    });
    expect(checks.filter(({ differences }) => differences.length > 0)).toEqual([]);
    expect(checks).toHaveLength(places.length);
  });

  it("tells which paths differ when the replay is of another commit", async () => {
    const report = await run(repo, "memory:other");
    const repository = { ...(await openRepository(repo)), head: git(repo, "ada", "rev-parse", "HEAD^") };
    const platform = createNodePlatform();
    const host = { bucket: await openBucket("memory:other", platform), platform, settings };
    const headCheck = await checkHead(host, { store, repository });
    expect(headCheck.differences).toEqual([
      {
        path: "link",
        expected: expect.stringMatching(/^120000 /),
        replayed: expect.stringMatching(/^100644 /),
      },
      { path: "renamed.txt", expected: expect.stringMatching(/^100644 /), replayed: null },
    ]);
    expect([isGood(report), isGood({ ...report, headCheck })]).toEqual([true, false]);
    const text = toLines({ ...report, headCheck }).join("\n");
    expect(text).toMatch(/HEAD DIFFERS in 2 paths .*\n +"link": git has 120000 \w+, the replay 100644 \w+\n/);
  });
});

describe("the git-history demo, given what it cannot use", () => {
  const refused = async (args: readonly string[], reason: RegExp) => {
    const { code, out, err } = await demo(args);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(reason);
    expect(err).not.toMatch(/^\s+at /m);
  };

  it("ends with 1 and says so for a path where nothing is", () =>
    refused(["--repo", join(work, "nowhere")], /error: There is nothing at .*nowhere\. Give --repo/));

  it("ends with 1 and says so for a store id that is none", () =>
    refused(["--store", "../up"], /a store id is 1 to 64 of/));

  it("refuses a folder that is no repository", () =>
    expect(openRepository(work)).rejects.toThrow(/is not a git repository\. Give --repo/));

  it("refuses a repository without commits", async () => {
    const empty = join(work, "empty");
    mkdirSync(empty);
    git(empty, "ada", "init", "--quiet");
    await expect(openRepository(empty)).rejects.toThrow(/has no commits yet\. Give --repo/);
  });

  it("says that git is missing where it is", async () => {
    const path = process.env.PATH;
    process.env.PATH = work;
    try {
      await expect(openRepository(repo)).rejects.toThrow(/git could not be started\. Install git/);
    } finally {
      process.env.PATH = path;
    }
  });
});

describe("the git-history demo, stopped by Ctrl-C", () => {
  it("ends with 130 and says that what was acknowledged is kept", async () => {
    const bucket = `folder:${join(work, "stopped")}`;
    let sent = false;
    const { code, out, err } = await demo(["--repo", repo, "--bucket", bucket], (pid, said) => {
      if (!sent && /writing commits/.test(said)) process.kill(pid, "SIGINT");
      sent ||= /writing commits/.test(said);
    });
    expect({ code, out }).toEqual({ code: 130, out: "" });
    expect(err).toMatch(/What was acknowledged is kept in folder:/);
  });
});

function countChanges(history: readonly string[]): number {
  const changes = history.map((id, i) => {
    const range = [history[i + 1] ?? nothing, id];
    return lines(
      git(
        repo,
        "ada",
        "diff-tree",
        "-r",
        "--no-renames",
        "--name-only",
        "--ignore-submodules=none",
        ...range,
      ),
    ).length;
  });
  return changes.reduce((sum, count) => sum + count, 0);
}
