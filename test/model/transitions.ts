/** Every next world of a world: one actor's request answered (well or badly), a late write landing, a crash, a tick. */
import type { Json } from "../../shared/json.ts";
import type { AnswerBody, ReplicaRequest, Request, Step } from "../../shared/log/program.ts";
import { headsPrefix } from "../../shared/wire/keys.ts";
import {
  type ActorSpec,
  begin,
  finish,
  freshMemory,
  giveUp,
  type Memory,
  onReplica,
  programOf,
} from "./actors.ts";
import {
  type Actor,
  answered,
  applyDelete,
  applyWrite,
  envOf,
  readAnswer,
  type World,
  type WriteRequest,
} from "./world.ts";

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly actors: readonly ActorSpec[];
  readonly late?: number;
  readonly lost?: number;
  readonly crash?: number;
  readonly ticks: number;
  /** What has happened without faults before the search begins. */
  readonly prelude?: readonly PreludeStep[];
  /** Keys of a LIST page; between pages the world goes on. */
  readonly pageKeys?: number;
}

/** A millisecond; one program of an actor from beginning to end; or one transition of an actor, by a part of its label. */
export type PreludeStep =
  | "tick"
  | { readonly run: number }
  | { readonly pick: number; readonly label: string };

export interface Transition {
  readonly label: string;
  readonly world: World;
  /** A program failed in a way that no fault of the network explains. */
  readonly broken?: string;
}

export function transitions(world: World, scenario: Scenario): readonly Transition[] {
  const next: Transition[] = [];
  world.actors.forEach((actor, i) => {
    if (actor.pending || scenario.actors[i]?.role === "writer")
      next.push(...actorTransitions(world, scenario, i));
  });
  world.flying.forEach((flying, i) => {
    const rest = { ...world, flying: world.flying.filter((_, j) => j !== i) };
    const landed = applyWrite(rest, flying.request);
    next.push({
      label: `a late ${writeLabel(flying.request)} lands: ${landed.answer.is}`,
      world: landed.world,
    });
  });
  if (world.budget.ticks > 0)
    next.push({
      label: "a millisecond passes",
      world: { ...world, now: world.now + 1, budget: spend(world, "ticks") },
    });
  return next;
}

/** The first world: actors have begun, except writers, who begin when they like. */
export function settleAll(world: World, scenario: Scenario): World {
  return scenario.actors.reduce(
    (now, spec, i) => (spec.role === "writer" ? now : startNext(now, scenario, i).world),
    world,
  );
}

/** The world after the scenario's prelude, with the labels of what happened. */
export function playPrelude(
  start: World,
  scenario: Scenario,
): { readonly world: World; readonly labels: readonly string[] } {
  const labels: string[] = [];
  let world = start;
  for (const step of scenario.prelude ?? []) {
    if (step === "tick") {
      world = { ...world, now: world.now + 1 };
      labels.push("a millisecond passes");
      continue;
    }
    const ended =
      "run" in step ? runToEnd(world, scenario, step.run) : pick(world, scenario, step.pick, step.label);
    world = ended.world;
    labels.push(...ended.labels);
  }
  return { world, labels };
}

function runToEnd(start: World, scenario: Scenario, actor: number) {
  const labels: string[] = [];
  let world = start;
  const count = () => ((world.actors[actor] as Actor).memory as unknown as Memory).count;
  for (const before = count(); count() === before; ) {
    const next = pick(world, scenario, actor, "");
    world = next.world;
    labels.push(...next.labels);
  }
  return { world, labels };
}

function pick(world: World, scenario: Scenario, actor: number, label: string) {
  const next = actorTransitions(world, scenario, actor).find((one) => one.label.includes(label));
  if (!next || next.broken !== undefined)
    throw new Error(`The prelude of "${scenario.name}" cannot go on with actor ${actor}: ${label}.`);
  return { world: next.world, labels: [next.label] };
}

function actorTransitions(world: World, scenario: Scenario, i: number): readonly Transition[] {
  const actor = world.actors[i] as Actor;
  const spec = scenario.actors[i] as ActorSpec;
  const name = `${spec.role} ${String.fromCharCode(97 + i)}`;
  const jumps = spec.jumpyMs ? [0, spec.jumpyMs] : [0];
  if (!actor.pending) {
    if (spec.role !== "writer" || !begin(spec, actor.memory as unknown as Memory, actor.volatile)) return [];
    return jumps.map((jump) =>
      labelled(
        `${name} begins an update${jump ? ` (clock ${jump} ms ahead)` : ""}`,
        startNext(world, scenario, i, jump),
      ),
    );
  }
  const { request } = actor.pending;
  const fallen = isWrite(request) && world.budget.crash > 0 ? [crash(world, scenario, i, request)] : [];
  return outcomes(world, scenario, request)
    .flatMap(({ label, world: after, answer }) =>
      jumps.map((jump) => labelled(`${name}: ${label}`, resume(after, scenario, i, { answer, jump }))),
    )
    .concat(fallen);
}

