/**
 * The matrix of tests for auth: each kind of key, each role, each operation of the OpenAPI document, each fault of a token; one request a
 * cell, over real HTTP. Afterwards the bucket is looked through: what a refused cell sent must not be in it.
 */

import type { AppOptions } from "../../server/app.ts";
import { createJwtAuthenticate, type JwtKeys } from "../../server/jwt/authenticate.ts";
import { openApiDocument } from "../../server/openapi.ts";
import { authorizeByRole } from "../../server/roles.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { parseSendAnswer } from "../../shared/wire/http.ts";
import { appsPrefix, parseAppKey, updatesPrefix } from "../../shared/wire/keys.ts";
import { parseUpdate } from "../../shared/wire/update.ts";
import { type FullApi, type RawAnswer, startFullApi } from "../fixtures/full-api.ts";
import { findOpenApiFaults } from "../fixtures/open-api.ts";
import { testApp } from "../fixtures/store-host.ts";
import { type Issuer, startIssuer } from "./issuer.ts";
import { type Operation, type OperationCase, operationCases, operationsOf, pathOf } from "./operations.ts";
import {
  audience,
  type Gives,
  goodClaims,
  issuer as issuerName,
  type Minting,
  type TokenFault,
  tokenFaults,
} from "./token-faults.ts";
import { ecSigner, edSigner, rsaSigner, type Signer, secretSigner, signToken } from "./tokens.ts";

export interface Cell {
  readonly keys: Minting["keys"];
  readonly role: string;
  readonly operation: string;
  readonly fault: string;
  readonly status: number;
  /** Empty: as it should be. */
  readonly wrong: readonly string[];
}

export interface MatrixReport {
  readonly cells: readonly Cell[];
  /** What the bucket and the log say afterwards, by name; what is wrong of each. */
  readonly after: readonly { readonly name: string; readonly wrong: readonly string[] }[];
}

/** Role -> intents, told once more: the server's own table has no part in what is expected. */
const roles: Readonly<Record<string, readonly string[]>> = {
  reader: ["read"],
  writer: ["read", "write"],
  admin: ["read", "write", "create"],
  owner: [],
  "no role": [],
};
const roleNames = Object.keys(roles);

export interface MatrixOptions {
  readonly keys: Minting["keys"];
  readonly bucket: Bucket;
  /** Ids. @default all of the document */
  readonly operations?: readonly string[];
  /** Goes over what the server is made with: to see the matrix fail. */
  readonly server?: Partial<AppOptions>;
}

export async function runMatrix(options: MatrixOptions): Promise<MatrixReport> {
  const world = await createWorld(options);
  const operations = operationsOf(openApiDocument).filter(
    ({ id }) => options.operations?.includes(id) ?? true,
  );
  try {
    const cells: Cell[] = [];
    for (const operation of operations)
      for (const role of roleNames)
        for (const fault of tokenFaults) cells.push(await tryCell(world, { operation, role, fault }));
    return { cells, after: await lookAfterwards(world) };
  } finally {
    await world.close();
  }
}

interface World {
  readonly keys: Minting["keys"];
  readonly api: FullApi;
  readonly issuer: Issuer | null;
  readonly secret: string;
  readonly signers: Readonly<Record<string, { readonly good: Signer; readonly forger: Signer }>>;
  readonly startedAt: number;
  /** Ids of updates that were answered with "stored", with who sent them. */
  readonly stored: Map<string, string>;
  next(): number;
  close(): Promise<void>;
}

export const matrixSecret = "a secret of tokens for tests, long enough";
/** Of the app that somebody else uses. */
const evesApp = 1;
const ownApp = (role: string) => 2 + roleNames.indexOf(role);
const subjectOf = (role: string) => `anna ${role}`;

async function createWorld({ keys, bucket, server }: MatrixOptions): Promise<World> {
  const secret = matrixSecret;
  const pairs = [rsaSigner("rsa-1"), ecSigner("ec-1"), edSigner("ed-1")] as const;
  const forgers = [rsaSigner("rsa-1"), ecSigner("ec-1"), edSigner("ed-1")] as const;
  const issuer = keys === "jwks" ? await startIssuer(...pairs) : null;
  const given: JwtKeys = issuer === null ? { secret } : { jwksUrl: issuer.url };
  const platform = { now: Date.now };
  const api = await startFullApi(bucket, {
    storeId: "auth-main",
    authenticate: createJwtAuthenticate({ audience, issuer: issuerName, keys: given, platform }),
    authorize: authorizeByRole,
    ...server,
  });
  const signers = Object.fromEntries(
    roleNames.map((role, i) => {
      const pair = { good: pairs[i % 3] ?? pairs[0], forger: forgers[i % 3] ?? forgers[0] };
      return [
        role,
        issuer ? pair : { good: secretSigner(secret), forger: secretSigner(`another ${secret}`) },
      ];
    }),
  );
  let count = 0;
  const world: World = {
    keys,
    api,
    issuer,
    secret,
    signers,
    startedAt: Date.now(),
    stored: new Map(),
    next: () => ++count,
    async close() {
      await api.close();
      await issuer?.close();
    },
  };
  await claimEvesApp(world);
  return world;
}

async function claimEvesApp(world: World): Promise<void> {
  const { signers, api, stored } = world;
  const good = (signers.writer as { good: Signer }).good;
  const sending = { api, app: evesApp, count: world.next() };
  const call = operationCases.sendUpdate?.call?.(sending);
  const token = signToken(good, goodClaims("eve", "writer"));
  const headers = { ...call?.headers, authorization: `Bearer ${token}` };
  const answer = await api.call(`/v1/stores/${api.store}/updates`, { method: "POST", ...call, headers });
  if (answer.status !== 200) throw new Error(`eve could not send: ${JSON.stringify(answer.body)}`);
  stored.set(JSON.parse(String(call?.body)).id, "eve");
}

