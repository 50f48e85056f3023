/**
 * marks-read: the marks at a head's publishedThrough, from what the head lists.
 *
 * The marks object alone is not enough: every listed segment above its `through` is added (retire keeps them listed). A warm
 * copy advances only over segments that a head names, never over one that was just built: that one may have lost its link.
 */
import type { Head } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { advanceMarks, emptyMarks, type Marks, parseMarks } from "../wire/marks.ts";
import { parseSegment, type Segment } from "../wire/segment.ts";
import type { Timestamp } from "../wire/time.ts";
import { type Answer, ask, done, type Env, fail, type Program, type ReadBody, type Step } from "./program.ts";
import { badObject } from "./troubles.ts";

/** Marks kept between rounds. */
export interface WarmMarks {
  readonly epoch: string;
  readonly marks: Marks;
}

export interface MarksReadInput {
  readonly store: StoreId;
  readonly head: Head;
  readonly warm: WarmMarks | null;
  /** Position wanted; segments above it are left out. Default: the head's publishedThrough. */
  readonly through?: Timestamp;
}

type Base = MarksReadInput & { readonly through: Timestamp };

export type MarksReadState =
  | (Base & { readonly at: "getMarks" })
  | (Base & { readonly at: "getSegments"; readonly marks: Marks; readonly keys: readonly string[] });

export type MarksReadOutcome =
  | { readonly is: "marks"; readonly marks: Marks }
  /** Something listed was gone: the head is old, read it again. */
  | { readonly is: "moved" };

export const readMarks: Program<MarksReadInput, MarksReadState, MarksReadOutcome> = {
  name: "readMarks",
  start(input, env) {
    const base = { ...input, through: input.through ?? input.head.publishedThrough };
    const { head, warm } = base;
    if (warm && warm.epoch === head.epoch && reaches(head, warm.marks) && warm.marks.through <= base.through)
      return addSegments(base, warm.marks, env);
    if (head.marks && head.marks.through <= base.through)
      return ask({ ...base, at: "getMarks" }, { do: "get", key: head.marks.key });
    return addSegments(base, emptyMarks, env);
  },
  resume(state, answer, env) {
    return state.at === "getMarks" ? afterMarks(state, answer, env) : afterSegments(state, answer, env);
  },
};

/** Every update above these marks is in a listed segment. */
function reaches(head: Head, marks: Marks): boolean {
  return marks.through >= head.floor;
}

function afterMarks(
  state: MarksReadState & { at: "getMarks" },
  answer: Answer,
  env: Env,
): Step<MarksReadState, MarksReadOutcome> {
  const key = state.head.marks?.key ?? "";
  if (answer.is === "absent") return done({ is: "moved" });
  const marks =
    answer.is === "found"
      ? parseMarks(answer.json)
      : { ok: false as const, reason: `answer was "${answer.is}"` };
  if (!marks.ok) return fail(badObject(state.store, key, marks.reason));
  if (marks.value.through !== state.head.marks?.through)
    return fail(badObject(state.store, key, "its position is not the one listed in the head"));
  return addSegments(state, marks.value, env);
}

function addSegments(base: Base, marks: Marks, env: Env): Step<MarksReadState, MarksReadOutcome> {
  const above = base.head.segments.filter(
    (entry) => entry.through > marks.through && entry.from < base.through,
  );
  const keys = above.map((entry) => entry.key);
  if (keys.length === 0) return finish(base, marks, [], env);
  return ask({ ...base, at: "getSegments", marks, keys }, { do: "getAll", keys });
}

function afterSegments(
  state: MarksReadState & { at: "getSegments" },
  answer: Answer,
  env: Env,
): Step<MarksReadState, MarksReadOutcome> {
  const segments: Segment[] = [];
  for (const [i, key] of state.keys.entries()) {
    const segment = readListed(answer.is === "all" ? answer.bodies[i] : undefined);
    if (segment === "absent") return done({ is: "moved" });
    if (typeof segment === "string") return fail(badObject(state.store, key, segment));
    segments.push(segment);
  }
  return finish(state, state.marks, segments, env);
}

function readListed(body: ReadBody | undefined): Segment | string {
  if (!body || body.is === "absent") return "absent";
  if (body.is === "unreadable") return body.reason;
  const segment = parseSegment(body.json);
  return segment.ok ? segment.value : segment.reason;
}

function finish(
  base: Base,
  marks: Marks,
  segments: readonly Segment[],
  env: Env,
): Step<never, MarksReadOutcome> {
  const updates = segments
    .flatMap((segment) => segment.updates)
    .filter((update) => update.timestamp <= base.through);
  return done({ is: "marks", marks: advanceMarks(marks, updates, base.through, env.sha256) });
}
