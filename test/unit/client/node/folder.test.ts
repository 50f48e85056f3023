import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalRows } from "../../../../client/local/local.ts";
import { fileError } from "../../../../client/node/file-errors.ts";
import { folderLocal } from "../../../../client/node/folder.ts";
import { storeId } from "../../../../test-kit/local-contract-parts.ts";

const store = storeId("family");
const puts = (rows: Readonly<Record<string, string>>) => ({ put: new Map(Object.entries(rows)), delete: [] });

let root: string;
let journal: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "icecore-local-"));
  journal = join(root, "family", "journal");
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function withRows<T>(use: (rows: LocalRows) => Promise<T>): Promise<T> {
  const rows = await folderLocal(root).open(store);
  try {
    return await use(rows);
  } finally {
    await rows.close();
  }
}

const rowsNow = (): Promise<object> => withRows(async (rows) => Object.fromEntries(await rows.load()));

/** Three commits, one line each after the header. */
async function threeCommits(): Promise<void> {
  await withRows(async (rows) => {
    await rows.commit(puts({ a: "1" }));
    await rows.commit(puts({ b: "2" }));
    await rows.commit({ put: new Map([["c", "3"]]), delete: ["a"] });
  });
}

/** Replaces bytes of the journal, as a failing disk does. */
function change(at: number, text: string): void {
  const bytes = readFileSync(journal);
  Buffer.from(text).copy(bytes, at);
  writeFileSync(journal, bytes);
}

