/**
 * One store named "family", as a few minutes of its life left it: two apps, four updates, an object that was none, and all
 * that a rollup built of them. Hashes are true, so the goldens pin how the log's hash, chains and state hashes are made too.
 */
import { createHash } from "node:crypto";
import { canonicalText, type Json, utf8Length } from "../../shared/json.ts";
import { type AppOwner, encodeAppOwner, parseAppOwner } from "../../shared/wire/app-owner.ts";
import { type Claim, encodeClaim, parseClaim } from "../../shared/wire/claim.ts";
import {
  type ExportHeader,
  type ExportTrailer,
  emptyLinesHash,
  encodeExportHeader,
  encodeExportTrailer,
  hashLine,
  parseExportHeader,
  parseExportTrailer,
} from "../../shared/wire/export.ts";
import { encodeHead, type Head, parseHead } from "../../shared/wire/head.ts";
import { encodeHistoryIndex, type HistoryIndex, parseHistoryIndex } from "../../shared/wire/history.ts";
import { parseActionId, parseAppId, parseStoreId, parseUpdateId } from "../../shared/wire/ids.ts";
import { builtKey, updateKey } from "../../shared/wire/keys.ts";
import { advanceMarks, emptyMarks, encodeMarks, type Marks, parseMarks } from "../../shared/wire/marks.ts";
import type { Parsed } from "../../shared/wire/parse.ts";
import {
  emptyLogHash,
  encodeSegment,
  hashLog,
  parseSegment,
  type Segment,
} from "../../shared/wire/segment.ts";
import { encodeSnapshot, parseSnapshot, type Snapshot } from "../../shared/wire/snapshot.ts";
import { encodeSweepNote, parseSweepNote, type SweepNote } from "../../shared/wire/sweep.ts";
import { parseTimestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import {
  encodeStamped,
  encodeUpdate,
  parseUpdate,
  type StampedUpdate,
  type Update,
} from "../../shared/wire/update.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a value of the goldens is not well formed");
  return value;
}

const bytesOf = (body: Json) => utf8Length(JSON.stringify(body));
const at = (text: string) => known(parseTimestamp(text));
const action = (id: string, name: string, data: Json) => ({ id: known(parseActionId(id)), name, data });

export const store = known(parseStoreId("family"));
export const phone = known(parseAppId("01M7YNM3K0YBGG07P5Y7N9X117"));
export const laptop = known(parseAppId("01M7YNM48WJC73ABRSXPS0G17H"));

export const times = {
  first: at("20261121T090503.209Z"),
  second: at("20261121T090503.210Z"),
  third: at("20261121T090641.000Z"),
  foreign: at("20261121T090700.500Z"),
  fourth: at("20261121T091200.042Z"),
  sealed: at("20261121T091205.000Z"),
};

const added: Update = {
  id: known(parseUpdateId("01M7YNM6AG3G4R8RW2WGGTEHY5")),
  app: phone,
  seq: 1,
  after: zeroTimestamp,
  modelVersion: 2,
  actions: [
    action("01M7YNM4YRRFQXAW30JTNQCX2E", "addTodo", {
      id: "t1",
      title: "Milk — 2 ℓ 🥛",
      priority: { $: "Priority", v: "high" },
    }),
    action("01M7YNM5MM5SFZ26A1Q2PP0DM3", "addTodo", {
      id: "t2",
      title: 'Call "Ann"\n',
      due: { $: "date", v: "2026-11-22T08:00:00.000Z" },
    }),
  ],
};

const completed: Update = {
  id: known(parseUpdateId("01M7YNM7P85MFBAAQQR3DY85Z6")),
  app: laptop,
  seq: 1,
  after: times.first,
  modelVersion: 2,
  actions: [action("01M7YNM70C7M455B2TQ20JGM1B", "completeTodo", { id: "t1" })],
  principal: "ann@example.org",
};

/** Settles a seq without doing anything. */
const empty: Update = {
  id: known(parseUpdateId("01M7YNM8C4E22B1GVMQ3ENKTN9")),
  app: phone,
  seq: 3,
  after: times.second,
  modelVersion: 2,
  actions: [],
};

const renamed: Update = {
  id: known(parseUpdateId("01M7YNM9QW9M6T8SFBPR9116TW")),
  app: laptop,
  seq: 2,
  after: times.third,
  modelVersion: 1,
  actions: [action("01M7YNM920MYY477HVQ7CWM5DY", "rename", ["t2", null, true, -0.5, 1e21])],
};

const stamped = (update: Update, timestamp: StampedUpdate["timestamp"]): StampedUpdate => ({
  ...update,
  timestamp,
});
const early = [stamped(added, times.first), stamped(completed, times.second), stamped(empty, times.third)];
const late = [stamped(renamed, times.fourth)];

const earlyHash = hashLog(emptyLogHash, early, sha256);
const earlySegment: Segment = {
  from: zeroTimestamp,
  through: times.foreign,
  fromHash: emptyLogHash,
  hash: earlyHash,
  updates: early,
  setAside: [
    {
      key: updateKey({ store, timestamp: times.foreign, app: laptop }),
      reason: "it is no JSON in UTF-8",
      text: "not an update\u0000",
    },
  ],
};

