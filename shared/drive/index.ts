/** Running the protocol over a bucket: public subpath `icecore/drive`. */
export { type AuditReport, auditStore } from "./audit.ts";
export { createFoldReplica, type FoldReplica } from "./fold-replica.ts";
export type { PollerOptions, PollOptions } from "./poller.ts";
export { createReader, type Reader } from "./reader.ts";
export { createReplay, type Replay, type ReplayOptions } from "./replay.ts";
export { createRollup, type Rollup, type RollupOptions, type RoundReport } from "./rollup.ts";
export { type Host, run } from "./run.ts";
export { collectGarbage, createStore, listStores, readStoreHead, scanLog } from "./store.ts";
export { createWriter, type Writer } from "./writer.ts";