interface Tried {
  readonly operation: Operation;
  readonly role: string;
  readonly fault: TokenFault;
}

async function tryCell(world: World, { operation, role, fault }: Tried): Promise<Cell> {
  const cell = { keys: world.keys, role, operation: operation.id, fault: fault.name };
  const given = operationCases[operation.id];
  if (given === undefined)
    return { ...cell, status: 0, wrong: ["test/auth/operations.ts has no case for it"] };
  if (operation.signedIn !== (given.intent !== null))
    return { ...cell, status: 0, wrong: ["the document says otherwise who may use it"] };
  const { api } = world;
  const sending = { api, app: fault.othersApp ? evesApp : ownApp(role), count: world.next() };
  const header = await headerOf(world, role, fault);
  const { headers, body } = given.call?.(sending) ?? {};
  const path = pathOf(operation, given, sending);
  const answer = await api.call(path, {
    method: operation.method,
    headers: { ...headers, ...(header === null ? {} : { authorization: header }) },
    ...(body === undefined ? {} : { body }),
  });
  noteStored(world, answer, { body, role });
  const gives = typeof fault.gives === "function" ? fault.gives(world.keys) : fault.gives;
  const expected = expectedStatus(given, role, gives);
  const wrong = [
    ...(answer.status === expected
      ? []
      : [`${answer.status} instead of ${expected}: ${JSON.stringify(answer.body)}`]),
    ...findOpenApiFaults(openApiDocument, { ...answer, method: operation.method, path }),
    ...(answer.status === 401 && answer.headers["www-authenticate"] !== "Bearer"
      ? ["401 without www-authenticate"]
      : []),
    ...leaksOf(world, header, answer),
  ];
  return { ...cell, status: answer.status, wrong };
}

async function headerOf(
  { signers, keys, secret }: World,
  role: string,
  fault: TokenFault,
): Promise<string | null> {
  const { good, forger } = signers[role] as { good: Signer; forger: Signer };
  const apps = { own: testApp(ownApp(role)), others: testApp(evesApp) };
  const claims = goodClaims(subjectOf(role), role === "no role" ? null : role);
  return fault.header({ keys, signer: good, forger, secret, apps }, claims);
}

function expectedStatus(given: OperationCase, role: string, gives: Gives): number {
  if (given.intent === null) return given.status;
  if (gives === "unauthorized") return 401;
  if (gives === "forbidden" || !roles[role]?.includes(given.intent)) return 403;
  return gives === "appForbidden" && given.usesApp ? 403 : given.status;
}

function noteStored(
  world: World,
  answer: RawAnswer,
  sent: { readonly body: unknown; readonly role: string },
): void {
  const outcome = parseSendAnswer(answer.body);
  if (!outcome.ok || outcome.value.is !== "stored") return;
  world.stored.set(JSON.parse(String(sent.body)).id, subjectOf(sent.role));
}

/** Neither the answer nor the server's log repeats claims or signature of a token. Headers are all alike. */
function leaksOf({ api }: World, header: string | null, answer: RawAnswer): readonly string[] {
  const parts = (header ?? "")
    .split(/[ ,.]+/)
    .filter((part) => part.length > 20 && !part.startsWith("eyJhbGciOi"));
  const said = JSON.stringify([answer.body, answer.headers, api.log.at(-1)]);
  return parts.some((part) => said.includes(part)) ? ["the token is repeated"] : [];
}

async function lookAfterwards(world: World): Promise<MatrixReport["after"]> {
  const { api, stored, issuer, startedAt } = world;
  const { bucket, platform } = api.host;
  const found = new Map<string, string | undefined>();
  for (const key of await keysUnder(bucket, updatesPrefix(api.store))) {
    const answer = await bucket.get(key, {});
    const text = answer.is === "found" ? platform.decodeText(answer.body) : "null";
    const update = parseUpdate(JSON.parse(text));
    if (update.ok) found.set(update.value.id, update.value.principal);
  }
  const owners = (await keysUnder(bucket, appsPrefix)).map((key) => parseAppKey(key) ?? key);
  const ownersMay = [evesApp, ownApp("writer"), ownApp("admin")].map(testApp);
  const readsMax = 2 + Math.ceil((Date.now() - startedAt) / 30_000);
  return [
    {
      name: `${stored.size} updates acknowledged, ${found.size} in the bucket, each with its principal`,
      wrong: [
        ...[...found.keys()]
          .filter((id) => !stored.has(id))
          .map((id) => `${id} was refused, and is in the bucket`),
        ...[...stored]
          .filter(([id, who]) => found.get(id) !== who)
          .map(([id, who]) => `${id} is not in the bucket as ${who}'s`),
      ],
    },
    {
      name: `${owners.length} app ids with an owner`,
      wrong: [...owners].sort().join() === [...ownersMay].sort().join() ? [] : [`they are ${owners}`],
    },
    ...(issuer === null
      ? []
      : [
          {
            name: `key set read ${issuer.asked} times, tokens with unknown keys notwithstanding`,
            wrong: issuer.asked > readsMax ? [`more than ${readsMax} times`] : [],
          },
        ]),
  ];
}

async function keysUnder(bucket: Bucket, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let after: string | undefined; ; after = keys.at(-1)) {
    const page = await bucket.list(prefix, after === undefined ? {} : { after });
    keys.push(...page.objects.map(({ key }) => key));
    if (!page.more) return keys;
  }
}
