import { describe, expect, test } from "vitest";
import { createExportCheck } from "../../../shared/log/export-check.ts";
import { encodeStamped } from "../../../shared/wire/update.ts";
import { exportOf, headerLine, sha256, update, withTrailer } from "./exports.ts";

const updates = [update(10, 1, 1), update(20, 1, 2), update(20, 2, 1, { id: 21 })];
const lineOf = (one: Parameters<typeof encodeStamped>[0]) => JSON.stringify(encodeStamped(one));

/** The kinds of the lines, then the trouble of the one that was refused or of the end. */
function read(lines: readonly string[]) {
  const check = createExportCheck(sha256);
  const kinds: string[] = [];
  for (const line of lines) {
    const checked = check.take(line);
    if (!checked.ok) return { kinds, trouble: checked.trouble };
    kinds.push(checked.line.is);
  }
  return { kinds, trouble: check.end() };
}

test("A whole export is a header, its updates and a trailer.", () => {
  expect(read(exportOf(updates))).toEqual({
    kinds: ["header", "update", "update", "update", "trailer"],
    trouble: null,
  });
  expect(read(exportOf([]))).toEqual({ kinds: ["header", "trailer"], trouble: null });
});

describe("An export is refused with its line's number when", () => {
  const whole = exportOf(updates);
  const [header = "", first = "", second = "", third = "", trailer = ""] = whole;
  const cases: readonly (readonly [name: string, lines: readonly string[], kind: string, what: RegExp])[] = [
    ["it is empty", [], "rejected", /^The export is empty$/],
    ["it is garbage", ["not JSON"], "rejected", /^Line 1 is no header of an export: /],
    ["it begins with an update", whole.slice(1), "rejected", /^Line 1 is no header/],
    ["it begins with null", ["null"], "rejected", /^Line 1 is no header/],
    ["it is cut at its trailer", whole.slice(0, -1), "corrupt", /^The export was cut: it ends after line 4/],
    ["it is cut after its header", [header], "corrupt", /^The export was cut: it ends after line 1/],
    [
      "it is cut inside of a line",
      [header, first.slice(0, 40)],
      "corrupt",
      /^Line 2 of the export is no JSON$/,
    ],
    ["a line is empty", [header, "", first], "corrupt", /^Line 2 of the export is no JSON$/],
    ["a line is no object", [header, "[]"], "corrupt", /^Line 2 of the export is no update: .* is a list/],
    [
      "a line has a wrong seq",
      [header, first.replace('"seq":1', '"seq":0')],
      "corrupt",
      /^Line 2 .* seq is 0/,
    ],
    [
      "a line was changed",
      [header, first.replace("add", "sub"), second, third, trailer],
      "corrupt",
      /^Line 5 .* says/,
    ],
    ["a line was lost", [header, first, third, trailer], "corrupt", /^Line 4 of the export says/],
    ["a line comes twice", [header, first, first], "corrupt", /^Line 3 of the export stands outside/],
    ["lines were swapped", [header, second, first], "corrupt", /^Line 3 of the export stands outside/],
    ["it goes on after its trailer", [...whole, first], "corrupt", /^Line 6 of the export comes after/],
    ["it has two headers", [header, header], "corrupt", /^Line 2 of the export is no update/],
    [
      "its trailer is damaged",
      [header, trailer.replace("hash", "hush")],
      "corrupt",
      /^Line 2 .* is no trailer: hash/,
    ],
  ];

  test.each(cases)("%s.", (_name, lines, kind, what) => {
    const { trouble } = read(lines);
    expect(trouble).toMatchObject({
      kind,
      what: expect.stringMatching(what),
      fix: expect.stringMatching(/\S/),
    });
  });

  test.each([
    ["an older or newer header", [headerLine.replace("export-1", "export-2")], 1],
    [
      "an update of another release",
      [headerLine, lineOf(update(1, 1, 1)).replace("update-1", "update-9")],
      2,
    ],
    ["a trailer of another release", [headerLine, '{"format":"icecore-export-end-0"}'], 2],
  ])("it has %s, which is a matter of releases and not of damage.", (_name, lines, number) => {
    expect(read(lines).trouble).toMatchObject({
      kind: "incompatible",
      what: expect.stringContaining(`Line ${number} of the export is in the format "icecore-`),
    });
  });
});

test("Keys named __proto__ reach no prototype, and stay what they are inside of an action.", () => {
  const hostile = '{"__proto__":{"polluted":true},"constructor":1}';
  const line = lineOf(update(1, 1, 1))
    .replace('{"id":1}', hostile)
    .replace("{", '{"__proto__":{"seq":7},');
  const check = createExportCheck(sha256);
  check.take(headerLine);
  const checked = check.take(line);
  if (!checked.ok || checked.line.is !== "update") throw new Error("it is an update");
  expect(JSON.stringify(checked.line.update.actions[0]?.data)).toBe(hostile);
  expect([checked.line.update.seq, ({} as { polluted?: unknown }).polluted]).toEqual([1, undefined]);
  for (const inside of ['"format":"icecore-export-1"', '"format":"icecore-update-1"'])
    expect(createExportCheck(sha256).take(`{"__proto__":{${inside}}}`)).toMatchObject({ ok: false });
});

test("JSON far deeper than any call stack is an answer, not a crash.", () => {
  const deep = "[".repeat(400_000);
  expect(read([headerLine, deep]).trouble).toMatchObject({ what: "Line 2 of the export is no JSON" });
  const closed = lineOf(update(1, 1, 1)).replace('{"id":1}', `${deep}${"]".repeat(400_000)}`);
  expect(read(withTrailer([headerLine, closed]))).toMatchObject({ kinds: ["header", "update", "trailer"] });
});

test("No error shows more than a few characters of what a line holds.", () => {
  const secret = "s3cr3t-".repeat(200);
  for (const line of [
    `{"format":"${secret}"}`,
    `"${secret}"`,
    secret,
    `{"format":"icecore-update-1","id":"${secret}"}`,
  ]) {
    for (const lines of [[line], [headerLine, line]])
      expect(read(lines).trouble?.what.length).toBeLessThan(200);
  }
});
