/**
 * A campaign of requests at real servers: one server and bucket for each seed, requests in small bunches at once, each answer checked.
 * Afterwards the store has to be whole: whatever was let in must be published, and shown.
 */
import fc from "fast-check";
import { createMemoryBucket } from "../../bucket/memory.ts";
import type { AppOptions } from "../../server/app.ts";
import { createJwtAuthenticate } from "../../server/jwt/authenticate.ts";
import { newToken } from "../../server/jwt/new-token.ts";
import { openApiDocument } from "../../server/openapi.ts";
import { authorizeByRole, type Role } from "../../server/roles.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { createWriter } from "../../shared/drive/writer.ts";
import type { Model } from "../../shared/model/model.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { type FullApi, startFullApi } from "../fixtures/full-api.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { testUpdate } from "../fixtures/store-host.ts";
import { checkAnswer, type Verdict } from "./check.ts";
import { type FuzzRequest, type Known, requestsOf } from "./requests.ts";

export interface Tally {
  requests: number;
  fives: number;
  outside: number;
  /** Operation -> status -> count; "(none)" beside all operations. */
  readonly statuses: Map<string, Map<number, number>>;
}

export interface Failure {
  readonly seed: number;
  readonly what: string;
  /** Made as small as it goes. */
  readonly requests: readonly FuzzRequest[];
}

export const newTally = (): Tally => ({ requests: 0, fives: 0, outside: 0, statuses: new Map() });

export interface SeedOptions {
  readonly seed: number;
  readonly bunches: number;
  readonly tally: Tally;
  /** No more bunches are begun then. */
  readonly timeLimitMs?: number;
  /** Goes over what the server is made with: to see the campaign fail. */
  readonly server?: Partial<AppOptions>;
}

/** All requests of one seed, at a server of their own. */
export async function runSeed(options: SeedOptions): Promise<Failure | null> {
  const { seed, bunches, tally, timeLimitMs } = options;
  const api = await startWorld(options.server);
  let counting = true;
  try {
    const known = await knownOf(api);
    const bunch = fc.array(requestsOf(openApiDocument, known), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(bunch, async (requests) => {
      const verdicts = await Promise.all(
        requests.map((request) => send(api, request, counting ? tally : newTally())),
      );
      const faults = verdicts.flatMap(({ fault }) => (fault === null ? [] : [`${fault.is}: ${fault.what}`]));
      // What follows only makes it smaller.
      if (faults.length > 0) counting = false;
      if (faults.length > 0) throw new Error(faults.join("\n"));
      if (({} as { polluted?: unknown }).polluted !== undefined)
        throw new Error("every object's prototype was changed");
    });
    const limit = timeLimitMs === undefined ? {} : { interruptAfterTimeLimit: timeLimitMs };
    const checked = await fc.check(property, { seed, numRuns: bunches, ...limit });
    if (checked.failed && checked.counterexample !== null) {
      const what = checked.errorInstance instanceof Error ? checked.errorInstance.message : "it failed";
      return { seed, what, requests: await onlyGuilty(api, checked.counterexample[0]) };
    }
    const damage = await damageOf(api);
    return damage === null ? null : { seed, what: damage, requests: [] };
  } finally {
    await api.close();
  }
}

/** One that is enough by itself, or all of them: then it takes them at once. */
async function onlyGuilty(api: FullApi, requests: readonly FuzzRequest[]): Promise<readonly FuzzRequest[]> {
  for (const request of requests) {
    const { fault } = await send(api, request, newTally());
    if (fault !== null) return [request];
  }
  return requests;
}

async function send(api: FullApi, request: FuzzRequest, tally: Tally): Promise<Verdict> {
  const { method, path, headers, body } = request;
  const answer = await api.call(path, { method, headers, ...(body === null ? {} : { body }) });
  const verdict = checkAnswer(openApiDocument, request, answer);
  tally.requests += 1;
  if (verdict.fault?.is === "5xx") tally.fives += 1;
  if (verdict.fault?.is === "outside") tally.outside += 1;
  const name = verdict.operation ?? "(none)";
  const counts = tally.statuses.get(name) ?? new Map<number, number>();
  counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
  tally.statuses.set(name, counts);
  return verdict;
}

const secret = "a secret of tokens for the fuzzer, long enough";
const platform = { now: Date.now };

function startWorld(server: Partial<AppOptions> = {}): Promise<FullApi> {
  return startFullApi(createMemoryBucket(), {
    authenticate: createJwtAuthenticate({ audience: "notes", keys: { secret }, platform }),
    authorize: authorizeByRole,
    corsOrigins: ["https://notes.example.com"],
    ...server,
  });
}

async function knownOf(api: FullApi): Promise<Known> {
  const sign = async (subject: string, role: Role, stores: readonly string[]) =>
    `Bearer ${await newToken({ secret, audience: "notes", subject, role, stores, lifeSeconds: 86_400, platform })}`;
  const admin = await sign("anna", "admin", ["*"]);
  // Past the server, which may be a broken one.
  const writer = createWriter(api.host, api.store);
  for (const app of [1, 2]) await writer.append(testUpdate(app, 1));
  await api.rollup();
  const reads = ["head", "tail"].map((what) =>
    api.call(`/v1/stores/${api.store}/${what}`, { headers: { authorization: admin } }),
  );
  const etags = (await Promise.all(reads)).map(({ headers }) => String(headers.etag));
  return {
    stores: [api.store, api.store, api.store, "second", "never-made"],
    keys: Object.values(api.names),
    etags: [...etags, ...etags, ...etags],
    tokens: [admin],
    otherTokens: [
      await sign("anna", "reader", ["*"]),
      await sign("anna", "writer", ["other"]),
      await sign("ben", "writer", ["*"]),
    ],
    apps: [1, 1, 2],
    after: toTimestamp(Date.now() - 1_000),
  };
}

/** What is wrong with the store after all that; null: nothing. */
async function damageOf(api: FullApi): Promise<string | null> {
  await api.host.platform.wait(5);
  const rollup = createRollup(api.host, { store: api.store, model: pairsModel as unknown as Model<unknown> });
  for (let more = true; more; ) {
    const report = await rollup.round({ hint: true });
    if (report.trouble) return `the rollup had trouble: ${report.trouble.message}`;
    if (report.setAside > 0) return `${report.setAside} objects that were let in were set aside`;
    more = report.more;
  }
  return null;
}
