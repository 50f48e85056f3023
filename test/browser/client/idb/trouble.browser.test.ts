import { afterEach, expect, it, vi } from "vitest";
import { openDatabase } from "../../../../client/idb/database.ts";
import { idbLocal } from "../../../../client/idb/idb.ts";
import { idbError } from "../../../../client/idb/idb-errors.ts";
import type { LocalRows } from "../../../../client/local/local.ts";
import { loaded, puts, reopened, storeId, withRows } from "../../../../test-kit/local-contract-parts.ts";
import {
  answerOf,
  askBrowser,
  databaseNames,
  describeBrowser,
  newLocal,
  openRaw,
} from "../../browser-tests.ts";

const store = storeId("family");
const place = { database: "icecore/family", store };

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** What a call rejects with, for several looks at it. */
async function errorOf(call: Promise<unknown>): Promise<Error & { readonly kind?: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}

describeBrowser("An IndexedDB storage whose database is deleted under an open store", () => {
  const deletions: readonly (readonly [string, (database: string) => Promise<unknown>])[] = [
    ["by a script or another tab", (database) => answerOf(indexedDB.deleteDatabase(database))],
    [
      "by clearing the site's data",
      () => askBrowser("Storage.clearDataForOrigin", { origin: location.origin, storageTypes: "indexeddb" }),
    ],
  ];

  for (const [how, remove] of deletions)
    it(`says so, ${how}, and never begins a new one that lacks the rest`, async () => {
      const { local, databaseOf } = newLocal();
      const rows = await local.open(store);
      await rows.commit(puts({ a: "1", b: "1" }));
      await remove(databaseOf("family"));
      for (const call of [
        () => rows.commit(puts({ c: "1" })),
        () => rows.load(),
        () => rows.commit(puts({})),
      ])
        await expect(call()).rejects.toMatchObject({
          name: "StoreError",
          kind: "closed",
          store: "family",
          message: expect.stringMatching(
            /was deleted while store "family" was open.*still in memory.*open it again/,
          ),
        });
      expect(await databaseNames()).not.toContain(databaseOf("family"));
      await rows.close();
      expect(await reopened(local, "family")).toEqual([]);
    });

  it("does not take for the old one what somebody has made in its place", async () => {
    const { local, databaseOf, prefix } = newLocal();
    const rows = await local.open(store);
    await rows.commit(puts({ a: "1" }));
    await answerOf(indexedDB.deleteDatabase(databaseOf("family")));
    const other = await openDatabase({ database: databaseOf("family"), store }, { life: null });
    await expect(rows.commit(puts({ b: "1" }))).rejects.toMatchObject({ kind: "closed" });
    other.connection.close();
    await rows.close();
    expect(await reopened(idbLocal({ prefix }), "family")).toEqual([]);
  });

  it("begins anew when it is cleared, so that everything can be written again", async () => {
    const { local, databaseOf } = newLocal();
    const rows = await local.open(store);
    await rows.commit(puts({ a: "1" }));
    await answerOf(indexedDB.deleteDatabase(databaseOf("family")));
    await expect(rows.commit(puts({ b: "1" }))).rejects.toMatchObject({ kind: "closed" });
    await rows.clear();
    await rows.commit(puts({ a: "1", b: "1" }));
    await rows.close();
    expect(await reopened(local, "family")).toHaveLength(2);
  });
});

