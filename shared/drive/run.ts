/**
 * run: does what a protocol program asks, one request after the other, over a bucket and a replica.
 *
 * The only loop that turns pure steps into I/O. It holds no state of its own between requests; every answer carries when it was
 * asked and answered and the bucket's date. A signal stops it between requests: what was sent stays sent, nothing is undone.
 */
import { assertNever, StoreError } from "../errors.ts";
import type {
  Answer,
  AnswerBody,
  Env,
  Program,
  ReadBody,
  ReplicaRequest,
  Request,
  Step,
} from "../log/program.ts";
import type { Bucket } from "../ports/bucket.ts";
import type { AbortSignalLike, Platform } from "../ports/platform.ts";
import type { Replica } from "../ports/replica.ts";
import type { Settings } from "../settings.ts";
import { headsPrefix } from "../wire/keys.ts";
import { decodeBody, encodeBody } from "./body.ts";

/** What a program runs on. */
export interface Host {
  readonly bucket: Bucket;
  readonly platform: Platform;
  readonly settings: Settings;
  readonly signal?: AbortSignalLike;
}

/** For programs that read: where they put it, and who is told once the replica took it. */
export interface ReplicaHost {
  readonly replica?: Replica;
  readonly onReplica?: (request: ReplicaRequest) => void;
}

type Dated = AnswerBody & { readonly date?: number };

/** Runs a program to its outcome. Throws StoreError for what it fails with, and when the signal stops it. */
export async function run<Input, State, Outcome>(
  program: Program<Input, State, Outcome>,
  input: Input,
  host: Host & ReplicaHost,
): Promise<Outcome> {
  let step: Step<State, Outcome> = program.start(input, newEnv(host));
  while (step.then === "ask") {
    if (host.signal?.aborted) throw stopped(program.name);
    const answer = await answerRequest(step.request, host);
    step = program.resume(step.state, answer, newEnv(host));
  }
  if (step.then === "fail") throw new StoreError(step.trouble);
  return step.outcome;
}

function newEnv({ platform, settings }: Host): Env {
  return {
    now: platform.now(),
    nonce: platform.newNonce(),
    random: platform.random(),
    sha256: platform.sha256,
    settings,
  };
}

async function answerRequest(request: Request, host: Host & ReplicaHost): Promise<Answer> {
  const sentAt = host.platform.now();
  const body = await perform(request, host);
  const receivedAt = host.platform.now();
  return { date: receivedAt, ...body, sentAt, receivedAt };
}

async function perform(request: Request, host: Host & ReplicaHost): Promise<Dated> {
  const { bucket, platform, settings } = host;
  switch (request.do) {
    case "get":
      return getObject(request, host);
    case "getAll":
      return {
        is: "all",
        bodies: await getAll(request.keys, request.bytesMax ?? settings.objectBytesMax, host),
      };
    case "create":
      return bucket.putIfAbsent(request.key, await encodeBody(request.key, request.body, platform, settings));
    case "swap":
      return bucket.putIfMatch(
        request.key,
        await encodeBody(request.key, request.body, platform, settings),
        request.etag,
        { ifMatch: request.ifMatch },
      );
    case "list":
      return { is: "listed", ...(await bucket.list(request.prefix, listOptions(request, settings))) };
    case "delete":
      return { is: "done", ...(await bucket.delete(request.keys)) };
    case "wait":
      await platform.wait(request.ms, host.signal);
      return { is: "done" };
    case "reset":
    case "load":
    case "apply":
      return askReplica(request, host);
    default:
      return assertNever(request);
  }
}

/** Reads one object, decoded; a head is read only as far as a head may be long. */
export async function getObject(request: Request & { do: "get" }, host: Host): Promise<Dated> {
  const isHead = request.key.startsWith(headsPrefix);
  const bytesMax = isHead ? host.settings.headBytesMax : host.settings.objectBytesMax;
  const options =
    request.ifNoneMatch === undefined ? { bytesMax } : { bytesMax, ifNoneMatch: request.ifNoneMatch };
  const answer = await host.bucket.get(request.key, options);
  const { date } = answer;
  if (answer.is === "unchanged") return { is: "unchanged", date };
  return { ...(await decodeBody(answer, host.platform, bytesMax, host.settings)), date };
}

/** A few at a time; the answers stand in the order of the keys. */
async function getAll(keys: readonly string[], bytesMax: number, host: Host): Promise<readonly ReadBody[]> {
  const bodies: ReadBody[] = new Array<ReadBody>(keys.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < keys.length; i = next++) {
      const answer = await host.bucket.get(keys[i] ?? "", { bytesMax });
      bodies[i] =
        answer.is === "unchanged"
          ? { is: "absent" }
          : await decodeBody(answer, host.platform, bytesMax, host.settings);
    }
  };
  await Promise.all(Array.from({ length: Math.min(host.settings.parallelGets, keys.length) }, worker));
  return bodies;
}

function listOptions(
  { after, limit }: Request & { do: "list" },
  settings: Settings,
): { after?: string; limit: number } {
  const page = { limit: limit ?? settings.listKeysMax };
  return after === undefined ? page : { ...page, after };
}

async function askReplica(request: ReplicaRequest, { replica, onReplica }: ReplicaHost): Promise<Dated> {
  const trouble = await tellReplica(request, replica);
  if (!trouble) onReplica?.(request);
  return trouble ? { is: "stuck", trouble } : { is: "applied" };
}

function tellReplica(request: ReplicaRequest, replica: Replica | undefined) {
  if (!replica) return null;
  if (request.do === "reset") return replica.reset(request.epoch);
  if (request.do === "load") return replica.load(request.snapshot, request.held.known);
  const { updates, through, hash, held } = request;
  return replica.apply({ updates, through, hash }, held.known);
}

function stopped(program: string): StoreError {
  return new StoreError({
    kind: "closed",
    what: `"${program}" was stopped before it finished`,
    fix: "Nothing is lost: run it again.",
  });
}
