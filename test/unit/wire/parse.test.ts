import { expect, test } from "vitest";
import {
  asArray,
  asCount,
  asObject,
  asParsed,
  asPositive,
  asText,
  asTimestamp,
  fault,
  formatted,
  parsing,
} from "../../../shared/wire/parse.ts";

const reasonOf = (read: () => unknown) => {
  const parsed = parsing(read);
  return parsed.ok ? undefined : parsed.reason;
};

test("A reader's fault becomes a reason.", () => {
  expect(parsing(() => fault("no such thing"))).toEqual({ ok: false, reason: "no such thing" });
  expect(parsing(() => 7)).toEqual({ ok: true, value: 7 });
});

test("An error that is no fault is our own bug and is not swallowed.", () => {
  const bug = () => {
    throw new TypeError("a bug");
  };
  expect(() => parsing(bug)).toThrow(TypeError);
});

test("A reason names the member and what stands there instead.", () => {
  expect(reasonOf(() => asObject([], "body"))).toBe("body is a list, not an object");
  expect(reasonOf(() => asObject(null, "body"))).toBe("body is null, not an object");
  expect(reasonOf(() => asArray({ length: 1 }, "list"))).toBe("list is an object, not a list");
  expect(reasonOf(() => asText(undefined, "name"))).toBe("name is missing, not a text");
  expect(reasonOf(() => asCount(-1, "count"))).toBe("count is -1, not a whole number from 0");
  expect(reasonOf(() => asCount(Number.NaN, "count"))).toBe("count is NaN, not a whole number from 0");
  expect(reasonOf(() => asPositive(0, "rev"))).toBe("rev is 0, not a whole number from 1");
  expect(reasonOf(() => asTimestamp(5, "at"))).toBe("at is 5, not a timestamp such as 20261121T090503.209Z");
  expect(reasonOf(() => asParsed("x", "id", () => undefined))).toBe('id "x" is not well formed');
});

test("A reason shows at most 40 characters of a text.", () => {
  const reason = reasonOf(() => asCount("x".repeat(10_000), "count"));
  expect(reason).toBe(`count is "${"x".repeat(40)}…", not a whole number from 0`);
});

test("Another format, or none, is told apart from damage.", () => {
  expect(reasonOf(() => formatted({ format: "icecore-head-2" }, "icecore-head-1"))).toBe(
    'format is "icecore-head-2", not "icecore-head-1"',
  );
  expect(reasonOf(() => formatted({}, "icecore-head-1"))).toBe('format is missing, not "icecore-head-1"');
  expect(reasonOf(() => formatted("text", "icecore-head-1"))).toBe('icecore-head-1 is "text", not an object');
});
