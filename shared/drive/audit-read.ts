/** Reading for an audit: an object that is missing or cannot be used becomes a finding, never an exception. */
import { StoreError } from "../errors.ts";
import { type Finding, restoreFix } from "../log/audit.ts";
import type { ReadBody } from "../log/program.ts";
import { badObject, missingObject } from "../log/troubles.ts";
import type { Listed } from "../ports/bucket.ts";
import type { SegmentEntry } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import type { Parsed } from "../wire/parse.ts";
import { parseSegment, type Segment } from "../wire/segment.ts";
import { decodeBody } from "./body.ts";
import type { Host } from "./run.ts";

export type Audited<T> =
  /** `bytes`: of its JSON in UTF-8, before compression. */
  | { readonly is: "found"; readonly value: T; readonly bytes: number }
  | { readonly is: "absent"; readonly finding: Finding }
  | { readonly is: "bad"; readonly finding: Finding };

/** Reads an object that the head or its history names. */
export async function readNamed<T>(
  host: Host,
  { store, key }: { readonly store: StoreId; readonly key: string },
  parse: (json: unknown) => Parsed<T>,
): Promise<Audited<T>> {
  const body = await readBody(host, key);
  if (body.is === "absent")
    return { is: "absent", finding: toFinding("missing", key, missingObject(store, key)) };
  const parsed = body.is === "found" ? parse(body.json) : { ok: false as const, reason: body.reason };
  if (parsed.ok) return { is: "found", value: parsed.value, bytes: body.is === "found" ? body.bytes : 0 };
  const trouble = badObject(store, key, parsed.reason);
  const kept = parsed.reason === lockedReason ? "Run this as somebody who may read it." : restoreFix;
  const fix = trouble.kind === "incompatible" ? trouble.fix : kept;
  return {
    is: "bad",
    finding: toFinding("unreadable", key, { what: `It cannot be used: ${parsed.reason}`, fix }),
  };
}

const lockedReason = "it may not be read by this user";

/** One object as it stands, at most `bytesMax` of it. Throws StoreError "closed" when the host's signal says stop. */
export async function readBody(
  host: Host,
  key: string,
  bytesMax = host.settings.objectBytesMax,
): Promise<ReadBody> {
  requireGoing(host);
  try {
    const answer = await host.bucket.get(key, { bytesMax });
    return answer.is === "unchanged"
      ? { is: "absent" }
      : await decodeBody(answer, host.platform, bytesMax, host.settings);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // No bucket holds such a key; or this one object is locked, and the others may not be.
    if (error.kind === "rejected") return { is: "absent" };
    if (error.kind === "unauthorized") return { is: "unreadable", reason: lockedReason, text: "" };
    throw error;
  }
}

/** Tells of every object below a prefix, page by page, with the bucket's clock. */
export async function eachListed(
  host: Host,
  prefix: string,
  tell: (page: readonly Listed[], date: number) => Promise<void> | void,
): Promise<void> {
  let after: string | undefined;
  for (;;) {
    requireGoing(host);
    const page = await host.bucket.list(prefix, after === undefined ? {} : { after });
    await tell(page.objects, page.date);
    after = page.objects.at(-1)?.key;
    if (!page.more || after === undefined) return;
  }
}

/** Reads segments in order, a group at a time: at most one full segment's bytes or `parallelGets` of them. */
export async function eachSegment<Entry extends Pick<SegmentEntry, "key" | "bytes">>(
  host: Host,
  {
    store,
    entries,
    onProgress,
  }: {
    readonly store: StoreId;
    readonly entries: readonly Entry[];
    readonly onProgress?: ((done: number, of: number) => void) | undefined;
  },
  take: (entry: Entry, read: Audited<Segment>) => void,
): Promise<void> {
  const { parallelGets, segmentBytesMax } = host.settings;
  for (let at = 0; at < entries.length; ) {
    const group = nextGroup(entries.slice(at, at + parallelGets), segmentBytesMax);
    const reads = await Promise.all(group.map(({ key }) => readNamed(host, { store, key }, parseSegment)));
    for (const [i, entry] of group.entries()) {
      const read = reads[i];
      if (read) take(entry, read);
    }
    at += group.length;
    onProgress?.(at, entries.length);
  }
}

function nextGroup<Entry extends Pick<SegmentEntry, "bytes">>(
  entries: readonly Entry[],
  bytesMax: number,
): readonly Entry[] {
  let bytes = 0;
  const over = entries.findIndex((entry) => {
    bytes += entry.bytes;
    return bytes > bytesMax;
  });
  return over < 0 ? entries : entries.slice(0, Math.max(1, over));
}

function requireGoing({ signal }: Host): void {
  if (!signal?.aborted) return;
  throw new StoreError({
    kind: "closed",
    what: "It was stopped before it finished",
    fix: "Nothing is lost: run it again.",
  });
}

export function toFinding(
  rule: string,
  key: string,
  { what, fix }: { readonly what: string; readonly fix: string },
): Finding {
  return { severity: "error", rule, key, what, fix };
}
