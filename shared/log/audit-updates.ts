/**
 * What an audit keeps of the updates it has walked over: marks, ids and counts; and what is wrong with single updates.
 *
 * docs/protocol.md, "What always holds", invariants 1 and 5: per app published seqs rise, and nothing is published twice.
 */
import type { Sha256 } from "../ports/hash.ts";
import type { AppId } from "../wire/ids.ts";
import { emptyMarks, type Mark, type Marks, markOf, raiseMark } from "../wire/marks.ts";
import { formatTimestamp, type Timestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import type { Findings } from "./audit.ts";
import { createIdSet } from "./audit-ids.ts";

export interface LogCounts {
  readonly updates: number;
  readonly actions: number;
  readonly apps: number;
  /** Seqs below their app's mark that never came. */
  readonly missing: number;
  /** Seqs of which that cannot be told, as a segment that may hold them cannot be read; absent where there are none. */
  readonly unread?: number;
}

export interface UpdateAudit {
  readonly counts: LogCounts;
  /** Updates of the segment under `key`, in log order. */
  add(key: string, updates: readonly StampedUpdate[]): void;
  /** Here lies a segment that cannot be read: what is missing before each app's next update may lie in it. */
  skip(): void;
  marksAt(through: Timestamp): Marks;
}

const twiceFix =
  "A rollup other than icecore's published it: restore the head and segments of before, from the bucket's versions.";
const actionFix =
  "If an app's local storage was cloned, idempotent actions absorb it; else undo its second effect with an action of its own.";
const afterFix = "A writer other than icecore's stored it: correct that writer.";

export function createUpdateAudit(sha256: Sha256, findings: Findings): UpdateAudit {
  const marks = new Map<AppId, Mark>();
  const updateIds = createIdSet();
  const actionIds = createIdSet();
  let updates = 0;
  let actions = 0;
  let skips = 0;
  let unread = 0;
  /** How many of the skips lay before each app's last update. */
  const skipsBefore = new Map<AppId, number>();

  function addOne(key: string, update: StampedUpdate): void {
    const { id, app, seq, timestamp, after } = update;
    const name = `update ${id} (app ${app}, seq ${seq}, ${formatTimestamp(timestamp)})`;
    const error = (rule: string, what: string, fix: string) =>
      findings.note({ severity: "error", rule, key, what, fix });
    const mark = marks.get(app) ?? markOf(emptyMarks, app);
    if ((skipsBefore.get(app) ?? 0) < skips) unread += Math.max(0, seq - mark.seq - 1);
    skipsBefore.set(app, skips);
    if (seq <= mark.seq) error("seq", `It holds ${name} after seq ${mark.seq} of that app`, twiceFix);
    else marks.set(app, raiseMark(mark, update, sha256));
    if (!updateIds.add(id)) error("update-id", `It holds ${name}, whose id was published before`, twiceFix);
    for (const action of update.actions)
      if (!actionIds.add(action.id))
        error("action-id", `In ${name} it holds action ${action.id}, which was published before`, actionFix);
    if (after >= timestamp)
      findings.note({ severity: "warning", rule: "after", key, what: afterText(name, after), fix: afterFix });
  }

  return {
    get counts() {
      const ranges = [...marks.values()].flatMap((mark) => mark.missing);
      const passed = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
      const counts = { updates, actions, apps: marks.size, missing: passed - unread };
      return unread === 0 ? counts : { ...counts, unread };
    },
    skip() {
      skips += 1;
    },
    add(key, list) {
      for (const update of list) {
        addOne(key, update);
        actions += update.actions.length;
      }
      updates += list.length;
    },
    marksAt: (through) => ({ through, apps: Object.fromEntries(marks) }),
  };
}

function afterText(name: string, after: Timestamp): string {
  return `It holds ${name}, which says that its author had seen ${formatTimestamp(after)}, not an earlier time`;
}
