/**
 * The check of an export, line by line: what each line is, or what is wrong with it. Pure.
 *
 * What it lets through is well formed and in log order. Whether all lines are those that were written is known at the
 * trailer only, which holds their hash and number.
 */
import type { Trouble } from "../errors.ts";
import { isJsonObject } from "../json.ts";
import type { Sha256 } from "../ports/hash.ts";
import {
  type ExportHeader,
  type ExportTrailer,
  emptyLinesHash,
  exportEndFormat,
  exportFormat,
  hashLine,
  parseExportHeader,
  parseExportTrailer,
} from "../wire/export.ts";
import { parseStamped, type StampedUpdate, updateFormat } from "../wire/update.ts";

export type ExportLine =
  | { readonly is: "header"; readonly header: ExportHeader }
  | { readonly is: "update"; readonly update: StampedUpdate }
  | { readonly is: "trailer"; readonly trailer: ExportTrailer };

export type CheckedLine =
  | { readonly ok: true; readonly line: ExportLine }
  | { readonly ok: false; readonly trouble: Trouble };

export interface ExportCheck {
  /** Lines taken so far. */
  readonly count: number;
  /** The next line, without its line break. After a trouble nothing more may be taken. */
  take(text: string): CheckedLine;
  /** What is wrong with an export that ends here; null when it is whole. */
  end(): Trouble | null;
}

const formats: readonly unknown[] = [exportFormat, exportEndFormat, updateFormat];
/** What is there already is skipped, so a second import of the whole never harms. */
const againFix = 'Get the whole file, or run "icecore export" again, and import that: it goes on from there.';

export function createExportCheck(sha256: Sha256): ExportCheck {
  let count = 0;
  let updates = 0;
  let hash = emptyLinesHash;
  let before: StampedUpdate | null = null;
  let ended = false;

  function check(text: string): CheckedLine {
    if (ended) return corrupt(count, "comes after its trailer");
    const json = parseJson(text);
    const format = isJsonObject(json) ? json.format : undefined;
    if (isOtherRelease(format)) return otherRelease(count, String(format));
    if (count === 1) return header(json);
    if (format === exportEndFormat) return trailer(json);
    return update(json);
  }

  function header(json: unknown): CheckedLine {
    const parsed = parseExportHeader(json);
    return parsed.ok ? ok({ is: "header", header: parsed.value }) : noHeader(parsed.reason);
  }

  function update(json: unknown): CheckedLine {
    if (json === undefined) return corrupt(count, "is no JSON");
    const parsed = parseStamped(json);
    if (!parsed.ok) return corrupt(count, `is no update: ${parsed.reason}`);
    if (before && !isInOrder(before, parsed.value))
      return corrupt(count, "stands outside of the log's order");
    before = parsed.value;
    updates += 1;
    return ok({ is: "update", update: parsed.value });
  }

  function trailer(json: unknown): CheckedLine {
    const parsed = parseExportTrailer(json);
    if (!parsed.ok) return corrupt(count, `is no trailer: ${parsed.reason}`);
    if (parsed.value.hash !== hash || parsed.value.updates !== updates)
      return corrupt(count, "says that the lines before it are not those that were written");
    ended = true;
    return ok({ is: "trailer", trailer: parsed.value });
  }

  return {
    get count() {
      return count;
    },
    take(text) {
      count += 1;
      const checked = check(text);
      hash = hashLine(hash, text, sha256);
      return checked;
    },
    end() {
      if (ended) return null;
      return count === 0 ? empty : cut(count);
    },
  };
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isOtherRelease(format: unknown): boolean {
  return (
    typeof format === "string" &&
    /^icecore-(?:export|export-end|update)-\d{1,6}$/.test(format) &&
    !formats.includes(format)
  );
}

/** The log's order: timestamp, then app. */
function isInOrder(before: StampedUpdate, update: StampedUpdate): boolean {
  return (
    before.timestamp < update.timestamp || (before.timestamp === update.timestamp && before.app < update.app)
  );
}

function ok(line: ExportLine): CheckedLine {
  return { ok: true, line };
}

function corrupt(line: number, what: string): CheckedLine {
  return {
    ok: false,
    trouble: { kind: "corrupt", what: `Line ${line} of the export ${what}`, fix: againFix },
  };
}

function noHeader(reason: string): CheckedLine {
  const what = `Line 1 is no header of an export: ${reason}`;
  return { ok: false, trouble: { kind: "rejected", what, fix: 'Give what "icecore export" wrote.' } };
}

function otherRelease(line: number, format: string): CheckedLine {
  return {
    ok: false,
    trouble: {
      kind: "incompatible",
      what: `Line ${line} of the export is in the format "${format}", which this release does not read`,
      fix: "It was written by another release of icecore: import it with that one, or upgrade this one.",
    },
  };
}

const empty: Trouble = {
  kind: "rejected",
  what: "The export is empty",
  fix: 'Give what "icecore export" wrote; where it came through a pipe, look at what the export said.',
};

function cut(lines: number): Trouble {
  return {
    kind: "corrupt",
    what: `The export was cut: it ends after line ${lines}, without its trailer`,
    fix: againFix,
  };
}
