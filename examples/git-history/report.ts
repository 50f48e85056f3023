/** What a run found, as data for programs and as a short table for people. */
import { formatTimestamp, type Timestamp } from "../../shared/wire/time.ts";
import type { Comparison, Difference } from "./check.ts";
import { nearMs } from "./limits.ts";
import type { RolledUp } from "./roll-up.ts";
import type { Sent } from "./send.ts";

export interface ObjectCount {
  readonly count: number;
  /** As stored, most of them gzipped. */
  readonly bytes: number;
}

export interface RequestCount {
  readonly get: number;
  readonly put: number;
  readonly swap: number;
  readonly list: number;
  readonly delete: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface Report extends Omit<Sent, "timestamps"> {
  readonly repository: { readonly name: string; readonly head: string; readonly objectFormat: string };
  readonly bucket: string;
  readonly store: string;
  readonly seed: number;
  readonly commits: number;
  /** Of the last commits: where to look first. */
  readonly lastTimestamps: readonly Timestamp[];
  readonly rollup: RolledUp;
  readonly segmentsListed: number;
  /** What is in the bucket at the end, by kind. */
  readonly objects: Readonly<Record<string, ObjectCount>>;
  readonly requests: {
    readonly writer: RequestCount;
    readonly rollup: RequestCount;
    readonly readerOfHead: RequestCount;
    /** The reader of HEAD and of the commits. */
    readonly readerOfAll: RequestCount;
  };
  readonly seconds: { readonly write: number; readonly replayHead: number; readonly replayCommits: number };
  readonly headCheck: Comparison;
  readonly commitChecks: readonly Comparison[];
}

/** True when every comparison found nothing. */
export function isGood({ headCheck, commitChecks }: Report): boolean {
  return [headCheck, ...commitChecks].every(({ differences }) => differences.length === 0);
}

/** The report as one JSON object: requests per update added, differences cut to the first few. */
export function toJson(report: Report): string {
  const cut = (check: Comparison) => ({
    ...check,
    matches: check.differences.length === 0,
    differences: check.differences.slice(0, differencesShown),
    different: check.differences.length,
  });
  const lastTimestamps = report.lastTimestamps.map(formatTimestamp);
  const checks = { headCheck: cut(report.headCheck), commitChecks: report.commitChecks.map(cut) };
  const good = isGood(report);
  return JSON.stringify(
    { good, ...report, requestsPerUpdate: requestsPerUpdate(report), lastTimestamps, ...checks },
    null,
    2,
  );
}

/** The report as lines for people. */
export function toLines(report: Report): readonly string[] {
  return [...facts(report), "", ...objectTable(report), "", ...requestTable(report), "", ...verdict(report)];
}

/** A few are enough to see what kind they are. */
const differencesShown = 5;

function facts(report: Report): readonly string[] {
  const { repository, commits, authors, updates, actions, contentBytes, idsAlone, near, rollup, seconds } =
    report;
  const { write, replayHead, replayCommits } = seconds;
  const perSecond = `${whole(commits / write)} commits and ${megabytes(contentBytes / write)} a second`;
  const alone = idsAlone === 0 ? "" : `; ${counted(idsAlone, "file")} by id alone`;
  const rows: (readonly [string, string])[] = [
    ["repository", `${repository.name}, HEAD ${repository.head.slice(0, 12)}, ${repository.objectFormat}`],
    ["commits", `${whole(commits)} by ${counted(authors, "author")}`],
    ["updates", `${whole(updates)} with ${counted(actions, "action")}`],
    ["contents", `${megabytes(contentBytes)} in files${alone}`],
    [
      "timestamps",
      `${whole(near.within)} of ${whole(near.of)} within ${nearMs / 1_000} s of the time stored (farthest ${near.farthestMs} ms)`,
    ],
    ["rollup", rollupText(rollup)],
    ["written in", `${seconds1(write)}: ${perSecond}`],
    [
      "replayed in",
      `${seconds1(replayHead)} to HEAD, ${seconds1(replayCommits)} from the start past every chosen commit`,
    ],
  ];
  return rows.map(([name, text]) => `${name.padEnd(12)} ${text}`);
}

function rollupText({ rounds, dropped, setAside, jobs }: RolledUp): string {
  const done = `${whole(rounds)} rounds, ${jobs.snapshot} snapshots, ${jobs.merge} merges, ${jobs.marks} marks, ${jobs.retire} retired`;
  return `${done}; copies dropped: ${dropped}, objects set aside: ${setAside}`;
}

function objectTable({ objects, segmentsListed }: Report): readonly string[] {
  const rows = Object.entries(objects).filter(([kind, { count }]) => count > 0 || kind === "updates");
  const note: Readonly<Record<string, string>> = {
    segments: `${segmentsListed} listed in the head`,
    updates: "not yet collected",
  };
  return [
    `${"stored".padEnd(12)}${"objects".padStart(10)}${"bytes".padStart(12)}`,
    ...rows.map(([kind, { count, bytes }]) => {
      const line = `  ${kind.padEnd(10)}${whole(count).padStart(10)}${megabytes(bytes).padStart(12)}`;
      return note[kind] && count > 0 ? `${line}  ${note[kind]}` : line;
    }),
  ];
}

const requestKinds = ["get", "put", "swap", "list", "delete"] as const;

function requestTable(report: Report): readonly string[] {
  const { writer, rollup, readerOfHead, readerOfAll } = report.requests;
  const row = (name: string, counts: RequestCount) =>
    `  ${name.padEnd(16)}${requestKinds.map((kind) => whole(counts[kind]).padStart(8)).join("")}${megabytes(counts.bytesOut).padStart(12)}${megabytes(counts.bytesIn).padStart(12)}`;
  const names = [
    ...requestKinds.map((kind) => kind.padStart(8)),
    "sent".padStart(12),
    "received".padStart(12),
  ];
  const perUpdate = requestsPerUpdate(report);
  return [
    `${"requests".padEnd(18)}${names.join("")}`,
    row("writer", writer),
    row("rollup", rollup),
    row("reader, HEAD", readerOfHead),
    row("reader, all", readerOfAll),
    `  per update: ${perUpdate.writer.toFixed(2)} by the writer, ${perUpdate.withRollup.toFixed(2)} with the rollup`,
  ];
}

function requestsPerUpdate({ requests, updates }: Report): {
  readonly writer: number;
  readonly withRollup: number;
} {
  const sum = (counts: RequestCount) => requestKinds.reduce((total, kind) => total + counts[kind], 0);
  const [writer, rollup] = [sum(requests.writer), sum(requests.rollup)];
  return { writer: writer / Math.max(1, updates), withRollup: (writer + rollup) / Math.max(1, updates) };
}

function verdict({ headCheck, commitChecks, seed }: Report): readonly string[] {
  const good = commitChecks.filter(({ differences }) => differences.length === 0).length;
  return [
    headCheck.differences.length === 0
      ? `HEAD matches: ${headCheck.files} files`
      : `HEAD DIFFERS in ${headCheck.differences.length} paths of ${headCheck.files} files`,
    ...headCheck.differences.slice(0, differencesShown).map(differenceLine),
    `${good} of ${commitChecks.length} commits match (seed ${seed})`,
    ...commitChecks
      .filter(({ differences }) => differences.length > 0)
      .slice(0, differencesShown)
      .flatMap(({ commit, differences }) => [
        `  ${commit} differs in ${differences.length} paths`,
        ...differences.slice(0, differencesShown).map(differenceLine),
      ]),
  ];
}

function differenceLine({ path, expected, replayed }: Difference): string {
  return `    ${JSON.stringify(path)}: git has ${expected ?? "nothing"}, the replay ${replayed ?? "nothing"}`;
}

function whole(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

function counted(count: number, name: string): string {
  return `${whole(count)} ${name}${count === 1 ? "" : "s"}`;
}

function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function seconds1(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}