const lateSegment: Segment = {
  from: times.foreign,
  through: times.fourth,
  fromHash: earlyHash,
  hash: hashLog(earlyHash, late, sha256),
  updates: late,
  setAside: [],
};

const state: Json = {
  title: "Shopping",
  todos: {
    t1: { done: true, priority: { $: "Priority", v: "high" }, title: "Milk — 2 ℓ 🥛" },
    t2: { done: false, due: { $: "date", v: "2026-11-22T08:00:00.000Z" }, title: 'Call "Ann"\n' },
  },
};

const snapshot: Snapshot = {
  through: times.foreign,
  hash: earlyHash,
  modelName: "todos",
  modelVersion: 2,
  stateHash: sha256(canonicalText(state)),
  state,
};

const marks: Marks = advanceMarks(emptyMarks, early, times.foreign, sha256);

export const keys = {
  early: builtKey({ kind: "segments", store, through: times.foreign, rev: 2, nonce: "7h3k9m2p5r8t1v4x" }),
  late: builtKey({ kind: "segments", store, through: times.fourth, rev: 9, nonce: "0a2b4c6d8e1f3g5h" }),
  snapshot: builtKey({
    kind: "snapshots",
    store,
    through: times.foreign,
    modelVersion: 2,
    rev: 4,
    nonce: "k3m5n7p9q1r2s4t6",
  }),
  marks: builtKey({ kind: "marks", store, through: times.foreign, rev: 3, nonce: "v8w0x1y2z3a4b5c6" }),
  index: builtKey({ kind: "indexes", store, through: times.foreign, rev: 10, nonce: "d7e8f9g0h1j2k3m4" }),
};

const earlyEntry = {
  from: zeroTimestamp,
  through: times.foreign,
  key: keys.early,
  count: 3,
  bytes: bytesOf(encodeSegment(earlySegment)),
  hash: earlyHash,
};
const lateEntry = {
  from: times.foreign,
  through: times.fourth,
  key: keys.late,
  count: 1,
  bytes: bytesOf(encodeSegment(lateSegment)),
  hash: lateSegment.hash,
};

const head: Head = {
  epoch: "n5p6q7r8s9t0v1w2",
  rev: 12,
  nonce: "x3y4z5a6b7c8d9e0",
  sealedThrough: times.sealed,
  publishedThrough: times.fourth,
  segments: [lateEntry],
  floor: times.foreign,
  snapshots: {
    "2": { through: times.foreign, key: keys.snapshot, bytes: bytesOf(state), stateHash: snapshot.stateHash },
  },
  marks: { through: times.foreign, key: keys.marks },
  history: { through: times.foreign, key: keys.index },
  inline: encodeSegment(lateSegment),
  linkFrom: 3,
  ifMatch: "quoted",
};

const index: HistoryIndex = { segments: [earlyEntry], before: null };

const sweep: SweepNote = {
  at: times.sealed,
  epoch: head.epoch,
  rev: 12,
  unlisted: [keys.early.replace("7h3k", "0000")],
};

const claim: Claim = { at: times.sealed, nonce: "b4c5d6e7f8g9h0j1" };

const owner: AppOwner = { app: laptop, principal: "ann@example.org" };

/** The log up to the third update, as lines. */
const exported: ExportHeader = { store, epoch: head.epoch, from: null, to: times.third };
const exportEnd: ExportTrailer = {
  updates: early.length,
  through: times.third,
  hash: [encodeExportHeader(exported), ...early.map(encodeStamped)].reduce(
    (hash, line) => hashLine(hash, JSON.stringify(line), sha256),
    emptyLinesHash,
  ),
};

/** A stored format at one version: its golden file is `<name>.json`. */
export interface Golden {
  readonly name: string;
  readonly value: unknown;
  readonly encoded: Json;
  readonly parse: (body: unknown) => Parsed<unknown>;
}

export const goldens: readonly Golden[] = [
  { name: "update-1", value: added, encoded: encodeUpdate(added), parse: parseUpdate },
  { name: "segment-1", value: earlySegment, encoded: encodeSegment(earlySegment), parse: parseSegment },
  { name: "snapshot-1", value: snapshot, encoded: encodeSnapshot(snapshot), parse: parseSnapshot },
  { name: "marks-1", value: marks, encoded: encodeMarks(marks), parse: parseMarks },
  { name: "head-1", value: head, encoded: encodeHead(head), parse: parseHead },
  { name: "index-1", value: index, encoded: encodeHistoryIndex(index), parse: parseHistoryIndex },
  { name: "sweep-1", value: sweep, encoded: encodeSweepNote(sweep), parse: parseSweepNote },
  { name: "claim-1", value: claim, encoded: encodeClaim(claim), parse: parseClaim },
  { name: "app-1", value: owner, encoded: encodeAppOwner(owner), parse: parseAppOwner },
  { name: "export-1", value: exported, encoded: encodeExportHeader(exported), parse: parseExportHeader },
  {
    name: "export-end-1",
    value: exportEnd,
    encoded: encodeExportTrailer(exportEnd),
    parse: parseExportTrailer,
  },
];
