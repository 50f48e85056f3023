/** What the parts of the remote contract share: updates of new apps, the head, the tail and the log as a client sees them. */
import { createNodePlatform } from "../bucket/platform/node.ts";
import type { Remote, RemoteStore } from "../client/remote/remote.ts";
import { readOnly } from "../client/round.ts";
import type { Host } from "../shared/drive/run.ts";
import { readStoreHead, scanLog } from "../shared/drive/store.ts";
import type { KnownHead } from "../shared/log/known-head.ts";
import { newSettings } from "../shared/settings.ts";
import type { AppId } from "../shared/wire/ids.ts";
import { headKey } from "../shared/wire/keys.ts";
import { type Timestamp, zeroTimestamp } from "../shared/wire/time.ts";
import type { StampedUpdate, Update } from "../shared/wire/update.ts";
import { testActionId, testAppId, testUpdateId } from "./ids.ts";
import type { OpenedRemote } from "./remote-contract.ts";

export interface AskedRemote extends Pick<OpenedRemote, "store" | "rollup"> {
  readonly remote: Remote;
  readonly to: RemoteStore;
  readonly headKey: string;
  readonly head: () => Promise<KnownHead>;
  /** The tail above the present head; asks again while the log moves. */
  readonly tail: () => Promise<readonly StampedUpdate[]>;
  /** Published updates of one app. */
  readonly logOf: (app: AppId) => Promise<readonly StampedUpdate[]>;
  /** An app that nobody had before. */
  readonly newApp: () => AppId;
  readonly update: (app: AppId, seq: number, after?: Timestamp) => Update;
  /** Sends until it is stored; throws where it is rejected. */
  readonly stored: (update: Update) => Promise<Timestamp>;
}

const actionsEach = 2;
const triesMax = 20;

export function createAsked({ remote, store, rollup, action = putAction }: OpenedRemote): AskedRemote {
  const to = remote.open(store);
  const platform = createNodePlatform();
  const host: Host = { bucket: readOnly(to), platform, settings: newSettings() };
  const madeAt = platform.now();
  let apps = 0;
  let made = 0;
  const head = (): Promise<KnownHead> => readStoreHead(host, store);

  return {
    remote,
    store,
    rollup,
    to,
    headKey: headKey(store),
    head,
    async tail() {
      for (let tries = 0; tries < triesMax; tries++) {
        const outcome = await to.tail({ known: await head(), marks: null, seen: {} });
        if (outcome.is === "tail") return outcome.updates;
      }
      throw new Error("the log moves for ever");
    },
    async logOf(app) {
      const updates: StampedUpdate[] = [];
      await scanLog(host, { store, onRange: (range) => void updates.push(...range.updates) });
      return updates.filter((update) => update.app === app);
    },
    newApp: () => testAppId(++apps, madeAt),
    update(app, seq, after = zeroTimestamp) {
      const actions = Array.from({ length: actionsEach }, () => {
        made += 1;
        return { id: testActionId(made, madeAt), ...action(made) };
      });
      return { id: testUpdateId(made, madeAt), app, seq, after, modelVersion: 1, actions };
    },
    async stored(update) {
      for (let tries = 0; tries < triesMax; tries++) {
        const outcome = await to.send(update);
        if (outcome.is === "stored") return outcome.timestamp;
        if (outcome.is === "rejected") throw new Error(`rejected: ${outcome.reason}`);
        await platform.wait(outcome.retryAfterMs);
      }
      throw new Error("the store says later for ever");
    },
  };
}

function putAction(i: number): { readonly name: string; readonly data: { key: string; value: number } } {
  return { name: "put", data: { key: `k${i}`, value: i } };
}

/** What must be the same of an update wherever it is seen: a server may add who sent it. */
export function contentsOf({ id, app, seq, after, modelVersion, actions }: Update): Update {
  return { id, app, seq, after, modelVersion, actions };
}
