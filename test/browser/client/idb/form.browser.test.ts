import { expect, it } from "vitest";
import { idbLocal } from "../../../../client/idb/idb.ts";
import { loaded, puts, reopened, storeId, withRows } from "../../../../test-kit/local-contract-parts.ts";
import { answerOf, databaseNames, describeBrowser, newLocal, openRaw } from "../../browser-tests.ts";

describeBrowser("The form of an IndexedDB storage", () => {
  it("is one database a store, with its rows as texts by key, and a random life of 16 letters beside them", async () => {
    const { local, databaseOf } = newLocal();
    await withRows(local, "family", (rows) => rows.commit(puts({ app: '{"a":1}', "action/1": "x" })));
    const raw = await openRaw(databaseOf("family"), undefined);
    expect([raw.version, [...raw.objectStoreNames]]).toEqual([1, ["about", "rows"]]);
    const { store, about } = storesOf(raw);
    expect(await answerOf(store.getAllKeys())).toEqual(["action/1", "app"]);
    expect(await answerOf(store.getAll())).toEqual(["x", '{"a":1}']);
    expect(await answerOf(about.getAllKeys())).toEqual(["life"]);
    expect(await answerOf(about.get("life"))).toMatch(/^[0-9a-hjkmnp-tv-z]{16}$/);
    raw.close();
  });

  it("version 1, as any release wrote it, is read by this one", async () => {
    const { local, databaseOf } = newLocal();
    const raw = await openRaw(databaseOf("family"), 1, (database) => {
      database.createObjectStore("rows").put('{"format":"icecore-local-1"}', "app");
      database.createObjectStore("about").put("0123456789abcdef", "life");
    });
    raw.close();
    expect(await reopened(local, "family")).toEqual([["app", '{"format":"icecore-local-1"}']]);
    await withRows(local, "family", async (rows) => {
      await rows.commit(puts({ more: "1" }));
      expect(await loaded(rows)).toHaveLength(2);
    });
  });

  it("has the prefix before its name, and none unless one is given", async () => {
    const plain = idbLocal({ persist: false });
    const { local, databaseOf } = newLocal();
    await withRows(local, "family", (rows) => rows.commit(puts({ a: "prefixed" })));
    const store = `plain-${Date.now()}`;
    await withRows(plain, store, (rows) => rows.commit(puts({ a: "plain" })));
    expect(await databaseNames()).toEqual(expect.arrayContaining([databaseOf("family"), `icecore/${store}`]));
    indexedDB.deleteDatabase(`icecore/${store}`);
  });

  it("names the storage in errors of the rows above it by its prefix", () => {
    const { local, prefix } = newLocal();
    expect([idbLocal().name, local.name]).toEqual(["indexeddb:icecore", `indexeddb:${prefix}icecore`]);
  });

  it("asks the browser once to keep the data, and stores it whatever the answer is", async () => {
    const { prefix } = newLocal();
    const { persist } = navigator.storage;
    let asked = 0;
    navigator.storage.persist = async () => {
      asked += 1;
      throw new TypeError("not here");
    };
    try {
      const local = idbLocal({ prefix });
      await withRows(local, "asks", (rows) => rows.commit(puts({ a: "1" })));
      expect(await reopened(local, "asks")).toEqual([["a", "1"]]);
      await withRows(idbLocal({ prefix, persist: false }), "silent", async (rows) => loaded(rows));
      expect(asked).toBe(1);
    } finally {
      navigator.storage.persist = persist;
    }
  });

  it("refuses to take a database over that something else made, and leaves it as it was", async () => {
    const { local, databaseOf } = newLocal();
    const raw = await openRaw(databaseOf("family"), 1, (database) => {
      database.createObjectStore("theirs").put("1", "a");
    });
    raw.close();
    await expect(local.open(storeId("family"))).rejects.toMatchObject({
      kind: "incompatible",
      store: "family",
      message: expect.stringMatching(
        /that icecore did not make\. Nothing was changed\. Give idbLocal another/,
      ),
    });
    const again = await openRaw(databaseOf("family"), undefined);
    expect([...again.objectStoreNames]).toEqual(["theirs"]);
    again.close();
  });

  it("tells of a row that is no text instead of skipping it", async () => {
    const { local, databaseOf } = newLocal();
    await withRows(local, "family", (rows) => rows.commit(puts({ a: "1" })));
    const raw = await openRaw(databaseOf("family"), undefined);
    await answerOf(storesOf(raw, "readwrite").store.put({ no: "text" }, "b"));
    raw.close();
    await withRows(local, "family", async (rows) => {
      await expect(rows.load()).rejects.toMatchObject({ kind: "corrupt", store: "family", key: "b" });
      await rows.clear();
      expect(await loaded(rows)).toEqual([]);
    });
  });
});

function storesOf(
  raw: IDBDatabase,
  mode: IDBTransactionMode = "readonly",
): { readonly store: IDBObjectStore; readonly about: IDBObjectStore } {
  const transaction = raw.transaction(["rows", "about"], mode);
  return { store: transaction.objectStore("rows"), about: transaction.objectStore("about") };
}
