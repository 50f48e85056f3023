/** The state at an earlier time, folded afresh from the remote's history: nothing of the client's own is used or changed. */
import { createReplay } from "../shared/drive/replay.ts";
import type { Host } from "../shared/drive/run.ts";
import type { Model } from "../shared/model/model.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import type { Timestamp } from "../shared/wire/time.ts";

export async function stateAt<S>(
  host: Host,
  { store, model, time }: { readonly store: StoreId; readonly model: Model<S>; readonly time: Timestamp },
): Promise<S> {
  const replay = createReplay(host, { store, model, fromStart: true });
  return (await replay.advanceTo(time)).state();
}
