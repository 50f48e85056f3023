/** Part of the local contract. Rows: any key and any text comes back as it was, in order of the keys. */
import { expect, it } from "vitest";
import type { Local } from "../client/local/local.ts";
import { loaded, puts, reopened, withRows } from "./local-contract-parts.ts";

/** In code-unit order, where a plain sort of UTF-8 bytes or of locales would give another. */
const oddKeys = [
  "",
  " ",
  "$where",
  "%",
  "'); DROP TABLE rows; --",
  "../../etc/passwd",
  "/",
  "A",
  "Z",
  "__proto__",
  "a",
  "a b",
  "a/b",
  "a\tb\nc",
  "constructor",
  "con",
  "hasOwnProperty",
  "toString",
  "z",
  "é",
  "ü",
  "日本",
  "🧊",
  "\uE000",
  "\uFFFD",
].sort((a, b) => (a < b ? -1 : 1));

const oddValues: readonly string[] = [
  "",
  "{}",
  '{"a":"\\u0000\\"\\\\"}',
  "line one\nline two\r\n",
  "\t\u2028\u2029\uFEFF",
  "' OR 1=1; --",
  "ünïcödé 日本語 🧊🏔️ 👩‍👩‍👧‍👦",
];

const largeChars = 3_000_000;
const manyRows = 5_000;

export function describeRows(local: () => Local): void {
  it("gives an empty map for a store that never was", async () => {
    expect(await reopened(local(), "rows-never")).toEqual([]);
  });

  it("loads rows in code-unit order of their keys, however they came", async () => {
    const pairs = oddKeys.map((key, i) => [key, `value ${i}`] as const);
    await withRows(local(), "rows-order", async (rows) => {
      for (const pair of [...pairs].reverse()) await rows.commit(puts([pair]));
      expect(await loaded(rows)).toEqual(pairs);
    });
    expect(await reopened(local(), "rows-order")).toEqual(pairs);
  });

  it("keeps apart keys that differ only in case, in an accent's spelling, or in a space", async () => {
    const keys = ["a", "A", "a ", "\u00e9", "e\u0301", "ﬁ", "fi"];
    await withRows(local(), "rows-near", async (rows) => {
      await rows.commit(puts(keys.map((key) => [key, `of ${JSON.stringify(key)}`] as const)));
      const found = await rows.load();
      for (const key of keys) expect(found.get(key)).toBe(`of ${JSON.stringify(key)}`);
      expect(found.size).toBe(keys.length);
    });
  });

  it("keeps every text as it was: empty, quotes, line ends, other scripts", async () => {
    const pairs = oddValues.map((value, i) => [`v${i}`, value] as const);
    await withRows(local(), "rows-text", (rows) => rows.commit(puts(pairs)));
    expect(await reopened(local(), "rows-text")).toEqual(pairs);
  });

  it("keeps a value of millions of characters", async () => {
    const value = "0123456789äöü🧊".repeat(largeChars / 15);
    await withRows(local(), "rows-large", (rows) => rows.commit(puts({ large: value, small: "1" })));
    const found = await withRows(local(), "rows-large", (rows) => rows.load());
    expect(found.get("large") === value).toBe(true);
    expect(found.get("small")).toBe("1");
  });

  it(`keeps ${manyRows} rows of one commit, and again when each of them changes`, async () => {
    const pairs = (text: string) =>
      Array.from({ length: manyRows }, (_, i) => [String(i).padStart(6, "0"), `${text} ${i}`] as const);
    await withRows(local(), "rows-many", async (rows) => {
      await rows.commit(puts(pairs("first")));
      await rows.commit(puts(pairs("second")));
    });
    expect(await reopened(local(), "rows-many")).toEqual(pairs("second"));
  });

  it("keeps stores apart, also when one's name begins with the other's", async () => {
    for (const store of ["apart", "apart-1", "apart_1", "apart1"])
      await withRows(local(), store, (rows) => rows.commit(puts({ who: store })));
    for (const store of ["apart", "apart-1", "apart_1", "apart1"])
      expect(await reopened(local(), store)).toEqual([["who", store]]);
    await withRows(local(), "apart", (rows) => rows.clear());
    expect(await reopened(local(), "apart")).toEqual([]);
    expect(await reopened(local(), "apart-1")).toEqual([["who", "apart-1"]]);
  });
}
