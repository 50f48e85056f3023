import { execFileSync } from "node:child_process";
import { readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFolderBucket } from "../../bucket/folder.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Bucket, PutContent } from "../../shared/ports/bucket.ts";
import { mountSmallDisk } from "../fixtures/small-disk.ts";

const disk = mountSmallDisk();
const title = "The folder bucket on a full disk";

if (!disk.path)
  describe.skip(`${title} [needs root] (not run: ${disk.reason})`, () => it("needs a small disk", () => {}));
else describeFullDisk(disk.path);

function describeFullDisk(path: string): void {
  describe(title, () => {
    const stored: string[] = [];
    let bucket: Bucket;
    let headEtag = "";
    let failure: unknown;

    beforeAll(async () => {
      bucket = await createFolderBucket(path);
      const head = await bucket.putIfAbsent("heads/s.json", content(1_000, "h"));
      if (head.is === "stored") headEtag = head.etag;
      for (let i = 0; i < 200 && failure === undefined; i++) failure = await storeOne(bucket, i, stored);
    });
    afterAll(() => {
      execFileSync("umount", [path]);
      rmdirSync(path);
    });

    it("throws a StoreError of kind limit that says in plain words what to do", () => {
      expect(failure).toBeInstanceOf(StoreError);
      expect(failure).toMatchObject({ kind: "limit", key: keyOf(stored.length) });
      expect(String(failure)).toMatch(/the disk is full/);
      expect(String(failure)).toMatch(/Free some space/);
    });

    it("lists exactly what it acknowledged, and each object is whole", async () => {
      expect(stored.length).toBeGreaterThan(10);
      const { objects } = await bucket.list("updates/");
      expect(objects.map(({ key }) => key)).toEqual(stored);
      for (const key of stored) {
        const got = await bucket.get(key);
        expect(got.is === "found" && Buffer.compare(got.body, content(8_000, "u").body)).toBe(0);
      }
      expect((await bucket.get(keyOf(stored.length))).is).toBe("absent");
    });

    it("leaves no temporary file behind", () => {
      expect(readdirSync(join(path, ".tmp"))).toEqual([]);
    });

    it("refuses a swap with kind limit, too, and keeps the old object and its etag", async () => {
      const swap = bucket.putIfMatch("heads/s.json", content(64_000, "x"), headEtag);
      await expect(swap).rejects.toMatchObject({ name: "StoreError", kind: "limit" });
      expect((await bucket.get("heads/s.json", { ifNoneMatch: headEtag })).is).toBe("unchanged");
    });

    it("writes again once objects were deleted", async () => {
      await bucket.delete(stored.slice(0, 3));
      expect((await bucket.putIfAbsent(keyOf(999), content(8_000, "u"))).is).toBe("stored");
      expect((await bucket.putIfMatch("heads/s.json", content(1_000, "i"), headEtag)).is).toBe("stored");
    });

    it("throws kind unauthorized for writes on a read-only disk, and still reads", async () => {
      execFileSync("mount", ["-o", "remount,ro", path]);
      const put = bucket.putIfAbsent(keyOf(1_000), content(10, "u"));
      await expect(put).rejects.toMatchObject({ name: "StoreError", kind: "unauthorized" });
      await expect(bucket.delete([keyOf(999)])).rejects.toMatchObject({ kind: "unauthorized" });
      const reopened = await createFolderBucket(path);
      expect((await reopened.get(keyOf(999))).is).toBe("found");
      expect((await reopened.get("heads/s.json")).is).toBe("found");
    });
  });
}

async function storeOne(bucket: Bucket, i: number, stored: string[]): Promise<unknown> {
  try {
    const answer = await bucket.putIfAbsent(keyOf(i), content(8_000, "u"));
    if (answer.is !== "stored") return answer;
    stored.push(keyOf(i));
    return undefined;
  } catch (error) {
    return error;
  }
}

function keyOf(i: number): string {
  return `updates/s/${String(i).padStart(4, "0")}.json`;
}

function content(bytes: number, letter: string): PutContent {
  return { body: new Uint8Array(bytes).fill(letter.charCodeAt(0)), contentType: "", cacheControl: "" };
}
