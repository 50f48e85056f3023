/** Times, numbers and texts of the command line, without a store. */
import { describe, expect, it } from "vitest";
import { UsageError } from "../../cli/errors.ts";
import { bytesText, countText, toNumber } from "../../cli/numbers.ts";
import { safeText, shortJson, table } from "../../cli/screen.ts";
import { ageText, timeText, toTime } from "../../cli/time.ts";

const now = Date.parse("2026-11-21T12:00:00.000Z");
const at = (text: string, edge: "start" | "end" = "start") =>
  new Date(toTime(text, { now, edge })).toISOString();

describe("a time on the command line", () => {
  it.each([
    ["20261121T090503.209Z", "2026-11-21T09:05:03.209Z"],
    ["2026-11-21", "2026-11-21T00:00:00.000Z"],
    ["2026-11-21T09:05", "2026-11-21T09:05:00.000Z"],
    ["2026-11-21 09:05:03.209", "2026-11-21T09:05:03.209Z"],
    ["2026-11-21T09:05:03+02:00", "2026-11-21T07:05:03.000Z"],
    ["now", "2026-11-21T12:00:00.000Z"],
    ["-1h", "2026-11-21T11:00:00.000Z"],
    ["-1h30m", "2026-11-21T10:30:00.000Z"],
    ["2d ago", "2026-11-19T12:00:00.000Z"],
    ["1 week 2 days ago", "2026-11-12T12:00:00.000Z"],
    ["1.5 hours ago", "2026-11-21T10:30:00.000Z"],
  ])("%s is %s", (text, iso) => {
    expect(at(text)).toBe(iso);
  });

  it("covers the whole day where it is a bare date at an end", () => {
    expect(at("2026-11-21", "end")).toBe("2026-11-21T23:59:59.999Z");
  });

  it.each([
    "",
    "soon",
    "2026-02-30",
    "2026-13-01",
    "-",
    "-1x",
    "1h",
    "ago",
    "20261321T090503.209Z",
    "2026-11-21T25:00",
    "1969-01-01",
    "9".repeat(5_000),
  ])("%s is none", (text) => {
    expect(() => at(text)).toThrow(UsageError);
  });

  it("is printed in a form that can be given back", () => {
    const time = toTime("20261121T090503.209Z", { now });
    expect(toTime(timeText(time), { now })).toBe(time);
    expect([ageText(5_000), ageText(90_000), ageText(-7_200_000), ageText(3 * 86_400_000)]).toEqual([
      "5.0 s ago",
      "90 s ago",
      "in 2 h",
      "3 d ago",
    ]);
  });
});

describe("what is printed", () => {
  it("holds no control characters of others", () => {
    expect(safeText("a\u001b[31m\u009bb\u202ec\n")).toBe("a\\u001b[31m\\u009bb\\u202ec\\u000a");
    expect(shortJson({ a: "x".repeat(100) }, 20)).toHaveLength(20);
  });

  it("stands in columns", () => {
    expect(
      table([
        ["a", "b"],
        ["ccc", ""],
      ]),
    ).toEqual(["a    b", "ccc"]);
  });

  it("counts and weighs", () => {
    expect([countText(1, "update"), countText(1_234, "entry", "entries")]).toEqual([
      "1 update",
      "1,234 entries",
    ]);
    expect([bytesText(812), bytesText(1_536), bytesText(5 * 1024 ** 2)]).toEqual([
      "812 B",
      "1.5 KiB",
      "5.0 MiB",
    ]);
    expect(() => toNumber("0x10", { name: "--limit", min: 1 })).toThrow("--limit");
  });
});
