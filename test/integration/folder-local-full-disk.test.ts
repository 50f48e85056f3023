import { execFileSync } from "node:child_process";
import { readdirSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRows } from "../../client/local/local.ts";
import { folderLocal } from "../../client/node/folder.ts";
import { storeId } from "../../test-kit/local-contract-parts.ts";
import { mountSmallDisk } from "../fixtures/small-disk.ts";

const disk = mountSmallDisk();
const title = "The folder storage on a full disk";
const store = storeId("family");

if (!disk.path)
  describe.skip(`${title} [needs root] (not run: ${disk.reason})`, () => it("needs a small disk", () => {}));
else describeFullDisk(disk.path);

function describeFullDisk(path: string): void {
  describe(title, () => {
    const ballast = join(path, "ballast");
    const saved: string[] = [];
    let rows: LocalRows;
    let failure: unknown;

    beforeAll(async () => {
      writeFileSync(ballast, "b".repeat(100_000));
      rows = await folderLocal(path).open(store);
      for (let i = 0; i < 200 && failure === undefined; i++) failure = await saveOne(i);
    });
    afterAll(() => {
      execFileSync("umount", [path]);
      rmdirSync(path);
    });

    const keyOf = (i: number): string => `row ${String(i).padStart(4, "0")}`;
    const one = (i: number) => ({ put: new Map([[keyOf(i), "u".repeat(5_000)]]), delete: [] });
    const keysNow = async (): Promise<readonly string[]> => [...(await rows.load()).keys()];

    async function saveOne(i: number): Promise<unknown> {
      try {
        await rows.commit(one(i));
        saved.push(keyOf(i));
        return undefined;
      } catch (error) {
        return error;
      }
    }

    it("throws a StoreError of kind limit that says in plain words what to do", () => {
      expect(failure).toMatchObject({ name: "StoreError", kind: "limit" });
      expect(String(failure)).toMatch(/Could not save .* the disk is full .*Free some space there/);
    });

    it("keeps exactly what it acknowledged, while it is open and after it was opened anew", async () => {
      expect(saved.length).toBeGreaterThan(10);
      expect(await keysNow()).toEqual(saved);
      await rows.close();
      rows = await folderLocal(path).open(store);
      expect(await keysNow()).toEqual(saved);
    });

    it("refuses again while there is no space, and saves again as soon as there is, without being opened anew", async () => {
      await expect(rows.commit(one(900))).rejects.toMatchObject({ kind: "limit" });
      rmSync(ballast);
      expect(await saveOne(901)).toBeUndefined();
      expect(await keysNow()).toEqual(saved);
    });

    it("goes on where it has no space to write the journal anew, and leaves no half one behind", async () => {
      await rows.close();
      rmSync(join(path, "family"), { recursive: true });
      rows = await folderLocal(path).open(store);
      const all = (text: string) => ({
        put: new Map(Array.from({ length: 10 }, (_, i) => [keyOf(i), text.repeat(7_000)])),
        delete: [],
      });
      const journalBytes = () => statSync(join(path, "family", "journal")).size;
      // 70 KB of rows: the journal is due at 204 KB, of which the disk has 256 with the ballast.
      await rows.commit(all("a"));
      await rows.commit(all("b"));
      writeFileSync(ballast, "b".repeat(30_000));
      let count = 0;
      while (journalBytes() < 210_000 && count < 100)
        await rows.commit({ put: new Map([["small", `${++count}${"s".repeat(3_000)}`]]), delete: [] });
      expect(journalBytes()).toBeGreaterThan(206_000);
      expect(readdirSync(join(path, "family")).sort()).toEqual(["journal", "lock"]);
      const found = await rows.load();
      expect([found.size, Number.parseInt(found.get("small") ?? "", 10)]).toEqual([11, count]);
      rmSync(ballast);
    });

    it("throws kind unauthorized on a read-only disk", async () => {
      await rows.close();
      execFileSync("mount", ["-o", "remount,ro", path]);
      await expect(folderLocal(path).open(store)).rejects.toMatchObject({
        kind: "unauthorized",
        message: expect.stringContaining("the file system is read-only"),
      });
    });
  });
}
