/** The protocol's programs and their types: public subpath `icecore/log`. */
export { type AppendInput, type AppendOutcome, type AppendState, append } from "./append.ts";
export { bucketNow, type ClockOffset, observeClock } from "./clock.ts";
export { type CollectBuiltOutcome, type CollectBuiltState, collectBuilt } from "./collect-built.ts";
export { type CollectRawOutcome, type CollectRawState, collectRaw } from "./collect-raw.ts";
export type { Held } from "./held.ts";
export { type InitOutcome, type InitState, init } from "./init.ts";
export type { KnownHead } from "./known-head.ts";
export { type MergeOutcome, type MergeState, merge } from "./merge.ts";
export type { Answer, Env, Program, ReplicaRequest, Request, Step } from "./program.ts";
export { type PublishOutcome, type PublishState, publish } from "./publish.ts";
export { type ReadInput, type ReadOutcome, type ReadState, read } from "./read.ts";
export { type RetireOutcome, type RetireState, retire } from "./retire.ts";
export { type TailOutcome, type TailState, tail } from "./tail.ts";
export { type WriteMarksOutcome, type WriteMarksState, writeMarks } from "./write-marks.ts";
export { type WriteSnapshotOutcome, type WriteSnapshotState, writeSnapshot } from "./write-snapshot.ts";
