/** Runs in a page: a client that polls once an hour, and hints over the browser's own WebSocket. */
import { openStore } from "../../../client/open-store.ts";
import { appSyncHints, withHints } from "../../../client/remote/appsync-hints.ts";
import { httpRemote } from "../../../client/remote/http.ts";
import type { Store } from "../../../client/store.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";

let store: Store<typeof pairsModel> | null = null;

export interface Addresses {
  readonly api: string;
  readonly url: string;
  readonly realtimeUrl: string;
  readonly token: string;
}

export async function open({ api, url, realtimeUrl, token }: Addresses): Promise<void> {
  const hints = appSyncHints({ url, realtimeUrl, token: () => token });
  store = openStore({
    model: pairsModel,
    storeId: "main",
    remote: withHints(httpRemote(api, { token: () => token }), hints),
    settings: { pollDelayMs: 3_600_000, pollDelayMsMax: 3_600_000, sendDelayMs: 1 },
  });
  await store.sync.now();
}

export function keys(): readonly string[] {
  return [...(store?.state.pairs.keys() ?? [])];
}
export const syncNow = async () => store?.sync.now();
