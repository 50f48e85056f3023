/**
 * createWriter: appends updates of one process to a store, one after another per app.
 *
 * Keeps what makes the next append cheap: the bucket's clock and the highest seal seen. Both are hints; losing them costs a try.
 */

import { StoreError } from "../errors.ts";
import { canonicalText, isDeeperThan, utf8Length } from "../json.ts";
import { type AppendOutcome, append } from "../log/append.ts";
import type { ClockOffset } from "../log/clock.ts";
import type { AppId, StoreId } from "../wire/ids.ts";
import { type Timestamp, toTimestamp, zeroTimestamp } from "../wire/time.ts";
import { encodeUpdate, parseUpdate, type Update } from "../wire/update.ts";
import { type Host, run } from "./run.ts";

export interface Writer {
  /**
   * Stores one update and answers with the timestamp that the log keeps it under, or says "later": then the same update must be
   * sent again, unchanged. Throws StoreError: `limit` for an update that no store takes, `unavailable` without a head.
   */
  append(update: Update): Promise<AppendOutcome>;
}

export function createWriter(host: Host, store: StoreId): Writer {
  let clock: ClockOffset = null;
  let sealedSeen: Timestamp = zeroTimestamp;
  const queues = new Map<AppId, Promise<unknown>>();

  /** By app: the seq that was sent without a clear end. Nothing else of that app goes out before it. */
  const unsettled = new Map<AppId, number>();

  async function send(update: Update): Promise<AppendOutcome> {
    const first = unsettled.get(update.app);
    if (first !== undefined && first !== update.seq)
      return {
        is: "later",
        reason: `update ${first} of this app must be sent first`,
        retryAfterMs: 1,
        clock,
      };
    unsettled.set(update.app, update.seq);
    const outcome = await run(append, { store, update, clock, sealedSeen }, host);
    clock = outcome.clock;
    if (outcome.is === "later") return outcome;
    unsettled.delete(update.app);
    sealedSeen = toTimestamp(Math.max(sealedSeen, outcome.known.head.sealedThrough));
    return outcome;
  }

  return {
    async append(update) {
      checkUpdate(update, store, host);
      const before = queues.get(update.app) ?? Promise.resolve();
      const sending = before.then(() => send(update));
      const settled = sending.catch(() => undefined);
      queues.set(update.app, settled);
      void settled.then(() => queues.get(update.app) === settled && queues.delete(update.app));
      return sending;
    },
  };
}

/** The limits of settings.ts, before anything is sent. Throws StoreError. */
export function checkUpdate(update: Update, store: StoreId, { settings }: Host): void {
  const refuse = (kind: "limit" | "rejected", what: string, fix: string) => {
    throw new StoreError({ kind, what: `Update ${update.id} ${what}`, fix, store, app: update.app });
  };
  if (update.actions.length > settings.updateActionsMax)
    refuse(
      "limit",
      `holds ${update.actions.length} actions, more than ${settings.updateActionsMax}`,
      "Send it as several updates.",
    );
  for (const { name, data } of update.actions) {
    if (isDeeperThan(data, settings.jsonDepthMax))
      refuse(
        "limit",
        `has an action "${name}" nested deeper than ${settings.jsonDepthMax}`,
        "Make its data flatter.",
      );
    const bytes = utf8Length(canonicalText(data));
    if (bytes > settings.actionBytesMax)
      refuse(
        "limit",
        `has an action "${name}" of ${bytes} bytes, more than ${settings.actionBytesMax}`,
        "Make its data smaller.",
      );
  }
  const body = encodeUpdate(update);
  const bytes = utf8Length(canonicalText(body));
  if (bytes > settings.updateBytesMax)
    refuse(
      "limit",
      `is ${bytes} bytes long, more than ${settings.updateBytesMax}`,
      "Send it as several updates.",
    );
  const parsed = parseUpdate(body);
  if (!parsed.ok) refuse("rejected", `is not well formed: ${parsed.reason}`, "Correct it; nothing was sent.");
}
