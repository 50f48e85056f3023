import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFolderBucket } from "../../../bucket/folder.ts";
import type { PutContent } from "../../../shared/ports/bucket.ts";

/** Thousands of files: in memory where there is such a folder, as nothing here asks about the disk. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const content: PutContent = { body: Uint8Array.of(1), contentType: "", cacheControl: "" };

describe("The folder bucket", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(scratch, "icecore-folder-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("takes a folder that is not there as empty and makes it at the first write", async () => {
    const bucket = await createFolderBucket(join(root, "not", "there"));
    expect((await bucket.get("a.json")).is).toBe("absent");
    expect((await bucket.list("")).objects).toEqual([]);
    await bucket.delete(["a.json"]);
    expect((await bucket.putIfAbsent("x/y/a.json", content)).is).toBe("stored");
    const again = await createFolderBucket(join(root, "not", "there"));
    expect((await again.get("x/y/a.json")).is).toBe("found");
  });

  it("says so when the path is a file", async () => {
    writeFileSync(join(root, "file"), "");
    const opening = createFolderBucket(join(root, "file"));
    await expect(opening).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringMatching(/is a file, so it cannot/),
    });
  });

  it("refuses keys that lead out of it, before it touches the disk", async () => {
    const bucket = await createFolderBucket(join(root, "bucket"));
    for (const key of ["../evil", "a/../../evil", "/etc/evil", "a\\..\\evil", ".tmp/x"])
      await expect(bucket.putIfAbsent(key, content)).rejects.toMatchObject({ kind: "rejected" });
    for (const prefix of ["../", "/", "../bucket/", "a/../", "./"])
      expect((await bucket.list(prefix)).objects).toEqual([]);
  });

  it("does not show what is no object: dot files, links, names outside ASCII", async () => {
    const bucket = await createFolderBucket(root);
    await bucket.putIfAbsent("a.json", content);
    writeFileSync(join(root, ".hidden"), "");
    writeFileSync(join(root, "ümlaut"), "");
    symlinkSync("/etc", join(root, "link"));
    mkdirSync(join(root, "empty"));
    expect((await bucket.list("")).objects.map(({ key }) => key)).toEqual(["a.json"]);
  });

  it("tells of a key that goes on below another key, and leaves that one alone", async () => {
    const bucket = await createFolderBucket(root);
    await bucket.putIfAbsent("a", content);
    await expect(bucket.putIfAbsent("a/b", content)).rejects.toMatchObject({ kind: "rejected", key: "a/b" });
    await bucket.delete(["a/b"]);
    expect((await bucket.get("a")).is).toBe("found");
  });

  it("works again after its folder was removed under it", async () => {
    const bucket = await createFolderBucket(root);
    await bucket.putIfAbsent("a/1.json", content);
    rmSync(root, { recursive: true });
    await expect(bucket.putIfAbsent("a/2.json", content)).rejects.toMatchObject({ kind: "unavailable" });
    expect((await bucket.putIfAbsent("a/2.json", content)).is).toBe("stored");
  });

  it("keeps one writer the winner when many make the first objects of many new folders at once", async () => {
    const buckets = await Promise.all(Array.from({ length: 4 }, () => createFolderBucket(join(root, "new"))));
    const keys = Array.from({ length: 20 }, (_, i) => `deep/${i % 5}/er/${i}.json`);
    const answers = await Promise.all(
      buckets.flatMap((one) => keys.map((key) => one.putIfAbsent(key, content))),
    );
    expect(answers.filter(({ is }) => is === "stored")).toHaveLength(keys.length);
    expect(answers.filter(({ is }) => is === "refused")).toHaveLength(3 * keys.length);
  });

  it("lists the right pages of a folder with thousands of objects, folders and names that are no keys", async () => {
    const bucket = await createFolderBucket(root);
    const numbers = Array.from({ length: 2_500 }, (_, i) => String((i * 1_237) % 2_500).padStart(4, "0"));
    mkdirSync(join(root, "many", "0001-empty", "emptier"), { recursive: true });
    for (const number of numbers) writeFileSync(join(root, "many", number), "");
    for (const number of numbers.slice(0, 300)) writeFileSync(join(root, "many", `${number}ü`), "");
    mkdirSync(join(root, "many", "0002-folder"));
    writeFileSync(join(root, "many", "0002-folder", "x"), "");
    const keys = [...numbers, "0002-folder/x"].map((name) => `many/${name}`).sort();
    for (const at of [0, 1, 2, 3, 2_490]) {
      for (const limit of [1, 2, 500]) {
        const page = await bucket.list("many/", { after: keys[at] ?? "", limit });
        expect(page.objects.map(({ key }) => key)).toEqual(keys.slice(at + 1, at + 1 + limit));
        expect(page.more).toBe(at + 1 + limit < keys.length);
      }
    }
  });

  it("lets other work go on while many objects are read in a row", async () => {
    const bucket = await createFolderBucket(root);
    await bucket.putIfAbsent("a.json", content);
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    for (let i = 0; i < 1_000; i++) await bucket.get("a.json");
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});