interface Outcome {
  readonly label: string;
  readonly world: World;
  readonly answer: AnswerBody;
}

function outcomes(world: World, scenario: Scenario, request: Request): readonly Outcome[] {
  if (isWrite(request)) return writeOutcomes(world, request);
  if (request.do === "delete")
    return [
      {
        label: `DELETE ${request.keys.length}`,
        world: applyDelete(world, request.keys),
        answer: { is: "done" },
      },
    ];
  const answer = readAnswer(world, request, scenario.pageKeys ?? 1000);
  const label =
    request.do === "get"
      ? `GET ${short(request.key)}`
      : request.do === "getAll"
        ? `GET ${request.keys.map(short).join(", ")}`
        : `LIST`;
  return [
    {
      label: `${label} -> ${answer.is === "listed" ? `${answer.objects.length} keys` : answer.is}`,
      world,
      answer,
    },
  ];
}

function writeOutcomes(world: World, request: WriteRequest): readonly Outcome[] {
  const label = writeLabel(request);
  const done = applyWrite(world, request);
  const unknown = { is: "unknown", why: "no answer" } as const;
  const found: Outcome[] = [
    { label: `${label} -> ${done.answer.is}`, world: done.world, answer: done.answer },
  ];
  if (world.budget.lost > 0) {
    const spent = spend(world, "lost");
    if (done.answer.is === "stored") {
      found.push({
        label: `${label} -> stored, answer lost`,
        world: { ...done.world, budget: spent },
        answer: unknown,
      });
      found.push({
        label: `${label} -> stored, then retried in hiding: 412`,
        world: { ...done.world, budget: spent },
        answer: { is: "refused" },
      });
    }
    found.push({ label: `${label} -> lost on the way`, world: { ...world, budget: spent }, answer: unknown });
  }
  if (world.budget.late > 0) {
    const spent = spend(world, "late");
    const flying = [...world.flying, { request }];
    found.push({
      label: `${label} -> no answer, will land late`,
      world: { ...world, flying, budget: spent },
      answer: unknown,
    });
    if (request.do === "create" && done.answer.is === "stored")
      found.push({
        label: `${label} -> stored, a copy still under way`,
        world: { ...done.world, flying, budget: spent },
        answer: done.answer,
      });
  }
  return found;
}

interface Moved {
  readonly world: World;
  readonly broken?: string;
}

function labelled(label: string, moved: Moved): Transition {
  return moved.broken === undefined ? { label, world: moved.world } : { label, ...moved };
}

/** Begins the actor's next program, if it has one. */
function startNext(world: World, scenario: Scenario, i: number, jump = 0): Moved {
  const actor = world.actors[i] as Actor;
  const spec = scenario.actors[i] as ActorSpec;
  const memory = actor.memory as unknown as Memory;
  const next = begin(spec, memory, actor.volatile);
  if (!next) return { world: put(world, i, { ...actor, pending: null }) };
  const sent = { ...memory, sent: memory.sent + 1 };
  const changed =
    spec.wrong === "seqSpentTwice" ? put(world, i, { ...actor, memory: sent as unknown as Json }) : world;
  const step = programOf(next.program).start(next.input, envOf(changed, i, jump));
  return follow(changed, scenario, i, { program: next.program, step, jump });
}

function resume(
  world: World,
  scenario: Scenario,
  i: number,
  { answer, jump }: { answer: AnswerBody; jump: number },
): Moved {
  const actor = world.actors[i] as Actor;
  const pending = actor.pending;
  if (!pending) return { world };
  const wrote = isWrite(pending.request);
  const counted = wrote ? put(world, i, { ...actor, writes: actor.writes + 1 }) : world;
  const step = programOf(pending.program).resume(
    pending.state,
    answered(counted, answer),
    envOf(counted, i, jump),
  );
  return follow(counted, scenario, i, { program: pending.program, step, jump });
}

interface Running {
  readonly program: string;
  readonly step: Step<Json, unknown>;
  readonly jump: number;
}

/** Goes on until the actor needs the bucket: its replica answers at once, and so does a wait, but not two on end. */
function follow(start: World, scenario: Scenario, i: number, running: Running): Moved {
  let world = start;
  let { step } = running;
  const { program, jump } = running;
  let waited = false;
  while (step.then === "ask" && (isLocal(step.request) || isTimeless(step.request, scenario))) {
    const { request } = step;
    if (request.do === "wait" && waited) break;
    if (request.do === "wait") waited = true;
    const local = isLocal(request);
    if (local && request.do !== "wait") world = tellReplica(world, i, request as ReplicaRequest);
    const answer: AnswerBody = local ? { is: "applied" } : readAnswer(world, request, 1000);
    step = programOf(program).resume(step.state, answered(world, answer), envOf(world, i, jump));
  }
  const actor = world.actors[i] as Actor;
  if (step.then === "ask")
    return {
      world: put(world, i, { ...actor, pending: { program, state: step.state, request: step.request } }),
    };
  return step.then === "done"
    ? finished(world, scenario, i, step.outcome)
    : failed(world, scenario, i, step.trouble);
}

