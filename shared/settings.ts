/**
 * The tuned numbers of the protocol, which all parts share and a host may change: each with its unit in its name and its reason beside it.
 * What one part alone needs stands in that part's own `settings` or `limits` file, or as a named constant beside its use.
 */

export interface Settings {
  readonly graceMs: number;
  readonly maxSkewMs: number;
  readonly attemptsMax: number;
  readonly backOffMinMs: number;
  readonly backOffMaxMs: number;
  readonly actionBytesMax: number;
  readonly updateActionsMax: number;
  readonly updateBytesMax: number;
  readonly jsonDepthMax: number;
  readonly inlineBytesMax: number;
  readonly segmentBytesMax: number;
  readonly setAsideCharsMax: number;
  readonly headBytesMax: number;
  readonly objectBytesMax: number;
  readonly storedActionsBytesMax: number;
  readonly gzipBytesMin: number;
  readonly listKeysMax: number;
  readonly roundUpdatesMax: number;
  readonly segmentsListedMax: number;
  readonly segmentsListedAim: number;
  readonly segmentsSinceSnapshotMax: number;
  readonly mergeFanIn: number;
  readonly mergeLevelBytes: readonly number[];
  readonly snapshotShare: number;
  readonly snapshotBytesMin: number;
  readonly snapshotAgeMs: number;
  readonly modelVersionsKept: number;
  readonly retentionMs: number;
  readonly linkFromDelayMs: number;
  readonly probesKeptMs: number;
  readonly parallelGets: number;
}

const minute = 60_000;
const kib = 1024;
const mib = 1024 * kib;

export const defaultSettings: Settings = {
  /** The seal stays this far behind the bucket's clock: a PUT in flight usually lands within it. Latency only, not safety. */
  graceMs: 2_000,
  /** A timestamp may lead the bucket's clock by this much (G1: about 5 s). */
  maxSkewMs: 5_000,
  /** Tries of one program before it says "later": at full back-off about two minutes. */
  attemptsMax: 30,
  /** First pause after an answer that never came; below it a busy store would only be asked harder. */
  backOffMinMs: 100,
  /** Longest pause: an outage ends within this of the first try after it. */
  backOffMaxMs: 5_000,
  /** One action's data as JSON; larger things belong in objects of their own. */
  actionBytesMax: 64 * kib,
  /** One update's actions: an overlay batch of this size is redone in under 1 ms. */
  updateActionsMax: 1_000,
  /** One update as JSON; eight of them and the head still fit a Lambda answer of 6 MB many times. */
  updateBytesMax: 256 * kib,
  /** Nesting of action data and state: deep enough for documents, shallow enough for every call stack. */
  jsonDepthMax: 100,
  /** Copied into the head, so that a small poll is one GET; four of them still fit headBytesMax. */
  inlineBytesMax: 16 * kib,
  /** A segment stops growing here: one download a phone can repeat. */
  segmentBytesMax: 8 * mib,
  /** How much of an object that is no update is kept in the segment, for people to look at. */
  setAsideCharsMax: 64 * kib,
  /** The head is read at each poll; 32 entries, the inline segment and versions fit with room. */
  headBytesMax: 64 * kib,
  /** Largest object that is ever read into memory (a snapshot); a larger one is refused, not loaded. */
  objectBytesMax: 512 * mib,
  /** Largest raw update that is read whole by publish; a larger one is set aside. Room for escapes above updateBytesMax. */
  storedActionsBytesMax: 1 * mib,
  /** Bodies below it are stored plain: gzip saves nothing there. */
  gzipBytesMin: 4 * kib,
  /** S3's page of LIST. */
  listKeysMax: 1_000,
  /** Raw updates of one round: bounds its memory; the next round takes the rest at once. */
  roundUpdatesMax: 10_000,
  /** Entries in the head (docs/protocol.md, "Objects"). */
  segmentsListedMax: 32,
  /** Retiring begins above it, so that a burst never meets the limit. */
  segmentsListedAim: 24,
  /** A new client reads at most 12 segments after the snapshot. */
  segmentsSinceSnapshotMax: 10,
  /** Segments of one level that are merged at once: each update is rewritten once a level, four times in all. */
  mergeFanIn: 4,
  /** Upper bounds of the merge levels in bytes: factor 8, three levels below a full segment. */
  mergeLevelBytes: [32 * kib, 256 * kib, 2 * mib],
  /** A snapshot is due when the segments since the last weigh this share of it: cost stays proportional to updates. */
  snapshotShare: 0.25,
  /** ... but not for less than this: a small state would be written each round. */
  snapshotBytesMin: 64 * kib,
  /** ... and at the latest after this, so that a quiet store's new clients read one object. */
  snapshotAgeMs: 60 * minute,
  /** Model versions with a listed snapshot; older clients must upgrade. */
  modelVersionsKept: 2,
  /** What no head lists is kept this long for slow readers. */
  retentionMs: 7 * 24 * 60 * minute,
  /** linkFrom follows a rev noted this long before: no build lasts so long (docs/protocol.md, "Delete"). */
  linkFromDelayMs: 24 * 60 * minute,
  /** What a self-test left behind is removed after this: none lasts so long, and one that did would say so. */
  probesKeptMs: 24 * 60 * minute,
  /** GETs in flight at once: fills a 100 ms link at 160 objects a second without upsetting S3. */
  parallelGets: 16,
};

/** The defaults with some of them changed, e.g. `newSettings({ graceMs: 0 })` for a one-process server. */
export function newSettings(changes: Partial<Settings> = {}): Settings {
  return { ...defaultSettings, ...changes };
}
