/**
 * Actions of this app that have no effect, because the model's function or schema refuses them: their author is told, once each. They
 * are in the log, or will be, and everybody leaves them out alike. Looked for when a turn is over, so that many calls cost one look.
 */
import type { Rejection } from "../shared/fold/fold.ts";
import type { RejectedAction } from "./store.ts";
import { createToldIds } from "./told-ids.ts";

export interface Rejections {
  /** Something was put on top of the log. */
  lookSoon(): void;
  tell(rejected: readonly Rejection[]): void;
}

export function createRejections(
  find: () => readonly Rejection[],
  isOwn: (rejection: Rejection) => boolean,
  onRejected: (rejected: RejectedAction) => void,
): Rejections {
  const told = createToldIds();
  let looking = false;

  function tell(rejected: readonly Rejection[]): void {
    for (const one of rejected) {
      const { actionId: id, name, reason } = one;
      if (isOwn(one) && told.add(id)) onRejected({ id, name, reason });
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
