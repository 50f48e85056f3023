/**
 * The mutants of the protocol, as changes to the product's own source made while it is bundled for the search.
 *
 * Nothing in the shipped code knows of them. Each `find` must stand exactly once in its file, so that a mutant cannot go stale
 * unseen. Where the fault lies with a caller of the protocol, the mutant is an actor that behaves wrongly instead.
 */
import type { Scenario } from "./transitions.ts";

export interface Change {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  /** One of the ten that every search must kill. */
  readonly ten: boolean;
  readonly changes: readonly Change[];
  /** The scenarios where it shows; found by search, kept short. */
  readonly scenarios: readonly (string | Scenario)[];
}

const writerA = { role: "writer", times: 1, app: 0 } as const;
const writerB = { role: "writer", times: 1, app: 1 } as const;
const rollup = { role: "rollup", times: 1 } as const;

export const mutants: readonly Mutant[] = [
  {
    name: "no head check before acknowledging",
    ten: true,
    changes: [
      {
        file: "shared/log/append.ts",
        find: "if (known.head.sealedThrough < timestamp && timestamp <=",
        replace: "if (timestamp <=",
      },
    ],
    scenarios: ["seal"],
  },
  {
    name: "check before the PUT instead of after",
    ten: true,
    changes: [
      {
        file: "shared/log/append.ts",
        find: 'if (answer.is === "stored") return ask({ ...base, at: "checkSeal" }, getHead(base.store));',
        replace:
          'if (answer.is === "stored") return done({ is: "stored", timestamp: base.timestamp, known: null as never, clock: base.clock });',
      },
      {
        file: "shared/log/append.ts",
        find: 'if (input.clock === null) return ask({ ...base, at: "learnClock" }, getHead(input.store));',
        replace: 'return ask({ ...base, at: "learnClock" }, getHead(input.store));',
      },
    ],
    scenarios: ["seal"],
  },
  {
    name: "LIST before the seal",
    ten: true,
    changes: [
      {
        file: "shared/log/publish.ts",
        find: "  return base.hint\n    ? seal(base, sealTo, env)",
        replace:
          "  const listFirst = { ...base, known: { head: { ...base.known.head, sealedThrough: sealTo }, etag: base.known.etag } };\n  return base.hint\n    ? list(listFirst, [], listAfterPosition(base.store, base.known.head.publishedThrough))",
      },
      {
        file: "shared/log/publish.ts",
        find: 'if (keys.length === 0) return done({ is: "idle", known: base.known, since: null });\n',
        replace:
          'if (keys.length === 0) return done({ is: "idle", known: base.known, since: null });\n  if (!("listedFirst" in base)) { const step = seal({ ...base, listedFirst: { keys, more } } as never, base.known.head.sealedThrough, env); return step; }\n',
      },
      {
        file: "shared/log/publish.ts",
        find: "  return list(sealed, [], listAfterPosition(state.store, sealed.known.head.publishedThrough));",
        replace:
          "  const first = (state as unknown as { listedFirst: { keys: readonly string[]; more: boolean } }).listedFirst;\n  return getUpdates(sealed, first.keys, first.more, env);",
      },
    ],
    scenarios: ["seal"],
  },
  {
    name: "delete raw updates <= sealedThrough",
    ten: true,
    changes: [
      {
        file: "shared/log/collect-raw.ts",
        find: "begin(state, head.publishedThrough)",
        replace: "begin(state, head.sealedThrough)",
      },
    ],
    scenarios: ["collector"],
  },
  {
    name: "no `after`",
    ten: true,
    changes: [{ file: "shared/log/append.ts", find: "base.update.after + 1, ", replace: "" }],
    scenarios: ["clock"],
  },
  {
    name: "reader position = largest timestamp seen",
    ten: true,
    changes: [],
    scenarios: [
      {
        name: "largest",
        about: "a reader that takes the tail for confirmed",
        actors: [
          writerA,
          writerB,
          rollup,
          { role: "reader", times: 2, tail: true, wrong: "positionIsLargestSeen" },
        ],
        ticks: 1,
      },
    ],
  },
  {
    name: "publish without the publishedThrough == from condition",
    ten: true,
    changes: [
      {
        file: "shared/log/link-rules.ts",
        find: "if (head.publishedThrough !== entry.from) return undefined;",
        replace: "",
      },
    ],
    scenarios: ["rollups"],
  },
  {
    name: "marks object alone, without the segments above it",
    ten: true,
    changes: [
      {
        file: "shared/log/marks-read.ts",
        find: "const keys = above.map((entry) => entry.key);",
        replace: "const keys: string[] = marks.through > 0 ? [] : above.map((entry) => entry.key);",
      },
    ],
    scenarios: ["marks"],
  },
  {
    name: "drop by marks before ordering",
    ten: true,
    changes: [
      {
        file: "shared/log/publish-build.ts",
        find: "    const mark = raised.get(update.app) ?? markOf(marks, update.app);",
        replace: "    const mark = markOf(marks, update.app);",
      },
    ],
    scenarios: ["late", "copies"],
  },
  {
    name: "segment names reused after deletion",
    ten: true,
    changes: [
      {
        file: "shared/wire/keys.ts",
        find: "-r$" + "{rev}-$" + "{nonce}.json`;",
        replace: "-r1-x.json`; void rev; void nonce;",
      },
    ],
    scenarios: ["rollups", "sweepRollup"],
  },
  {
    name: "warm marks advanced from a segment just built",
    ten: false,
    changes: [
      {
        file: "shared/log/publish.ts",
        find: '(outcome) => (outcome.is === "linked" ? published(base, outcome.known, env) : restart(base, env)),',
        replace:
          '(outcome) => (outcome.is === "linked" ? published(base, outcome.known, env) : restart({ ...base, warm: { epoch: base.known.head.epoch, marks: advanceMarks(base.marks, base.built.segment.updates, base.known.head.publishedThrough, env.sha256) } }, env)),',
      },
    ],
    scenarios: [
      {
        name: "warm",
        about: "two rollups, of which one loses its link",
        actors: [{ role: "writer", times: 2, app: 0 }, rollup, rollup],
        ticks: 1,
      },
    ],
  },
  {
    name: "batches pipelined",
    ten: false,
    changes: [],
    scenarios: [
      {
        name: "pipelined",
        about: "seq 2 of an app is sent before seq 1 is acknowledged",
        actors: [writerA, { ...writerA, firstSeq: 2 }, rollup],
        ticks: 1,
      },
    ],
  },
  {
    name: "a spent seq used again",
    ten: false,
    changes: [],
    scenarios: [
      {
        name: "spent",
        about: "after a crash the same seq goes out with another update",
        actors: [
          { ...writerA, wrong: "seqSpentTwice" },
          { ...rollup, times: 1 },
        ],
        crash: 1,
        ticks: 1,
      },
    ],
  },
  {
    name: "retire past marks",
    ten: false,
    changes: [
      {
        file: "shared/log/link-rules.ts",
        find: "entry.through <= head.marks.through &&",
        replace: "",
      },
    ],
    scenarios: ["retireMarks"],
  },
  {
    name: "retire past a snapshot",
    ten: false,
    changes: [
      {
        file: "shared/log/link-rules.ts",
        find: "snapshots: Object.fromEntries(covering),",
        replace: "",
      },
      {
        file: "shared/log/link-rules.ts",
        find: "covered && head.marks !== null",
        replace: "(covered || true) && head.marks !== null",
      },
    ],
    scenarios: ["retire"],
  },
  {
    name: "DELETE on 412",
    ten: false,
    changes: [
      {
        file: "shared/log/link.ts",
        find: 'return answer.is === "refused" ? readHead(state) : again(state, "readHead", env);',
        replace:
          'return answer.is === "refused" ? ask({ ...state, at: "wait", then: "readHead" }, { do: "delete", keys: [jobKey(state.job)] }) : again(state, "readHead", env);',
      },
    ],
    scenarios: ["lost", "unclear"],
  },
  {
    name: "LIST from publishedThrough inclusive",
    ten: false,
    changes: [
      {
        file: "shared/wire/keys.ts",
        find: "formatTimestamp(toTimestamp(position + 1))",
        replace: "formatTimestamp(position)",
      },
      { file: "shared/log/publish.ts", find: "above < timestamp &&", replace: "above <= timestamp &&" },
    ],
    scenarios: ["seal", "copies", "late"],
  },
  {
    name: "inline applied without its `from`",
    ten: false,
    changes: [
      {
        file: "shared/log/read.ts",
        find: "const first = state.queue[0];",
        replace: "const first = state.held.known.head.inline ? state.queue.at(-1) : state.queue[0];",
      },
      {
        file: "shared/log/read.ts",
        find: "return apply({ ...state, queue: state.queue.slice(1) }, [near], env);",
        replace: "return apply({ ...state, held: { ...state.held, hash: null }, queue: [] }, [near], env);",
      },
    ],
    scenarios: ["inline"],
  },
  {
    name: "tail without marks",
    ten: false,
    changes: [
      {
        file: "shared/log/tail.ts",
        find: "orderAndDrop(Object.values(seen), marks, env.sha256)",
        replace: "orderAndDrop(Object.values(seen), { ...marks, apps: {} }, env.sha256)",
      },
    ],
    scenarios: [
      {
        name: "tailCopies",
        about: "a reader's tail with late copies",
        actors: [writerA, rollup, { role: "reader", times: 2, tail: true }],
        late: 1,
        ticks: 1,
      },
    ],
  },
  {
    name: "publish ignoring updates ahead of Last-Modified",
    ten: false,
    changes: [
      {
        file: "shared/log/publish.ts",
        find: "const page = answer.objects.map((object) => object.key);",
        replace:
          "const page = answer.objects.filter((object) => (parseUpdateKey(object.key)?.timestamp ?? 0) <= object.lastModified).map((object) => object.key);",
      },
    ],
    scenarios: [
      "clock",
      {
        name: "ahead",
        about: "a writer whose clock is ahead, another, a rollup",
        actors: [{ ...writerA, jumpyMs: 2 }, writerB, rollup],
        ticks: 3,
      },
    ],
  },
  {
    name: "link without linkFrom",
    ten: false,
    changes: [
      {
        file: "shared/log/link-rules.ts",
        find: "if (built.rev < head.linkFrom) return undefined;",
        replace: "",
      },
    ],
    scenarios: ["sweepRollup", "sweep"],
  },
  {
    name: "collect without linkFrom",
    ten: false,
    changes: [
      {
        file: "shared/log/collect-built.ts",
        find: "(parseBuiltKey(key)?.rev ?? linkFrom) < linkFrom",
        replace: "linkFrom >= 0",
      },
    ],
    scenarios: ["sweepRollup", "sweep"],
  },
  {
    name: "merge linked with inputs gone",
    ten: false,
    changes: [
      {
        file: "shared/log/link-rules.ts",
        find: "if (start < 0 || run.length !== inputs.length || run.some((listed, i) => listed.key !== inputs[i]))",
        replace: "if (head.segments.length < 0)",
      },
    ],
    scenarios: ["merges"],
  },
  {
    name: "writer reads a cached head",
    ten: false,
    changes: [
      {
        file: "shared/log/append.ts",
        find: 'if (input.clock === null) return ask({ ...base, at: "learnClock" }, getHead(input.store));',
        replace: 'return ask({ ...base, at: "learnClock" }, getHead(input.store));',
      },
      {
        file: "shared/log/append.ts",
        find: "(known) => send(sawHead(heard, known), env));",
        replace: "(known) => send({ ...sawHead(heard, known), cached: known } as never, env));",
      },
      {
        file: "shared/log/append.ts",
        find: "(known) => afterCheck(heard, known, answer.date, env));",
        replace:
          "() => afterCheck(heard, (heard as unknown as { cached: KnownHead }).cached, answer.date, env));",
      },
    ],
    scenarios: ["seal"],
  },
];

/** Mutants too, but nothing of the log: they live in the client's outbox, whose tests kill them (client.test.ts, client-clones.test.ts). */
export const outOfSight: readonly string[] = [
  "outbox emptied by seq alone",
  "outbox emptied at the acknowledgement",
  "clone resends everything",
];
