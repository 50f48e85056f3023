/**
 * Findings of an audit, and what a head alone can show (docs/protocol.md, "What always holds"). Pure.
 *
 * An audit never stops at the first finding: each names the object, what is wrong with it and the way out. Of one rule
 * only the first hundred are kept, so that a folder of foreign files cannot fill the memory; the rest are counted.
 */
import type { Head, Pointer } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { type BuiltKind, headKey, parseBuiltKey } from "../wire/keys.ts";
import { formatTimestamp, type Timestamp } from "../wire/time.ts";

/** An error breaks a rule of the protocol; a warning is something a person should know. */
export type Severity = "error" | "warning";

export interface Finding {
  readonly severity: Severity;
  /** Which check found it, e.g. "segment-hash": for programs. */
  readonly rule: string;
  /** The object concerned. */
  readonly key: string;
  /** One sentence without a full stop. */
  readonly what: string;
  /** What to do, one sentence. */
  readonly fix: string;
}

export interface Findings {
  note(finding: Finding): void;
  /** In the order in which they were noted. */
  list(): readonly Finding[];
}

/** Enough to see what is going on; more of the same helps nobody. */
const perRuleMax = 100;
/** No writer and no rollup runs so far ahead of the bucket's clock (maxSkewMs is seconds): somebody's clock was wrong. */
const sealAheadMs = 60 * 60_000;

export const restoreFix =
  "Restore it from the bucket's versions or a copy; what other objects hold is not affected.";

export function createFindings(): Findings {
  const kept: Finding[] = [];
  const counts = new Map<string, { seen: number; last: Finding }>();
  return {
    note(finding) {
      const seen = (counts.get(finding.rule)?.seen ?? 0) + 1;
      counts.set(finding.rule, { seen, last: finding });
      if (seen <= perRuleMax) kept.push(finding);
    },
    list() {
      const crowded = [...counts.values()].filter(({ seen }) => seen > perRuleMax);
      return [...kept, ...crowded.map(({ seen, last }) => ({ ...last, what: moreText(last, seen) }))];
    },
  };
}

function moreText(last: Finding, seen: number): string {
  return `${last.what} (and ${seen - perRuleMax - 1} more findings of this kind before it)`;
}

/** The head's own rules, beyond those without which it does not parse at all. `date` is the bucket's clock. */
export function auditHead(store: StoreId, head: Head, date: number): readonly Finding[] {
  const key = headKey(store);
  const error = (rule: string, what: string, fix: string): Finding => ({
    severity: "error",
    rule,
    key,
    what,
    fix,
  });
  return [
    ...auditNames(store, head),
    ...auditReach(head, error),
    ...auditFloor(head, error),
    ...auditSeal(head, date, key),
  ];
}

type NewError = (rule: string, what: string, fix: string) => Finding;

/** Where an object must stand and what its name must say. */
interface Named {
  readonly kind: BuiltKind;
  readonly key: string;
  readonly through: Timestamp;
  readonly modelVersion?: number;
}

function auditNames(store: StoreId, head: Head): readonly Finding[] {
  const named: readonly Named[] = [
    ...head.segments.map(({ key, through }) => ({ kind: "segments" as const, key, through })),
    ...Object.entries(head.snapshots).map(([version, { key, through }]) => {
      return { kind: "snapshots" as const, key, through, modelVersion: Number(version) };
    }),
    ...(head.marks ? [{ kind: "marks" as const, ...head.marks }] : []),
    ...(head.history ? [{ kind: "indexes" as const, ...head.history }] : []),
  ];
  return named.flatMap((one) => auditName(store, one, head.rev));
}

/** A name is well formed, of this store, says its own `through`, and was not built against a head that is still to come. */
export function auditName(store: StoreId, named: Named, rev: number): readonly Finding[] {
  const fault = nameFault(store, named, rev);
  if (fault === undefined) return [];
  const what = `The head or its history lists ${JSON.stringify(named.key.slice(0, 200))}, but ${fault}`;
  const fix =
    "This head was not written by icecore: restore the newest good version of it from the bucket's versions.";
  return [{ severity: "error", rule: "name", key: named.key, what, fix }];
}

function nameFault(store: StoreId, named: Named, rev: number): string | undefined {
  const built = parseBuiltKey(named.key);
  if (!built) return "that is no name that icecore gives";
  if (built.kind !== named.kind) return `that is no name for ${named.kind}`;
  if (built.store !== store) return `that belongs to store "${built.store}"`;
  if (built.through !== named.through) return `its entry says ${formatTimestamp(named.through)}`;
  if (built.modelVersion !== named.modelVersion) return `its entry says model version ${named.modelVersion}`;
  return built.rev > rev ? `the head is only at rev ${rev}` : undefined;
}

/** Snapshots and marks lie inside what is published. */
function auditReach(head: Head, error: NewError): readonly Finding[] {
  const inside: readonly (readonly [string, Pointer])[] = [
    ...Object.entries(head.snapshots).map(
      ([version, entry]) => [`The snapshot of version ${version}`, entry] as const,
    ),
    ...(head.marks ? [["The marks", head.marks] as const] : []),
  ];
  return inside.flatMap(([name, { through }]) => {
    if (through >= head.floor && through <= head.publishedThrough) return [];
    const where =
      through < head.floor ? "below the floor, so updates between are not listed" : "above publishedThrough";
    const what = `${name} ends at ${formatTimestamp(through)}, ${where}`;
    return [error("reach", what, "Restore the newest good version of the head from the bucket's versions.")];
  });
}

/** What left the list is named in the history, and covered by marks. */
function auditFloor({ floor, history, marks }: Head, error: NewError): readonly Finding[] {
  const fix = "Restore the newest good version of the head from the bucket's versions.";
  const at = formatTimestamp(floor);
  if (history && history.through !== floor)
    return [error("floor", `The listed segments begin at ${at}, the history ends elsewhere`, fix)];
  if (floor > 0 && !history) return [error("floor", `Nothing names the segments before ${at}`, fix)];
  if (floor > 0 && !marks)
    return [
      error("floor", `Segments before ${at} left the list, but there are no marks that cover them`, fix),
    ];
  return [];
}

function auditSeal(head: Head, date: number, key: string): readonly Finding[] {
  const aheadMs = head.sealedThrough - date;
  if (aheadMs <= sealAheadMs) return [];
  const at = formatTimestamp(head.sealedThrough);
  return [
    {
      severity: "warning",
      rule: "seal",
      key,
      what: `sealedThrough is ${at}, ${Math.round(aheadMs / 3_600_000)} h ahead of the bucket's clock: a rollup ran with a wrong clock`,
      fix: `Nothing is lost, but no update is taken before ${at}: set the clocks, then wait for it or copy the log into a new store.`,
    },
  ];
}
