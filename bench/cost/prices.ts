/**
 * What AWS takes for what was counted: list prices of us-east-1 as of 2026-11, without any free tier, and the few assumptions that
 * counting cannot give. Change a number here and `npm run cost` says what it means.
 */

/** Dollars for a million. */
export const perMillion = {
  /** S3 PUT and LIST; DELETE is free. */
  s3Write: 5,
  s3Get: 0.4,
  /** CloudFront, HTTPS, North America and Europe. */
  edgeRequest: 1,
  /** CloudFront Functions: one checks the pass of each read of a head or an object. */
  edgeFunction: 0.1,
  /** HTTP API; a request in steps of 512 KB. */
  apiRequest: 1,
  lambdaRequest: 0.2,
  sqsRequest: 0.4,
  schedulerInvocation: 1,
} as const;

/** Dollars for a GB-second of Lambda on ARM. */
export const lambdaGbSecond = 0.0000133334;
/** Dollars for a GB that leaves CloudFront, the first 10 TB of a month. */
export const edgeGb = 0.085;

/** Not counted but assumed: nothing here reaches AWS. `icecore` logs and meters the real ones. */
export const assumed = {
  /** Of an API request: an append is a PUT and a GET, one after the other, some 20 ms each. */
  apiMs: 60,
  apiMemoryMb: 512,
  /** Of a rollup of a warm store: some eight requests to S3, one after the other. */
  rollupMs: 250,
  /** As cdk/settings.ts has it, and the API's too. */
  rollupMemoryMb: 1_769,
  /** Headers of an answer, on top of its body. */
  headerBytes: 400,
} as const;

export function lambdaDollars(invocations: number, ms: number, memoryMb: number): number {
  const gbSeconds = (invocations * ms * memoryMb) / 1_000 / 1_024;
  return (invocations * perMillion.lambdaRequest) / 1e6 + gbSeconds * lambdaGbSecond;
}