function finished(world: World, scenario: Scenario, i: number, outcome: unknown): Moved {
  const actor = world.actors[i] as Actor;
  const spec = scenario.actors[i] as ActorSpec;
  const end = finish(spec, actor.memory as unknown as Memory, outcome);
  const volatile = end.volatile ?? (spec.role === "rollup" ? actor.volatile : null);
  const rested = put(world, i, { ...actor, memory: end.memory as unknown as Json, volatile, pending: null });
  const next = { ...rested, acknowledged: [...world.acknowledged, ...end.acknowledged] };
  return spec.role === "writer" ? { world: next } : startNext(next, scenario, i);
}

function failed(world: World, scenario: Scenario, i: number, trouble: { kind: string; what: string }): Moved {
  const actor = world.actors[i] as Actor;
  const memory = giveUp(scenario.actors[i] as ActorSpec, actor.memory as unknown as Memory);
  const next = put(world, i, { ...actor, memory: memory as unknown as Json, volatile: null, pending: null });
  if (trouble.kind !== "conflict") return { world: next, broken: trouble.what };
  return scenario.actors[i]?.role === "writer" ? { world: next } : startNext(next, scenario, i);
}

/**
 * A crash matters only by what was written before it, so it is tried right after each write, before its answer is read. (Before
 * the first write it is a later begin.)
 */
function crash(before: World, scenario: Scenario, i: number, request: WriteRequest): Transition {
  const { world, answer } = applyWrite(before, request);
  const actor = world.actors[i] as Actor;
  const memory = actor.memory as unknown as Memory;
  const kept = scenario.actors[i]?.role === "snapshotter" ? { ...freshMemory, count: memory.count } : memory;
  const down = {
    ...actor,
    memory: kept as unknown as Json,
    volatile: null,
    pending: null,
    writes: actor.writes + 1,
  };
  const fallen = { ...put(world, i, down), budget: spend(world, "crash") };
  const label = `${scenario.actors[i]?.role} ${String.fromCharCode(97 + i)}: ${writeLabel(request)} -> ${answer.is}, and crashes`;
  return {
    label,
    ...(scenario.actors[i]?.role === "writer" ? { world: fallen } : startNext(fallen, scenario, i)),
  };
}

function isWrite(request: Request): request is WriteRequest {
  return request.do === "create" || request.do === "swap";
}

/** Reads of objects that never change: nothing but a deletion can make a difference to them. */
function isTimeless(request: Request, scenario: Scenario): boolean {
  const deletes = scenario.actors.some(({ role }) => role === "collector" || role === "sweeper");
  return (
    !deletes && (request.do === "getAll" || (request.do === "get" && !request.key.startsWith(headsPrefix)))
  );
}

function isLocal(request: Request): boolean {
  return request.do === "wait" || request.do === "reset" || request.do === "load" || request.do === "apply";
}

function tellReplica(world: World, i: number, request: ReplicaRequest): World {
  const actor = world.actors[i] as Actor;
  const memory = onReplica(actor.memory as unknown as Memory, request);
  return put(world, i, { ...actor, memory: memory as unknown as Json });
}

function put(world: World, i: number, actor: Actor): World {
  return { ...world, actors: world.actors.map((old, j) => (j === i ? actor : old)) };
}

function spend(world: World, fault: keyof World["budget"]): World["budget"] {
  return { ...world.budget, [fault]: world.budget[fault] - 1 };
}

function writeLabel(request: WriteRequest): string {
  if (request.do === "create") return `PUT ${short(request.key)}`;
  const head = request.body as {
    rev: number;
    sealedThrough: string;
    publishedThrough: string;
    linkFrom: number;
  };
  return `CAS head rev ${head.rev} (sealed ${ms(head.sealedThrough)}, published ${ms(head.publishedThrough)}${head.linkFrom ? `, linkFrom ${head.linkFrom}` : ""})`;
}

/** `updates/s/19700101T001640.001Z-0…A.json` as `updates/1-A`. */
function short(key: string): string {
  const [folder, , name] = key.split("/");
  if (!name) return folder ?? key;
  const [timestamp = "", ...rest] = name.replace(".json", "").split("-");
  return `${folder}/${ms(timestamp)}-${rest.join("-").replace(/^0+/, "")}`;
}

function ms(timestamp: string): string {
  return timestamp.startsWith("19700101T0016") ? String(Number(timestamp.slice(-4, -1))) : "-";
}
