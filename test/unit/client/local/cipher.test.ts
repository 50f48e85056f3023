import { describe, expect, it } from "vitest";
import { type Cipher, withCipher } from "../../../../client/local/cipher.ts";
import { memoryLocal } from "../../../../client/local/memory.ts";
import { openStore } from "../../../../client/open-store.ts";
import { loaded, puts, reopened, storeId, withRows } from "../../../../test-kit/local-contract-parts.ts";
import { createVirtualClock } from "../../../../test-kit/virtual-clock.ts";
import { createAesGcm } from "../../../fixtures/aes-gcm.ts";
import { pairsModel } from "../../../fixtures/pairs-model.ts";

const store = storeId("family");

describe("Local storage with a cipher", () => {
  it("keeps values unreadable below it, each time in another text, and keys as they are", async () => {
    const plain = memoryLocal();
    const local = withCipher(plain, await createAesGcm("secret"));
    await withRows(local, "family", (rows) => rows.commit(puts({ a: "tell nobody", b: "tell nobody" })));
    const kept = await reopened(plain, "family");
    expect(kept.map(([key]) => key)).toEqual(["a", "b"]);
    expect(JSON.stringify(kept)).not.toContain("tell");
    expect(kept[0]?.[1]).not.toBe(kept[1]?.[1]);
    expect(await reopened(local, "family")).toEqual([
      ["a", "tell nobody"],
      ["b", "tell nobody"],
    ]);
  });

  it("refuses a wrong key when a store is opened, says so, and loses nothing", async () => {
    const plain = memoryLocal();
    const right = withCipher(plain, await createAesGcm("right"));
    const wrong = withCipher(plain, await createAesGcm("wrong"));
    await withRows(right, "family", (rows) => rows.commit(puts({ a: "1", b: "2" })));
    const before = await reopened(plain, "family");
    const error: unknown = await wrong.open(store).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "StoreError", kind: "unauthorized", store: "family", key: "a" });
    expect(String(error)).toMatch(/not the key it was encrypted with.*Open it with the right key/);
    expect(error).toHaveProperty("cause.name", "OperationError");
    expect(await reopened(plain, "family")).toEqual(before);
    expect(await reopened(right, "family")).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
  });

  it("notices a wrong key also where the cipher does not", async () => {
    const caesar = (by: number): Cipher => {
      const shift = (text: string, n: number) =>
        [...text].map((letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + n)).join("");
      return { encrypt: (text) => shift(text, by), decrypt: (text) => shift(text, -by) };
    };
    const plain = memoryLocal();
    await withRows(withCipher(plain, caesar(3)), "family", (rows) => rows.commit(puts({ a: "1" })));
    await expect(withCipher(plain, caesar(4)).open(store)).rejects.toMatchObject({ kind: "unauthorized" });
    expect(await reopened(withCipher(plain, caesar(3)), "family")).toEqual([["a", "1"]]);
  });

  it("notices a row that was put under another key", async () => {
    const plain = memoryLocal();
    const local = withCipher(plain, await createAesGcm("secret"));
    await withRows(local, "family", (rows) => rows.commit(puts({ a: "1", b: "2" })));
    const kept = new Map(await reopened(plain, "family"));
    await withRows(plain, "family", (rows) => rows.commit(puts({ a: kept.get("b") ?? "" })));
    await expect(local.open(store)).rejects.toMatchObject({ kind: "unauthorized", key: "a" });
  });

  it("refuses rows that were kept without a cipher, and leaves them readable without one", async () => {
    const plain = memoryLocal();
    await withRows(plain, "family", (rows) => rows.commit(puts({ a: '{"format":"icecore-local-1"}' })));
    const local = withCipher(plain, await createAesGcm("secret"));
    await expect(local.open(store)).rejects.toMatchObject({
      kind: "incompatible",
      message: expect.stringContaining("was made without a cipher"),
    });
    expect(await reopened(plain, "family")).toHaveLength(1);
  });

  it("keeps the order of commits that nobody waits for, however long each takes to encrypt", async () => {
    let left = 20;
    const slow: Cipher = {
      async encrypt(text) {
        for (let i = left--; i > 0; i--) await Promise.resolve();
        return text;
      },
      decrypt: (text) => text,
    };
    const local = withCipher(memoryLocal(), slow);
    await withRows(local, "family", async (rows) => {
      for (let i = 0; i < 20; i++) void rows.commit(puts({ last: String(i) }));
      expect(await loaded(rows)).toEqual([["last", "19"]]);
    });
  });

  it("fails a commit that cannot be encrypted, and writes nothing of it", async () => {
    const broken: Cipher = {
      encrypt(text) {
        if (text.startsWith("b\n")) throw new Error("the key is gone");
        return text;
      },
      decrypt: (text) => text,
    };
    const local = withCipher(memoryLocal(), broken);
    await withRows(local, "family", async (rows) => {
      await expect(rows.commit(puts({ a: "1", b: "2" }))).rejects.toMatchObject({
        kind: "unavailable",
        cause: { message: "the key is gone" },
      });
      await rows.commit(puts({ c: "3" }));
      expect(await loaded(rows)).toEqual([["c", "3"]]);
    });
  });

  it("serves a client: its work is back with the right key, and safe from one that opens it without the cipher", async () => {
    const { platform } = createVirtualClock();
    const plain = memoryLocal();
    const local = withCipher(plain, await createAesGcm("secret"));
    const open = (storage = local) =>
      openStore({ model: pairsModel, storeId: "family", local: storage, platform });
    const first = open();
    await first.do.put({ key: "k", value: "tell nobody" }).savedLocally;
    await first.close();
    const wrong = open(withCipher(plain, await createAesGcm("wrong")));
    await expect(wrong.loaded).rejects.toMatchObject({ kind: "unauthorized" });
    await wrong.close();
    const bare = open(plain);
    await expect(bare.loaded).rejects.toMatchObject({ kind: "incompatible" });
    await bare.close();
    const second = open();
    await second.loaded;
    expect(second.state.pairs.get("k")).toEqual({ value: "tell nobody" });
    await second.close();
  });
});
