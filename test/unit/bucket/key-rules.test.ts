import { describe, expect, it } from "vitest";
import { isKey, requireKey } from "../../../bucket/key-rules.ts";
import { createMemoryBucket } from "../../../bucket/memory.ts";
import { StoreError } from "../../../shared/errors.ts";

const good = [
  "a",
  "heads/store_1-x.json",
  "updates/s/20261121T090503.209Z-01ARZ3NDEKTSV4RRFFQ69G5FAV.json",
  "a b/c~d!e",
  "a..b/c.",
  `${"x".repeat(200)}/y`,
];
const bad = {
  "an empty text": "",
  "a leading slash": "/a",
  "a trailing slash": "a/",
  "an empty part": "a//b",
  "a way up": "a/../b",
  "only a way up": "..",
  "a part that is a dot": "a/./b",
  "a part that starts with a dot": ".tmp/a",
  "a hidden part below": "a/.b",
  "a backslash": "a\\b",
  "a line break": "a\nb",
  "a zero": "a\0b",
  "a delete character": "a\x7fb",
  "a letter outside ASCII": "ä",
  "a part of 201 characters": "x".repeat(201),
  "more than 1,024 characters": Array(6).fill("x".repeat(200)).join("/"),
  "a part that ends like the versions' folder": "a/head.json.versions/0",
};

describe("The rules for keys", () => {
  it.each(good)("take %j", (key) => {
    expect(isKey(key)).toBe(true);
    expect(() => requireKey(key, "memory:")).not.toThrow();
  });

  it.each(Object.entries(bad))("refuse %s", (_, key) => {
    expect(isKey(key)).toBe(false);
    expect(() => requireKey(key, "memory:")).toThrow(StoreError);
  });

  it("refuse with kind rejected, the key and what to do, in every call of a bucket", async () => {
    const bucket = createMemoryBucket();
    const content = { body: new Uint8Array(0), contentType: "", cacheControl: "" };
    const rejected = {
      name: "StoreError",
      kind: "rejected",
      key: "../x",
      fix: /no part that starts with a dot/,
    };
    const expected = { ...rejected, fix: expect.stringMatching(rejected.fix) };
    await expect(bucket.get("../x")).rejects.toMatchObject(expected);
    await expect(bucket.putIfAbsent("../x", content)).rejects.toMatchObject(expected);
    await expect(bucket.putIfMatch("../x", content, "e")).rejects.toMatchObject(expected);
    await expect(bucket.delete(["fine", "../x"])).rejects.toMatchObject(expected);
  });
});
