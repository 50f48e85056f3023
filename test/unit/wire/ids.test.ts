import fc from "fast-check";
import { decodeTime, monotonicFactory } from "ulid";
import { expect, test } from "vitest";
import {
  type AppId,
  createdAt,
  isUlid,
  parseActionId,
  parseAppId,
  parseStoreId,
  parseUpdateId,
} from "../../../shared/wire/ids.ts";
import { appIds, storeIds } from "./arbitrary.ts";

test.each(["family", "a", "0", "my_store-2", "a".repeat(64)])("%s is a store id.", (text) => {
  expect(parseStoreId(text)).toBe(text);
});

test.each([
  "",
  ".",
  "..",
  "../etc/passwd",
  "a/../b",
  "a/b",
  "a\\b",
  "%2e%2e",
  "a.json",
  "Family",
  "-a",
  "_a",
  "a b",
  "a\u0000",
  "a\n",
  "\u202ea",
  "é",
  "a".repeat(65),
  "a".repeat(10_240),
])("%j is no store id: it could leave its folder, its key or its URL.", (text) => {
  expect(parseStoreId(text)).toBeUndefined();
});

test("No store id holds a character that a key, a file name or a URL treats specially.", () => {
  fc.assert(
    fc.property(fc.string(), (text) => parseStoreId(text) === undefined || encodeURIComponent(text) === text),
  );
  fc.assert(
    fc.property(
      storeIds,
      (store) => parseStoreId(store) === store && !store.includes(".") && store.length <= 64,
    ),
  );
});

test("Nothing but texts is an id.", () => {
  for (const value of [undefined, null, 7, {}, ["family"], new String("family")]) {
    expect(parseStoreId(value)).toBeUndefined();
    expect(isUlid(value)).toBe(false);
  }
});

test("App, update and action ids are ULIDs in upper case.", () => {
  for (const parse of [parseAppId, parseUpdateId, parseActionId]) {
    expect(parse("01M7YNM3K0YBGG07P5Y7N9X117")).toBe("01M7YNM3K0YBGG07P5Y7N9X117");
    expect(parse("01m7ynm3k0ybgg07p5y7n9x117")).toBeUndefined();
  }
});

test.each([
  "",
  "01M7YNM3K0YBGG07P5Y7N9X11",
  "01M7YNM3K0YBGG07P5Y7N9X1177",
  "01M7YNM3K0YBGG07P5Y7N9X11I",
  "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
])("%j is no ULID.", (text) => {
  expect(isUlid(text)).toBe(false);
});

test("Every id that the generator makes is accepted, and tells when it was made.", () => {
  const newUlid = monotonicFactory();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (ms) => {
      const id = newUlid(ms);
      return isUlid(id) && createdAt(id as AppId) === decodeTime(id);
    }),
  );
});

test("The time in an id is a whole number of milliseconds for every id.", () => {
  fc.assert(fc.property(appIds, (id) => createdAt(id) === decodeTime(id)));
});
