/** The server's own tuned numbers, each with its reason; what the protocol itself needs stands in shared/settings.ts. */

export interface ServerSettings {
  readonly bodyBytesMax: number;
  readonly principalBytesMax: number;
  readonly updatesAtOnceMax: number;
  readonly appUpdatesAtOnceMax: number;
  readonly holderParts: number;
  readonly busyRetryMs: number;
  readonly upgradeRetryMs: number;
  readonly sharedMs: number;
  readonly tailBytesMax: number;
  readonly waitMsMax: number;
  readonly liveMax: number;
  readonly heartbeatMs: number;
  readonly liveMsMax: number;
  readonly hintGapMs: number;
  readonly watchDelayMs: number;
  readonly headlessMs: number;
  readonly storesWarmMax: number;
  readonly smallBodyBytesMax: number;
  readonly appOwnersWarmMax: number;
  readonly newAppsAnHour: number;
  readonly rateHoldersMax: number;
}

export const defaultServerSettings: ServerSettings = {
  /** Of an update as sent, read no further: twice the largest update, so that white space never refuses one. */
  bodyBytesMax: 512 * 1024,
  /** Of a principal as JSON: OpenID Connect's subjects have at most 255 characters. The server adds it on top of its client's own limit. */
  principalBytesMax: 320,
  /** Updates being stored: each holds up to a body in memory and a request to the bucket. */
  updatesAtOnceMax: 256,
  /** ... of one app, which sends one after another: a retry or two may wait behind a slow first try. */
  appUpdatesAtOnceMax: 4,
  /** One principal has at most one of so many parts of the places for updates, and of those for who listens. */
  holderParts: 4,
  /** A busy server asks to come back after this; a stored update takes a fifth of it. */
  busyRetryMs: 1_000,
  /** An update of a newer model waits until the server has it, too: somebody deploys it within minutes. */
  upgradeRetryMs: 30_000,
  /** Heads and tails are shared by all clients for so long, as their `s-maxage` says. */
  sharedMs: 1_000,
  /** Of a tail's updates as JSON; a Lambda may answer 6 MB. What is cut off shows when it is published. */
  tailBytesMax: 4 * 1024 * 1024,
  /** A long poll waits no longer: API Gateway ends a request after 29 s, most proxies after 60 s. */
  waitMsMax: 25_000,
  /** Live connections and long polls of one server: some 10 KB each. */
  liveMax: 10_000,
  /** A live connection says something at least so often: proxies end a silent one after 60 s. */
  heartbeatMs: 25_000,
  /** A live connection ends after this and is made anew: with a token that still holds. */
  liveMsMax: 15 * 60_000,
  /** Hints of one store: no more often than tails are read. */
  hintGapMs: 1_000,
  /** While somebody listens, the head is looked at so often for what others wrote: one conditional GET. */
  watchDelayMs: 2_000,
  /** Whether a store without a head has segments is looked up so often: a LIST, while clients ask for a store to come. */
  headlessMs: 10_000,
  /** Stores with a head, a tail and a writer in memory, some 100 KB each. */
  storesWarmMax: 500,
  /** Of a body that is no update: one of ours has some 50 bytes. */
  smallBodyBytesMax: 4 * 1024,
  /** Apps whose owner stays in memory, some 300 bytes each; others cost a GET. */
  appOwnersWarmMax: 10_000,
  /**
   * App ids that one principal may be the first to use, at each process: an object for ever each. People have some devices; tests with one
   * account make dozens of local storages. Tokens with an `app` make none.
   */
  newAppsAnHour: 100,
  /** Principals whose rate is counted at once, some 200 bytes each; who is forgotten begins with a full burst. */
  rateHoldersMax: 10_000,
};
