/** Nothing that was begun is left behind. */
import { expect, test } from "vitest";
import { createMemoryBucket } from "../../../bucket/memory.ts";
import { openOnce } from "../../../lambdas/open-once.ts";
import { createPending } from "../../../lambdas/pending.ts";
import { toldOf } from "../../../lambdas/told.ts";
import { StoreError } from "../../../shared/errors.ts";

test("It settles when all that was begun has ended, and what came of that, failed or not.", async () => {
  const pending = createPending();
  const ended: string[] = [];
  const slow = (name: string, ms: number) =>
    new Promise<void>((resolve) => setTimeout(resolve, ms)).then(() => void ended.push(name));
  const inner = createMemoryBucket();
  const bucket = pending.bucket({
    ...inner,
    get: async (key) => {
      await slow(`get ${key}`, 20);
      if (key === "first") pending.add(slow("after first", 20));
      throw new Error("no luck");
    },
  });
  void bucket.get("first").catch(() => undefined);
  pending.add(Promise.reject(new Error("its own business")));
  await pending.settled();
  expect(ended).toEqual(["get first", "after first"]);
  await pending.settled();
});

test("What is opened once is kept, and tried again where it failed.", async () => {
  let tries = 0;
  const open = openOnce(async () => {
    tries += 1;
    if (tries === 1) throw new Error("not yet");
    return tries;
  });
  await expect(open()).rejects.toThrow("not yet");
  expect(await Promise.all([open(), open()])).toEqual([2, 2]);
  expect(await open()).toBe(2);
});

test("The log is told of an error by what it says, never by its cause or what else hangs on it.", () => {
  const cause = Object.assign(new Error("token abc"), {
    request: { headers: { authorization: "Bearer abc" } },
  });
  const error = new StoreError(
    { kind: "unavailable", what: "No answer", fix: "Wait.", store: "family" },
    cause,
  );
  expect(toldOf(error)).toEqual({ kind: "unavailable", what: "No answer", fix: "Wait.", store: "family" });
  const bug = toldOf(Object.assign(new TypeError("x is no function", { cause }), { request: "Bearer abc" }));
  expect(bug).toMatchObject({ kind: "bug", what: "TypeError: x is no function" });
  expect(JSON.stringify(bug)).not.toContain("abc");
  expect(toldOf("Bearer abc")).toEqual({ kind: "bug", what: expect.stringMatching(/no error was thrown/) });
});
