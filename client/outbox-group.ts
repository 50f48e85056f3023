/**
 * Grouping: waiting actions become one update, which is given its seq and never changes any more. Pure, as all of the outbox.
 */
import { utf8Length } from "../shared/json.ts";
import type { Settings } from "../shared/settings.ts";
import type { UpdateId } from "../shared/wire/ids.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { Update } from "../shared/wire/update.ts";
import { type Changed, laterOf, needsSettling, type Outbox } from "./outbox.ts";
import { noChanges, together } from "./row-changes.ts";
import {
  type ActionRow,
  type AppRow,
  encodeAppRow,
  encodeUpdateRow,
  rowKeys,
  type UpdateRow,
} from "./rows.ts";

export interface Grouping {
  readonly id: UpdateId;
  readonly modelVersion: number;
  readonly settings: Settings;
  /** Through where the log has been shown. */
  readonly shown: Timestamp;
}

/**
 * Groups waiting actions, up to the limits, into one update: the first ones that are not held and of one model version. An update
 * without actions is made only to settle a refused one. Undefined when there is nothing to group.
 */
export function group(
  outbox: Outbox,
  { id, modelVersion, settings, shown }: Grouping,
): (Changed & { readonly row: UpdateRow }) | undefined {
  const { me } = outbox;
  const taken = takeFitting(outbox.waiting, settings);
  if (taken.length === 0 && !needsSettling(outbox)) return undefined;
  const update: Update = {
    id,
    app: me.app,
    seq: me.nextSeq,
    after: laterOf(me.seen, shown),
    modelVersion: taken[0]?.modelVersion ?? modelVersion,
    actions: taken.map(({ action }) => action),
  };
  const row: UpdateRow = { update, storedAt: null, rejected: null };
  const next: AppRow = { ...me, nextSeq: me.nextSeq + 1 };
  const gone = new Set(taken);
  return {
    row,
    outbox: {
      ...outbox,
      me: next,
      updates: [...outbox.updates, row],
      waiting: outbox.waiting.filter((one) => !gone.has(one)),
    },
    changes: {
      put: new Map([
        [rowKeys.app, encodeAppRow(next)],
        [rowKeys.update(update.app, update.seq), encodeUpdateRow(row)],
      ]),
      delete: taken.map(({ action }) => rowKeys.action(action.id)),
    },
  };
}

/**
 * Waiting actions are kept in order of their ids. One that was made before the rows were read, by a clock that was set back, has a lower id
 * than those before it: they are grouped, which keeps their order.
 */
export function keepOrder(outbox: Outbox, grouping: () => Grouping): Changed {
  let kept: Changed = { outbox, changes: noChanges };
  while (isOutOfOrder(kept.outbox.waiting.filter(({ held }) => !held))) {
    const grouped = group(kept.outbox, grouping());
    if (!grouped) break;
    kept = { outbox: grouped.outbox, changes: together(kept.changes, grouped.changes) };
  }
  return kept;
}

function isOutOfOrder(waiting: readonly ActionRow[]): boolean {
  return waiting.some(({ action }, i) => i > 0 && action.id < (waiting[i - 1] as ActionRow).action.id);
}

/** What an update is around its actions, in bytes. */
const frameBytes = 400;

/** A held action keeps back those after it that were made with another version only by their order: they go on. */
function takeFitting(waiting: readonly ActionRow[], settings: Settings): readonly ActionRow[] {
  const taken: ActionRow[] = [];
  let bytes = frameBytes;
  for (const row of waiting) {
    if (row.held) continue;
    if (taken[0] && row.modelVersion !== taken[0].modelVersion) break;
    bytes += utf8Length(JSON.stringify(row.action)) + 1;
    if (taken.length >= settings.updateActionsMax || (bytes > settings.updateBytesMax && taken.length > 0))
      break;
    taken.push(row);
  }
  return taken;
}
