/**
 * The lines of an export as they come, each checked before it is given on: its form, the log's order, a writer's limits. Throws
 * StoreError with the line's number; where the lines' hash does not fit, or the trailer is missing, only at their end.
 */
import { assert, StoreError } from "../errors.ts";
import { createExportCheck, type ExportLine } from "../log/export-check.ts";
import type { ExportTrailer } from "../wire/export.ts";
import type { StoreId } from "../wire/ids.ts";
import type { Host } from "./run.ts";
import { checkUpdate } from "./writer.ts";

export interface ImportSource {
  /** The store that it goes to. */
  readonly store: StoreId;
  /** Without line breaks, none longer than memory takes. */
  readonly lines: AsyncIterable<string>;
}

const limitFix =
  "Nothing that is stored takes it: leave it out by exporting in two parts, --to before its time and --from after it.";

/** The header first, the trailer last; with the numbers of the lines, from 1. */
export async function* readExport(
  host: Host,
  { store, lines }: ImportSource,
): AsyncGenerator<ExportLine & { readonly number: number }> {
  const check = createExportCheck(host.platform.sha256);
  for await (const text of lines) {
    const checked = check.take(text);
    if (!checked.ok) throw new StoreError(checked.trouble);
    if (checked.line.is === "update") checkLimits(host, { store, number: check.count, ...checked.line });
    yield { ...checked.line, number: check.count };
  }
  const trouble = check.end();
  if (trouble) throw new StoreError(trouble);
}

/** Reads an export to its end, so that nothing of a damaged one need be appended. Answers with its trailer. */
export async function checkExport(host: Host, source: ImportSource): Promise<ExportTrailer> {
  let trailer: ExportTrailer | null = null;
  for await (const line of readExport(host, source)) if (line.is === "trailer") trailer = line.trailer;
  assert(trailer !== null, "an export is read to its trailer, or fails");
  return trailer;
}

function checkLimits(
  host: Host,
  {
    store,
    number,
    update,
  }: ExportLine & { is: "update" } & { readonly store: StoreId; readonly number: number },
): void {
  try {
    checkUpdate(update, store, host);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const what = `Line ${number} of the export cannot be imported: ${error.what}`;
    throw new StoreError({ kind: error.kind, what, fix: limitFix, store, app: update.app }, error);
  }
}
