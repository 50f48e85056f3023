/**
 * createFoldAudit: folds the log beside an audit's walk and compares with the listed snapshot of the model's version
 * (docs/protocol.md, "What always holds", invariant 2).
 *
 * A version's base is the log's start when it is the store's first one; else the state of an older version, migrated. Which
 * snapshot that was is not recorded: the listed one of the older version is tried, and a difference is only a warning.
 */
import { StoreError } from "../errors.ts";
import { createFold, stateHash } from "../fold/fold.ts";
import type { Finding, Findings } from "../log/audit.ts";
import type { LogPoint, LogStop } from "../log/audit-log.ts";
import { notCompared } from "../log/audit-objects.ts";
import type { Model } from "../model/model.ts";
import type { Sha256 } from "../ports/hash.ts";
import type { Snapshot } from "../wire/snapshot.ts";
import { formatTimestamp, type Timestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";

/** A listed snapshot that is sound in itself. */
export interface SoundSnapshot {
  readonly key: string;
  readonly snapshot: Snapshot;
}

export interface FoldAudit {
  readonly stops: readonly LogStop[];
  feed(updates: readonly StampedUpdate[], through: Timestamp): void;
  /** Snapshots whose state was compared. */
  readonly compared: number;
}

interface FoldAuditInput {
  readonly sha256: Sha256;
  readonly findings: Findings;
  /** Of the model's version. */
  readonly target: SoundSnapshot;
  /** Of an older version, to begin from; null: the log's start. */
  readonly base: SoundSnapshot | null;
  /** The base is known for certain: a difference is an error. */
  readonly certain: boolean;
}

const differsFix =
  "Check that the model is the one that the rollup runs and that it is pure; then let a rollup of a new model version write the state anew.";
const uncertainFix =
  "Its base, an older version's snapshot, may be gone: compare by eye with icecore replay, or keep this as a note.";

export function createFoldAudit(model: Model<unknown>, input: FoldAuditInput): FoldAudit {
  const { sha256, findings, target, base, certain } = input;
  const fold = createFold(model);
  let going = base === null;
  let compared = 0;
  let why: string | undefined;

  const note = (severity: Finding["severity"], what: string, fix: string): void =>
    findings.note({ severity, rule: "state", key: target.key, what, fix });

  /** The fold begins where the base ends. */
  function begin({ snapshot }: SoundSnapshot): void {
    try {
      fold.load(snapshot.state, snapshot.modelVersion, snapshot.through);
      going = true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      why = `the older version's state cannot be migrated: ${error.message}`;
    }
  }

  function compare(point: LogPoint): void {
    if (point.whole) compareWhole(point);
    else findings.note(notCompared(target.key, "state"));
  }

  function compareWhole(point: LogPoint): void {
    if (!going) {
      note(
        "warning",
        `Its state was not compared, as ${why ?? "the fold had nothing to begin from"}`,
        uncertainFix,
      );
      return;
    }
    compared += 1;
    if (stateHash(fold, sha256) === target.snapshot.stateHash) return;
    const what = `Its state is not the fold of the log up to ${formatTimestamp(point.through)}`;
    if (certain) note("error", what, differsFix);
    else note("warning", what, uncertainFix);
  }

  const first: readonly LogStop[] = base
    ? [{ through: base.snapshot.through, compare: () => begin(base) }]
    : [];
  return {
    stops: [...first, { through: target.snapshot.through, compare }],
    get compared() {
      return compared;
    },
    feed(updates, through) {
      if (!going || through > target.snapshot.through) return;
      const { stoppedAt } = fold.apply(updates, through);
      if (!stoppedAt) return;
      going = false;
      why = `the update at ${formatTimestamp(stoppedAt.timestamp)} was made with the newer model version ${stoppedAt.modelVersion}`;
    },
  };
}
