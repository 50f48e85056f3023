import { expect, test } from "vitest";
import {
  addTallies,
  closingLines,
  emptyTally,
  isGood,
  needOf,
  needs,
  parseRequired,
  requireNeeds,
} from "../../../scripts/tally.ts";

test("A need stands in a title in square brackets.", () => {
  expect(needOf("a.test.ts > The S3 bucket keeps its promises. [needs s3]")).toBe("s3");
  expect(needOf("It needs s3.")).toBeUndefined();
});

test("ICECORE_REQUIRE is a list of needs.", () => {
  expect(parseRequired(undefined)).toEqual([]);
  expect(parseRequired("")).toEqual([]);
  expect(parseRequired("s3, browser")).toEqual(["s3", "browser"]);
});

test("A required need that no test could name is a failure: it would promise nothing.", () => {
  const { failed } = requireNeeds({ ...emptyTally, passed: 1, failed: [], skipped: [] }, ["s3", "brwoser"]);
  expect(failed).toEqual(['ICECORE_REQUIRE names "brwoser", but the needs are: s3, browser, root']);
});

test("A test skipped for a required need counts as a failure, others stay skipped.", () => {
  const tally = { ...emptyTally, passed: 3, failed: [], skipped: ["a [needs s3]", "b [needs root]", "c"] };
  expect(requireNeeds(tally, ["s3", "browser"])).toEqual({
    ...emptyTally,
    passed: 3,
    failed: ["a [needs s3]: skipped, but ICECORE_REQUIRE asks for it"],
    skipped: ["b [needs root]", "c"],
  });
  expect(requireNeeds(tally, [])).toEqual(tally);
});

test("A run is good when something passed and nothing failed.", () => {
  expect(isGood({ ...emptyTally, passed: 1, failed: [], skipped: [] })).toBe(true);
  expect(isGood({ ...emptyTally, passed: 1, failed: ["x"], skipped: [] })).toBe(false);
  expect(isGood(emptyTally)).toBe(false);
  expect(isGood({ ...emptyTally, passed: 0, failed: [], skipped: ["x"] })).toBe(false);
});

test("All runners are added up.", () => {
  const sum = addTallies([
    { ...emptyTally, passed: 2, failed: ["a"], skipped: [] },
    emptyTally,
    { ...emptyTally, passed: 3, failed: ["b"], skipped: ["c"] },
  ]);
  expect(sum).toEqual({ ...emptyTally, passed: 5, failed: ["a", "b"], skipped: ["c"] });
});

test("A run ends with its failures, what it skipped and what brings that, and the counts alone on the last line.", () => {
  const tally = {
    passed: 5,
    needed: ["g [needs s3]", "h [needs s3]", "i [needs root]"],
    failed: ["a > b"],
    skipped: ["c [needs s3]", "d [needs s3]", "e", "f [needs moon]"],
  };
  expect(closingLines(tally)).toEqual([
    "among those that passed: 2 S3 tests",
    "among those that passed: 1 tests of a full disk",
    "failed: a > b",
    "skipped: S3 tests (apt-get install ceph-mon ceph-osd radosgw)",
    "skipped, and its title names no known need: e",
    "skipped, and its title names no known need: f [needs moon]",
    "5 passed, 1 failed, 4 skipped",
  ]);
});

test("A run that ran nothing says so.", () => {
  expect(closingLines(emptyTally)).toEqual([
    "no test ran: is the name on the command line right?",
    "0 passed, 0 failed, 0 skipped",
  ]);
});

test("Each need says what it skips and what brings it.", () => {
  for (const { tests, fix } of Object.values(needs)) {
    expect(tests).toMatch(/\S/);
    expect(fix).toMatch(/\S/);
  }
});