describe("The journal of a folder storage", () => {
  it("is a file of JSON lines that people and other programs can read, and only its user may", async () => {
    await threeCommits();
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { n: 0, format: "icecore-folder-1", store: "family" },
      { n: 1, put: [["a", "1"]], delete: [] },
      { n: 2, put: [["b", "2"]], delete: [] },
      { n: 3, put: [["c", "3"]], delete: ["a"] },
    ]);
    expect(statSync(journal).mode & 0o077).toBe(0);
    expect(statSync(join(root, "family")).mode & 0o077).toBe(0);
  });

  it("ignores a last line that was cut short at any place, and keeps every commit before it", async () => {
    await threeCommits();
    const whole = readFileSync(journal);
    const lastStart = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (let length = lastStart; length < whole.length; length++) {
      writeFileSync(journal, whole.subarray(0, length));
      expect(await rowsNow()).toEqual({ a: "1", b: "2" });
    }
    writeFileSync(journal, whole);
    expect(await rowsNow()).toEqual({ b: "2", c: "3" });
  });

  it("goes on behind the last whole line after one that was cut short", async () => {
    await threeCommits();
    truncateSync(journal, statSync(journal).size - 5);
    await withRows((rows) => rows.commit(puts({ d: "4" })));
    expect(await rowsNow()).toEqual({ a: "1", b: "2", d: "4" });
  });

  it("ignores a last line in which a power cut left zero bytes, with or without its line end", async () => {
    await threeCommits();
    const whole = readFileSync(journal);
    appendFileSync(journal, "\0".repeat(4_096));
    expect(await rowsNow()).toEqual({ b: "2", c: "3" });
    writeFileSync(journal, whole);
    appendFileSync(journal, `{"n":4,"put":${"\0".repeat(100)},"delete":[],"crc":"00000000"}\n`);
    expect(await rowsNow()).toEqual({ b: "2", c: "3" });
  });

  it("tells of every changed byte of an acknowledged line, names the line, and changes nothing", async () => {
    await threeCommits();
    const whole = readFileSync(journal);
    const lastStart = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (let at = 0; at < whole.length - 1; at++) {
      if (whole[at] === 10) continue;
      writeFileSync(journal, whole);
      change(at, whole[at] === 0x78 ? "y" : "x");
      const damaged = readFileSync(journal);
      const line = whole.subarray(0, at).filter((byte) => byte === 10).length + 1;
      await expect(
        rowsNow(),
        `byte ${at} of ${whole.length}, last line from ${lastStart}`,
      ).rejects.toMatchObject({
        kind: "corrupt",
        store: "family",
        message: expect.stringMatching(new RegExp(`Line ${line} of .*journal is damaged`)),
      });
      expect(readFileSync(journal).equals(damaged)).toBe(true);
    }
  });

  it("tells of a line that is missing, doubled or out of place", async () => {
    await threeCommits();
    const [header, one, two, three] = readFileSync(journal, "utf8").trimEnd().split("\n");
    for (const lines of [
      [header, one, three],
      [header, two, three],
      [header, one, one, two, three],
      [header, two, one, three],
      [one, two, three],
      [header, header, one],
    ]) {
      writeFileSync(journal, `${lines.join("\n")}\n`);
      await expect(rowsNow()).rejects.toMatchObject({ kind: "corrupt" });
    }
  });

  it("tells of a file that is empty or none of its own", async () => {
    for (const text of ["", "\n", "{}\n", "hello\n", "\0\0\0\0"]) {
      mkdirSync(join(root, "family"), { recursive: true });
      writeFileSync(journal, text);
      await expect(rowsNow()).rejects.toMatchObject({ kind: "corrupt" });
    }
  });

  it("refuses the rows of another store under this one's name, and a newer release's file", async () => {
    await threeCommits();
    cpSync(join(root, "family"), join(root, "work"), { recursive: true });
    await expect(folderLocal(root).open(storeId("work"))).rejects.toMatchObject({
      kind: "rejected",
      message: expect.stringContaining('holds the rows of store "family"'),
    });
    const { encodeHeader } = await import("../../../../client/node/journal-lines.ts");
    writeFileSync(journal, encodeHeader({ format: "icecore-folder-2", store: "family", rowsBytes: 0 }));
    await expect(rowsNow()).rejects.toMatchObject({
      kind: "incompatible",
      message: expect.stringContaining("upgrade this app"),
    });
  });

  it("is written anew when it outweighs the rows, so that the same row written for ever takes no more space", async () => {
    const value = "x".repeat(10_000);
    let largest = 0;
    await withRows(async (rows) => {
      await rows.commit(puts({ kept: "1" }));
      for (let i = 0; i < 200; i++) {
        await rows.commit(puts({ same: `${i} ${value}` }));
        largest = Math.max(largest, statSync(journal).size);
      }
      expect([...(await rows.load()).keys()]).toEqual(["kept", "same"]);
    });
    expect(largest).toBeLessThan(120_000);
    expect(readdirSync(join(root, "family")).sort()).toEqual(["journal", "lock"]);
    expect(await rowsNow()).toEqual({ kept: "1", same: `199 ${value}` });
  });

  it("keeps the rows of a file that was written anew in lines of a bounded length", async () => {
    const value = "y".repeat(100_000);
    await withRows(async (rows) => {
      const all = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`row ${i}`, value]));
      for (let i = 0; i < 3; i++) await rows.commit(puts(all));
    });
    const lengths = readFileSync(journal, "utf8")
      .split("\n")
      .map(({ length }) => length);
    expect(lengths.length).toBeGreaterThan(4);
    expect(Math.max(...lengths)).toBeLessThan(6_000_000);
    expect(Object.keys(await rowsNow())).toHaveLength(50);
  });

  it("removes what was cleared from the disk", async () => {
    await withRows(async (rows) => {
      await rows.commit(puts({ secret: "tell nobody" }));
      await rows.clear();
    });
    expect(readFileSync(journal, "utf8")).not.toContain("tell nobody");
    expect(readdirSync(join(root, "family")).sort()).toEqual(["journal", "lock"]);
  });

  it("says so when its folder was removed while it was open, instead of writing for nobody", async () => {
    const rows = await folderLocal(root).open(store);
    await rows.commit(puts({ a: "1" }));
    rmSync(join(root, "family"), { recursive: true });
    await expect(rows.commit(puts({ b: "2" }))).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("the folder was removed while it was in use"),
    });
    await rows.close();
    expect(await rowsNow()).toEqual({});
  });
});

describe("A folder storage that cannot work", () => {
  it("says in plain words that there is a file where its folder should be", async () => {
    writeFileSync(join(root, "file"), "");
    await expect(folderLocal(join(root, "file")).open(store)).rejects.toMatchObject({
      name: "StoreError",
      message: expect.stringMatching(/there is a file where a folder is needed/),
    });
  });

  it("says in plain words what the system means, what to do, and keeps the cause", () => {
    const said = (code: string, syscall = "open") =>
      fileError(Object.assign(new Error("x"), { code, syscall }), "save", "/notes");
    expect(said("ENOSPC")).toMatchObject({
      kind: "limit",
      message:
        "Could not save in /notes: the disk is full (ENOSPC). Free some space there. What was not saved is kept in memory and tried again.",
      cause: { code: "ENOSPC" },
    });
    expect(said("EACCES")).toMatchObject({ kind: "unauthorized" });
    expect(said("EROFS")).toMatchObject({ kind: "unauthorized" });
    expect(said("EPERM", "link")).toMatchObject({ kind: "incompatible" });
    expect(said("EODD")).toMatchObject({ kind: "unavailable" });
    const bug = new TypeError("a bug of ours");
    expect(fileError(bug, "save", "/notes")).toBe(bug);
  });
});
