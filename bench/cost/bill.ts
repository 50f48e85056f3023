/** From counts to dollars: one line per thing that AWS bills, with the count that it comes from. */
import type { BucketCounts } from "../../bucket/counting.ts";
import { assumed, edgeGb, lambdaDollars, perMillion } from "./prices.ts";
import type { Counted } from "./world.ts";

export interface BillLine {
  readonly what: string;
  /** In what was played out. */
  readonly count: number;
  /** For what the bill is of: a million updates, or a month. */
  readonly dollars: number;
}

export interface Bill {
  readonly lines: readonly BillLine[];
  readonly dollars: number;
}

const isCounted = ({ count }: BillLine): boolean => count > 0;

/** What writing took, for a million updates. */
export function billOfWrites(counted: Counted): Bill {
  const { sends, sending, rollup, rollups, queueRequests, sentBytes, updates } = counted;
  const { apiMs, apiMemoryMb, rollupMs, rollupMemoryMb } = assumed;
  return sum(1e6 / updates, [
    [
      "requests through the edge to the API",
      sends,
      sends * dollarsFor(perMillion.edgeRequest + perMillion.apiRequest),
    ],
    ["bytes of answers", sentBytes, gigabytes(sentBytes, sends) * edgeGb],
    ["Lambda: API", sends, lambdaDollars(sends, apiMs, apiMemoryMb)],
    ["S3: the API's PUT and LIST", writesOf(sending), writesOf(sending) * dollarsFor(perMillion.s3Write)],
    ["S3: the API's GET", sending.get, sending.get * dollarsFor(perMillion.s3Get)],
    ["SQS", queueRequests, queueRequests * dollarsFor(perMillion.sqsRequest)],
    ["Lambda: rollup", rollups, lambdaDollars(rollups, rollupMs, rollupMemoryMb)],
    ["S3: the rollup's PUT and LIST", writesOf(rollup), writesOf(rollup) * dollarsFor(perMillion.s3Write)],
    ["S3: the rollup's GET", rollup.get, rollup.get * dollarsFor(perMillion.s3Get)],
  ]);
}

/** What reading took, `times` over. */
export function billOfReads(counted: Counted, times: number): Bill {
  const { edgeReads, apiReads, readBytes, edge, reading } = counted;
  const { apiMs, apiMemoryMb } = assumed;
  const requests = edgeReads + apiReads;
  return sum(times, [
    ["requests through the edge", requests, requests * dollarsFor(perMillion.edgeRequest)],
    ["the edge's function", edgeReads, edgeReads * dollarsFor(perMillion.edgeFunction)],
    ["bytes of answers", readBytes, gigabytes(readBytes, requests) * edgeGb],
    ["S3: the edge's GET", edge.get, edge.get * dollarsFor(perMillion.s3Get)],
    ["API: tail, passes and others", apiReads, apiReads * dollarsFor(perMillion.apiRequest)],
    ["Lambda: API", apiReads, lambdaDollars(apiReads, apiMs, apiMemoryMb)],
    ["S3: the API's LIST", writesOf(reading), writesOf(reading) * dollarsFor(perMillion.s3Write)],
    ["S3: the API's GET", reading.get, reading.get * dollarsFor(perMillion.s3Get)],
  ]);
}

/** What the sweep's looks at an idle store take, `times` of them. */
export function billOfSweeps({ rollup }: Counted, times: number): Bill {
  return sum(times, [
    ["S3: PUT and LIST", writesOf(rollup), writesOf(rollup) * dollarsFor(perMillion.s3Write)],
    ["S3: GET", rollup.get, rollup.get * dollarsFor(perMillion.s3Get)],
  ]);
}

function sum(times: number, lines: readonly (readonly [string, number, number])[]): Bill {
  const billed = lines.map(([what, count, dollars]) => ({ what, count, dollars: dollars * times }));
  return {
    lines: billed.filter(isCounted),
    dollars: billed.reduce((all, { dollars }) => all + dollars, 0),
  };
}

function dollarsFor(million: number): number {
  return million / 1e6;
}

function writesOf({ put, swap, list }: BucketCounts): number {
  return put + swap + list;
}

function gigabytes(bodies: number, answers: number): number {
  return (bodies + answers * assumed.headerBytes) / 1e9;
}
