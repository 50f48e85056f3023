import fs, {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFolderBucket } from "../../../bucket/folder.ts";
import { createDirectories, type Directories } from "../../../bucket/folder-directories.ts";
import { linkVersion, prune } from "../../../bucket/folder-swap.ts";
import { createTemporaries } from "../../../bucket/folder-temporary.ts";
import { generationPath, isProvenCurrent, versionPath } from "../../../bucket/folder-versions.ts";
import { createNodePlatform } from "../../../bucket/platform/node.ts";
import type { Bucket, PutContent } from "../../../shared/ports/bucket.ts";

const key = "heads/s.json";
/** Thousands of swaps: in memory where there is such a folder, as nothing here asks about the disk. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

describe("A swap in the folder bucket by a writer that slept", () => {
  let root: string;
  let file: string;
  let bucket: Bucket;
  let etags: string[];
  let directories: Directories;

  beforeEach(async () => {
    root = await mkdtemp(join(scratch, "icecore-swap-"));
    file = join(root, key);
    bucket = await createFolderBucket(root);
    directories = createDirectories(root);
    etags = [];
  });
  afterEach(() => rm(root, { recursive: true }));

  /** Swaps until the given version is current. */
  const swapTo = async (version: number): Promise<void> => {
    for (let next = etags.length; next <= version; next++) {
      const last = etags.at(-1);
      const content = textContent(`version ${next}`);
      const answer = await (last === undefined
        ? bucket.putIfAbsent(key, content)
        : bucket.putIfMatch(key, content, last));
      if (answer.is !== "stored") throw new Error(answer.is);
      etags.push(answer.etag);
    }
  };
  /** What such a writer does after it woke up: it has read the version before, and its file is written. */
  const linkLate = async (next: number, body = "late") => {
    const existing = join(root, ".tmp", `late-${next}`);
    writeFileSync(existing, body);
    const linked = await linkVersion(directories, { existing, file, next });
    rmSync(existing);
    return linked.is;
  };
  const text = async (): Promise<string> => {
    const got = await bucket.get(key);
    return got.is === "found" ? new TextDecoder().decode(got.body) : got.is;
  };

  it("is refused while the name it wants is still taken", async () => {
    await swapTo(10);
    for (const next of [1, 5, 10]) expect(await linkLate(next)).toBe("refused");
    expect(await text()).toBe("version 10");
  });

  it("is refused in a pruned generation", async () => {
    await swapTo(130);
    expect(existsSync(generationPath(file, 0))).toBe(false);
    expect(await linkLate(5)).toBe("refused");
    expect(await linkLate(70)).toBe("refused");
    expect(await text()).toBe("version 130");
  });

  it("answers unknown, never stored, when it makes a pruned generation again, and nobody sees what it wrote", async () => {
    await swapTo(200);
    const listedBefore = await bucket.list("");
    expect(await linkLate(64)).toBe("unknown");
    expect(await linkLate(1)).toBe("unknown");
    expect(await text()).toBe("version 200");
    expect((await bucket.list("")).objects).toEqual(listedBefore.objects);
  });

  it("answers unknown also for the next versions in a generation made again", async () => {
    await swapTo(200);
    await linkLate(64);
    expect(await linkLate(65)).toBe("unknown");
    expect(await text()).toBe("version 200");
  });

  it("does not take a generation made again for proof that an old version is current", async () => {
    await swapTo(200);
    await linkLate(64, "version 64");
    expect(isProvenCurrent(file, etags[64] ?? "")).toBe(false);
    expect((await bucket.get(key, { ifNoneMatch: etags[64] ?? "" })).is).toBe("found");
    expect((await bucket.putIfMatch(key, textContent("x"), etags[64] ?? "")).is).toBe("refused");
  });

  it("stays stored when others have only just begun the next generation", async () => {
    await swapTo(62);
    mkdirSync(generationPath(file, 1));
    expect(await linkLate(63)).toBe("stored");
    expect(await text()).toBe("late");
  });

  it("goes on after a writer that died between making a generation and its first version", async () => {
    await swapTo(63);
    mkdirSync(generationPath(file, 1));
    expect(await text()).toBe("version 63");
    await swapTo(66);
    expect(await text()).toBe("version 66");
  });

  it("goes on after a writer that died before the very first swap got its name", async () => {
    await swapTo(0);
    mkdirSync(generationPath(file, 0), { recursive: true });
    expect(await text()).toBe("version 0");
    expect((await bucket.get(key, { ifNoneMatch: etags[0] ?? "" })).is).toBe("unchanged");
    expect((await bucket.putIfAbsent(key, textContent("x"))).is).toBe("refused");
    await swapTo(1);
    expect(await text()).toBe("version 1");
  });

  it("does not mislead a reader that slept while the generation it looked at was pruned and made again", async () => {
    await swapTo(10);
    const reader = await createFolderBucket(join(root, "heads"));
    const { readdirSync: readReally } = fs;
    const spy = vi.spyOn(fs, "readdirSync").mockImplementationOnce(((path: string) => {
      const names = readReally(path);
      renameSync(generationPath(file, 0), join(root, ".tmp", "pruned"));
      for (const version of [1, 130]) {
        mkdirSync(dirname(versionPath(file, version)));
        writeFileSync(versionPath(file, version), `version ${version}`);
      }
      return names;
    }) as typeof fs.readdirSync);
    const got = await reader.get("s.json");
    expect(spy.mock.calls[0]).toEqual([dirname(generationPath(file, 0))]);
    spy.mockRestore();
    expect(got.is === "found" && new TextDecoder().decode(got.body)).toBe("version 130");
  });

  it("removes only generations that are two or more behind, also when the removal is late", async () => {
    await swapTo(127);
    expect(readdirSync(dirname(generationPath(file, 0))).sort()).toEqual(["0", "1"]);
    await swapTo(200);
    expect(readdirSync(dirname(generationPath(file, 0))).sort()).toEqual(["2", "3"]);
    await prune(createTemporaries(root, directories, createNodePlatform()), file, 128);
    expect(await text()).toBe("version 200");
    expect(existsSync(versionPath(file, 128))).toBe(true);
  });

  it("finishes a delete that was killed half-way when it is asked again, and shows the object until then", async () => {
    await swapTo(3);
    renameSync(file, join(root, ".tmp", "gone"));
    expect(await text()).toBe("version 3");
    expect((await bucket.list("heads/")).objects.map((listed) => listed.key)).toEqual([key]);
    expect((await bucket.putIfAbsent(key, textContent("x"))).is).toBe("refused");
    await bucket.delete([key]);
    expect(await text()).toBe("absent");
    expect((await bucket.putIfAbsent(key, textContent("anew"))).is).toBe("stored");
    expect(await text()).toBe("anew");
  });
});

describe("The temporary folder of the folder bucket", () => {
  it("is cleared of leftovers older than a day on opening, files and directories, and of nothing younger", async () => {
    const root = await mkdtemp(join(tmpdir(), "icecore-sweep-"));
    const twoDaysAgo = new Date(Date.now() - 2 * 24 * 60 * 60_000);
    mkdirSync(join(root, ".tmp", "old-directory"), { recursive: true });
    for (const name of ["old", "young", "old-directory/version"])
      writeFileSync(join(root, ".tmp", name), "x");
    for (const name of ["old", "old-directory"]) utimesSync(join(root, ".tmp", name), twoDaysAgo, twoDaysAgo);
    const bucket = await createFolderBucket(root);
    expect(readdirSync(join(root, ".tmp"))).toEqual(["young"]);
    expect((await bucket.list("")).objects).toEqual([]);
    await rm(root, { recursive: true });
  });
});

function textContent(text: string): PutContent {
  return { body: new TextEncoder().encode(text), contentType: "application/json", cacheControl: "no-store" };
}
