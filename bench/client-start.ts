/** A start from a local folder, beside reading the same file and decoding its JSON. The file is in the system's cache for both. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createNodePlatform } from "../bucket/platform/node.ts";
import { folderLocal } from "../client/node/folder.ts";
import { openStore } from "../client/open-store.ts";
import type { ClientStore } from "./client-model.ts";
import { median, ratioOf, timedBy, timeInRounds } from "./client-rounds.ts";
import { benchStoreId, clientModel } from "./page/rows.ts";

export interface StartReport {
  readonly entities: number;
  readonly fileBytes: number;
  readonly ms: number;
  /** Lines and the rows in them, all decoded to plain values. */
  readonly decodeMs: number;
  readonly ratio: number;
  /** Lines alone; the rows in them stay texts. */
  readonly linesMs: number;
  readonly linesRatio: number;
  /** How many starts did not show every entity. */
  readonly off: number;
}

const names = { start: "start", decode: "decode", lines: "lines" } as const;
const rounds = { rounds: 11, warm: 3 };

export async function measureStart(folder: string, entities: number): Promise<StartReport> {
  const path = join(folder, benchStoreId(), "journal");
  let open: ClientStore | undefined;
  let off = 0;
  const times = await timeInRounds(
    [
      {
        name: names.start,
        perRound: 1,
        async run() {
          open = openStore({ ...options(), local: folderLocal(folder) });
          await open.loaded;
          if (open.state.rows.size !== entities) off += 1;
        },
        after: async () => open?.close(),
      },
      { name: names.decode, perRound: 1, run: async () => decodeRows(await readLines(path)) },
      { name: names.lines, perRound: 1, run: async () => void (await readLines(path)) },
    ],
    rounds,
  );
  const [ours, decode, lines] = [
    timedBy(names.start, times),
    timedBy(names.decode, times),
    timedBy(names.lines, times),
  ];
  return {
    entities,
    fileBytes: (await stat(path)).size,
    ms: median(ours.us) / 1_000,
    decodeMs: median(decode.us) / 1_000,
    ratio: ratioOf(ours, decode),
    linesMs: median(lines.us) / 1_000,
    linesRatio: ratioOf(ours, lines),
    off,
  };
}

function options() {
  return { model: clientModel, storeId: benchStoreId(), platform: createNodePlatform() };
}

interface JournalLine {
  readonly put?: readonly (readonly [string, string])[];
}

async function readLines(path: string): Promise<readonly JournalLine[]> {
  const text = await readFile(path, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JournalLine);
}

function decodeRows(lines: readonly JournalLine[]): void {
  for (const { put = [] } of lines) for (const [, value] of put) JSON.parse(value);
}
