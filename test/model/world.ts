/**
 * The world of the model checker: a bucket, a clock, requests in flight and actors, as plain immutable values.
 *
 * Actors run the product's own step machines; the world answers their requests as a bucket would, with the faults that
 * docs/protocol.md, "What is assumed" allows: late and double PUTs, lost answers, hidden retries, crashes, a LIST that is not atomic.
 */
import type { Json } from "../../shared/json.ts";
import type { Answer, AnswerBody, Env, Request } from "../../shared/log/program.ts";
import { newSettings, type Settings } from "../../shared/settings.ts";
import type { Timestamp } from "../../shared/wire/time.ts";

export interface StoredObject {
  readonly body: Json;
  readonly etag: string;
  readonly modified: number;
}

/** A write that the network still holds: it may land at any later moment. */
export interface Flying {
  readonly request: WriteRequest;
}

export type WriteRequest = Request & { do: "create" | "swap" };

export interface Acknowledged {
  readonly id: string;
  readonly timestamp: Timestamp;
}

/** How many of each fault may still happen. */
export interface Budget {
  readonly late: number;
  readonly lost: number;
  readonly crash: number;
  readonly ticks: number;
}

export interface World {
  readonly now: number;
  readonly objects: Readonly<Record<string, StoredObject>>;
  readonly flying: readonly Flying[];
  readonly budget: Budget;
  readonly actors: readonly Actor[];
  readonly acknowledged: readonly Acknowledged[];
}

/** `memory` survives a crash; the rest does not. */
export interface Actor {
  readonly memory: Json;
  readonly volatile: Json;
  /** The pending request and the program state that waits for it; null when the actor has nothing to do. */
  readonly pending: { readonly program: string; readonly state: Json; readonly request: Request } | null;
  /** Writes asked so far: makes nonces that never repeat. */
  readonly writes: number;
}

/** Small numbers for a small world: a tick is one millisecond. */
export const smallSettings: Settings = newSettings({
  graceMs: 0,
  maxSkewMs: 2,
  attemptsMax: 2,
  backOffMinMs: 0,
  backOffMaxMs: 0,
  mergeFanIn: 2,
  retentionMs: 0,
  linkFromDelayMs: 0,
  segmentsListedAim: 1,
  segmentsListedMax: 4,
  snapshotBytesMin: 0,
});

/** The first millisecond of the small world; far from zero, which means "nothing". */
export const worldStart = 1_000_000;

const interned = new Map<string, string>();

/** Stands in for SHA-256: distinct texts, distinct names. */
export function internHash(text: string): string {
  const known = interned.get(text);
  if (known !== undefined) return known;
  const name = `h${interned.size.toString(36)}`;
  interned.set(text, name);
  return name;
}

export function envOf(world: World, actor: number, clockAhead: number): Env {
  const nonce = `${String.fromCharCode(97 + actor)}${world.actors[actor]?.writes ?? 0}`;
  return { now: world.now + clockAhead, nonce, random: 0, sha256: internHash, settings: smallSettings };
}

/** An answer at this moment, by a clock that agrees with the actor's. */
export function answered(world: World, body: AnswerBody): Answer {
  return { ...body, date: world.now, sentAt: world.now, receivedAt: world.now };
}

/** Answers a request that changes nothing. */
export function readAnswer(world: World, request: Request, pageKeys: number): AnswerBody {
  switch (request.do) {
    case "get": {
      const body = bodyOf(world, request.key);
      return body.is === "found" && body.etag === request.ifNoneMatch ? { is: "unchanged" } : body;
    }
    case "getAll":
      return { is: "all", bodies: request.keys.map((key) => bodyOf(world, key)) };
    case "list":
      return listPage(world, request, pageKeys);
    default:
      return { is: "done" };
  }
}

function bodyOf(world: World, key: string) {
  const object = world.objects[key];
  return object
    ? ({ is: "found", json: object.body, etag: object.etag, bytes: 10 } as const)
    : ({ is: "absent" } as const);
}

function listPage(
  world: World,
  { prefix, after = "", limit = 1000 }: Request & { do: "list" },
  pageKeys: number,
): AnswerBody {
  const keys = Object.keys(world.objects)
    .filter((key) => key.startsWith(prefix) && key > after)
    .sort();
  const page = keys.slice(0, Math.min(limit, pageKeys));
  const objects = page.map((key) => ({ key, bytes: 10, lastModified: world.objects[key]?.modified ?? 0 }));
  return { is: "listed", objects, more: keys.length > page.length };
}

/** Does a write now, if its condition holds. */
export function applyWrite(
  world: World,
  request: WriteRequest,
): { readonly world: World; readonly answer: AnswerBody } {
  const there = world.objects[request.key];
  const allowed = request.do === "create" ? there === undefined : there?.etag === request.etag;
  if (!allowed) return { world, answer: { is: "refused" } };
  const etag = internHash(JSON.stringify(request.body));
  const object = { body: request.body, etag, modified: world.now };
  return {
    world: { ...world, objects: { ...world.objects, [request.key]: object } },
    answer: { is: "stored", etag },
  };
}

export function applyDelete(world: World, keys: readonly string[]): World {
  const objects = { ...world.objects };
  for (const key of keys) delete objects[key];
  return { ...world, objects };
}
