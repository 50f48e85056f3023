/** What tests of icecore, of your own adapters and of your models need. Runs under vitest; `checkConvergence` needs fast-check. */
export type { ActionCall } from "./action-call.ts";
export { type BucketContractOptions, describeBucketContract, type OpenedBucket } from "./bucket-contract.ts";
export {
  type ActionArbitraries,
  type ConvergenceOptions,
  type ConvergenceReport,
  checkConvergence,
} from "./convergence.ts";
export { ConvergenceError } from "./convergence-error.ts";
export type { Question } from "./convergence-questions.ts";
export type { Step } from "./convergence-scenario.ts";
export {
  createFaultyFetch,
  type FaultyFetch,
  type FaultyFetchOptions,
  type FetchCounts,
  type FetchFault,
  type FetchFaultChances,
  type FetchFaultDetails,
  type FetchRequest,
} from "./faulty-fetch.ts";
export {
  createFaultyRemote,
  type FaultyRemote,
  type FaultyRemoteOptions,
  type RemoteCall,
  type RemoteCounts,
  type RemoteFault,
  type RemoteFaultChances,
  type RemoteFaultDetails,
  type RemoteRequest,
} from "./faulty-remote.ts";
export { type Given, given, type When } from "./given.ts";
export { describeLocalContract, type OpenedLocal } from "./local-contract.ts";
export { describeRemoteContract, type OpenedRemote } from "./remote-contract.ts";
export { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
