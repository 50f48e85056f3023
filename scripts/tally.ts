/**
 * The tally of a test run: what passed, what failed, what was skipped and which need that skip names. Pure.
 *
 * A test that cannot run everywhere names its need in its title, e.g. `[needs s3]`. A need listed in ICECORE_REQUIRE is a
 * promise that this machine has it: a test skipped for it counts as a failure then.
 */

export interface Tally {
  readonly passed: number;
  /** Titles of those that passed and name a need: what this machine has shown beyond the rest. */
  readonly needed: readonly string[];
  /** One line each: what failed. */
  readonly failed: readonly string[];
  /** Titles of the skipped tests. */
  readonly skipped: readonly string[];
}

interface Need {
  /** What such a test exercises, for the line that names the skipped ones. */
  readonly tests: string;
  readonly fix: string;
}

/** Each need that a title may name, and what brings it. */
export const needs: Readonly<Record<string, Need>> = {
  s3: { tests: "S3 tests", fix: "apt-get install ceph-mon ceph-osd radosgw" },
  browser: { tests: "browser tests", fix: "apt-get install chromium" },
  root: { tests: "tests of a full disk", fix: "run as root, they mount a small tmpfs" },
};

export const emptyTally: Tally = { passed: 0, needed: [], failed: [], skipped: [] };

export function addTallies(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, tally) => sum + tally.passed, 0),
    needed: tallies.flatMap((tally) => tally.needed),
    failed: tallies.flatMap((tally) => tally.failed),
    skipped: tallies.flatMap((tally) => tally.skipped),
  };
}

/** The need that a title names, or undefined. */
export function needOf(title: string): string | undefined {
  return /\[needs ([a-z0-9-]+)\]/.exec(title)?.[1];
}

/** `s3,browser` as a list. */
export function parseRequired(text: string | undefined): readonly string[] {
  const required = (text ?? "").split(",").map((need) => need.trim());
  return required.filter((need) => need !== "");
}

/** Skips for a required need become failures, and so does a need that no test could name: it would promise nothing. */
export function requireNeeds(tally: Tally, required: readonly string[]): Tally {
  const isRequired = (title: string) => required.includes(needOf(title) ?? "");
  const missing = tally.skipped
    .filter(isRequired)
    .map((title) => `${title}: skipped, but ICECORE_REQUIRE asks for it`);
  const unknown = required.filter((need) => needs[need] === undefined);
  const known = Object.keys(needs).join(", ");
  const misspelt = unknown.map((need) => `ICECORE_REQUIRE names "${need}", but the needs are: ${known}`);
  return {
    passed: tally.passed,
    needed: tally.needed,
    failed: [...tally.failed, ...missing, ...misspelt],
    skipped: tally.skipped.filter((title) => !isRequired(title)),
  };
}

/** A run that ran nothing has shown nothing. */
export function isGood(tally: Tally): boolean {
  return tally.failed.length === 0 && tally.passed > 0;
}

/** What a run ends with: failures, what was skipped and what brings it, and alone on the last line the counts. */
export function closingLines({ passed, needed, failed, skipped }: Tally): readonly string[] {
  return [
    ...Object.entries(needs).flatMap(([need, { tests }]) => {
      const count = needed.filter((title) => needOf(title) === need).length;
      return count === 0 ? [] : [`among those that passed: ${count} ${tests}`];
    }),
    ...failed.map((line) => `failed: ${line}`),
    ...(passed + failed.length === 0 ? ["no test ran: is the name on the command line right?"] : []),
    ...skippedLines(skipped),
    `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`,
  ];
}

function skippedLines(skipped: readonly string[]): readonly string[] {
  const known = Object.entries(needs).filter(([need]) => skipped.some((title) => needOf(title) === need));
  const other = skipped.filter((title) => needs[needOf(title) ?? ""] === undefined);
  return [
    ...known.map(([, { tests, fix }]) => `skipped: ${tests} (${fix})`),
    ...other.map((title) => `skipped, and its title names no known need: ${title}`),
  ];
}
