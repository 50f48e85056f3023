/** The protocol's programs and their types: public subpath `icecore/log`. */
export { append, type AppendInput, type AppendOutcome, type AppendState } from "./append.ts";
export { bucketNow, type ClockOffset, observeClock } from "./clock.ts";
export { collectBuilt, type CollectBuiltOutcome, type CollectBuiltState } from "./collect-built.ts";
export { collectRaw, type CollectRawOutcome, type CollectRawState } from "./collect-raw.ts";
export type { KnownHead } from "./head-read.ts";
export { init, type InitOutcome, type InitState } from "./init.ts";
export { merge, type MergeOutcome, type MergeState } from "./merge.ts";
export type { Answer, Env, Program, ReplicaRequest, Request, Step } from "./program.ts";
export { publish, type PublishOutcome, type PublishState } from "./publish.ts";
export type { Held } from "./held.ts";
export { read, type ReadInput, type ReadOutcome, type ReadState } from "./read.ts";
export { retire, type RetireOutcome, type RetireState } from "./retire.ts";
export { tail, type TailOutcome, type TailState } from "./tail.ts";
export { writeMarks, type WriteMarksOutcome, type WriteMarksState } from "./write-marks.ts";
export { writeSnapshot, type WriteSnapshotOutcome, type WriteSnapshotState } from "./write-snapshot.ts";