describeBrowser("An IndexedDB storage of another release", () => {
  it("refuses a database of a newer one, changes nothing, and opens again where it was not the newer one's", async () => {
    const { local, databaseOf } = newLocal();
    await withRows(local, "family", (rows) => rows.commit(puts({ a: "1" })));
    const newer = await openRaw(databaseOf("family"), 2);
    newer.close();
    const error = await errorOf(local.open(store));
    expect(error).toMatchObject({ name: "StoreError", kind: "incompatible", store: "family" });
    expect(error.message).toMatch(/a newer release of this app has changed the database.*Reload the page/);
    const raw = await openRaw(databaseOf("family"), undefined);
    expect(await answerOf(raw.transaction("rows").objectStore("rows").getAll())).toEqual(["1"]);
    raw.close();
    // The lock was given back: what is refused now is the version again, not the second opening.
    await expect(local.open(store)).rejects.toMatchObject({ kind: "incompatible" });
  });

  it("lets another tab upgrade its database at once, and then asks for a reload", async () => {
    const { local, databaseOf } = newLocal();
    const rows = await local.open(store);
    await rows.commit(puts({ a: "1" }));
    const newer = await openRaw(databaseOf("family"), 2);
    for (const call of [() => rows.commit(puts({ b: "1" })), () => rows.load()])
      await expect(call()).rejects.toMatchObject({
        kind: "incompatible",
        message: expect.stringMatching(/Reload the page/),
      });
    newer.close();
    await rows.close();
  });

  it("finishes the commits it was asked for before such an upgrade, or tells that it did not", async () => {
    const { local, databaseOf } = newLocal();
    const rows = await local.open(store);
    const commits = Array.from({ length: 20 }, (_, i) => rows.commit(puts({ [`row ${i}`]: "x" })));
    const newer = await openRaw(databaseOf("family"), 2);
    const told = await Promise.allSettled(commits);
    const keys = await answerOf(newer.transaction("rows").objectStore("rows").getAllKeys());
    expect(keys).toHaveLength(told.filter(({ status }) => status === "fulfilled").length);
    newer.close();
    await rows.close();
  });

  it("does not wait for a tab of an older release that keeps the database, and says what to close", async () => {
    const { local, databaseOf } = newLocal();
    await withRows(local, "family", (rows) => rows.commit(puts({ a: "1" })));
    const older = await openRaw(databaseOf("family"), 1);
    const next = { database: databaseOf("family"), store };
    const error = await errorOf(openDatabase(next, { life: null, version: 2 }));
    expect(error).toMatchObject({ name: "StoreError", kind: "conflict", store: "family" });
    expect(error.message).toMatch(/another tab still has it open.*Close this site's other tabs/);
    older.close();
    // The opening that was given up leaves no connection behind that would keep others out.
    await answerOf(indexedDB.deleteDatabase(databaseOf("family")));
  });
});

describeBrowser("An IndexedDB storage whose connection is lost", () => {
  /** Closes the connection behind the storage's back, as a browser may: the next transaction finds it closing. */
  async function openWithRaw(): Promise<{ readonly rows: LocalRows; readonly raws: readonly IDBDatabase[] }> {
    const { local } = newLocal();
    const raws: IDBDatabase[] = [];
    const { transaction } = IDBDatabase.prototype;
    vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (this: IDBDatabase, ...args) {
      if (!raws.includes(this)) raws.push(this);
      return transaction.apply(this, args);
    });
    const rows = await local.open(store);
    await rows.commit(puts({ a: "1" }));
    return { rows, raws };
  }

  it("opens it again and does what was asked", async () => {
    const { rows, raws } = await openWithRaw();
    for (const raw of raws) raw.close();
    await rows.commit(puts({ b: "1" }));
    for (const raw of raws) raw.close();
    expect(await loaded(rows)).toHaveLength(2);
    expect(raws).toHaveLength(3);
    await rows.close();
  });

  it("does a transaction again that the browser aborted, once", async () => {
    const { rows } = await openWithRaw();
    const { put } = IDBObjectStore.prototype;
    let aborts = 1;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...args) {
      const request = put.apply(this, args);
      if (aborts-- > 0) this.transaction.abort();
      return request;
    });
    await rows.commit(puts({ b: "1" }));
    aborts = 2;
    await expect(rows.commit(puts({ c: "1" }))).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringMatching(/the browser aborted the transaction.*kept in memory and tried again/),
    });
    await rows.commit(puts({ d: "1" }));
    expect((await loaded(rows)).map(([key]) => key)).toEqual(["a", "b", "d"]);
    await rows.close();
  });

  it("has each commit in one transaction that the browser writes to the disk before it says so", async () => {
    const { local } = newLocal();
    const rows = await local.open(store);
    const asked: IDBTransaction[] = [];
    const { transaction } = IDBDatabase.prototype;
    vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (this: IDBDatabase, ...args) {
      asked.push(transaction.apply(this, args));
      return asked.at(-1) as IDBTransaction;
    });
    await rows.commit({
      put: new Map([
        ["a", "1"],
        ["b", "1"],
      ]),
      delete: ["c"],
    });
    await rows.clear();
    expect(asked.map(({ mode, durability }) => [mode, durability])).toEqual([
      ["readwrite", "strict"],
      ["readwrite", "strict"],
    ]);
    await rows.close();
  });

  it("takes back all of a commit that fails in its middle", async () => {
    const { rows } = await openWithRaw();
    const { put } = IDBObjectStore.prototype;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...args) {
      if (args[1] === "c") throw new TypeError("a bug");
      return put.apply(this, args);
    });
    await expect(rows.commit(puts({ b: "1", c: "1" }))).rejects.toThrow(TypeError);
    await rows.commit(puts({ d: "1" }));
    expect((await loaded(rows)).map(([key]) => key)).toEqual(["a", "d"]);
    await rows.close();
  });

  it("writes nothing once somebody has taken the store over by force", async () => {
    const { local, databaseOf } = newLocal();
    const rows = await local.open(store);
    await navigator.locks.request(databaseOf("family"), { steal: true }, async () => {
      await expect(rows.commit(puts({ a: "1" }))).rejects.toMatchObject({
        kind: "conflict",
        message: expect.stringMatching(/in another tab, which took it over/),
      });
    });
    await rows.close();
    expect(await reopened(local, "family")).toEqual([]);
  });
});

describeBrowser("An IndexedDB storage that the browser does not have, or refuses", () => {
  it("says so where there is no IndexedDB, and where there are no Web Locks", async () => {
    const { local } = newLocal();
    vi.stubGlobal("indexedDB", undefined);
    await expect(local.open(store)).rejects.toMatchObject({
      kind: "incompatible",
      message: expect.stringMatching(/has no IndexedDB.*memoryLocal\(\) works/),
    });
    vi.unstubAllGlobals();
    vi.stubGlobal("navigator", {});
    await expect(local.open(store)).rejects.toMatchObject({
      kind: "incompatible",
      message: expect.stringMatching(/no Web Locks here.*over HTTPS/),
    });
  });

  it("has a kind and an advice for each way of failing that browsers know, and keeps its cause", () => {
    const kinds = Object.entries({
      QuotaExceededError: "limit",
      SecurityError: "unauthorized",
      NotAllowedError: "unauthorized",
      VersionError: "incompatible",
      AbortError: "unavailable",
      InvalidStateError: "unavailable",
      UnknownError: "unavailable",
      SomethingNewError: "unavailable",
    });
    for (const [name, kind] of kinds) {
      const cause = new DOMException("as the browser says it", name);
      expect(idbError(cause, "save", place)).toMatchObject({
        name: "StoreError",
        kind,
        cause,
        store: "family",
        message: expect.stringMatching(
          new RegExp(`^Could not save in .*"icecore/family": .*\\(${name}\\)\\. `),
        ),
      });
    }
  });

  it("leaves a bug of its own what it is", () => {
    const bug = new TypeError("a bug");
    expect(idbError(bug, "save", place)).toBe(bug);
  });
});
