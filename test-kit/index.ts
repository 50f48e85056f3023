/** What tests of icecore, and of your own adapters, need. */
export { describeBucketContract, type OpenedBucket } from "./bucket-contract.ts";
