/**
 * Actions of this app that have no effect, because the model's function or schema refuses them: their author is told, once each. They
 * are in the log, or will be, and everybody leaves them out alike. Looked for when a turn is over, so that many calls cost one look.
 */
import type { Rejection } from "../shared/fold/fold.ts";
import type { ActionId } from "../shared/wire/ids.ts";
import type { RejectedAction } from "./store.ts";

export interface Rejections {
  /** Something was put on top of the log. */
  lookSoon(): void;
  tell(rejected: readonly Rejection[]): void;
}

const toldMax = 20_000;

export function createRejections(
  find: () => readonly Rejection[],
  isOwn: (rejection: Rejection) => boolean,
  onRejected: (rejected: RejectedAction) => void,
): Rejections {
  const told = new Set<ActionId>();
  let looking = false;

  function tell(rejected: readonly Rejection[]): void {
    for (const one of rejected) {
      const { actionId: id, name, reason } = one;
      if (told.has(id) || !isOwn(one)) continue;
      const [oldest] = told.add(id);
      if (told.size > toldMax && oldest !== undefined) told.delete(oldest);
      onRejected({ id, name, reason });
    }
  }

  return {
    tell,
    lookSoon() {
      if (looking) return;
      looking = true;
      void Promise.resolve().then(() => {
        looking = false;
        tell(find());
      });
    },
  };
}
