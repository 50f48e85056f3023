/**
 * Text to people and programs: lines on stdout, remarks on stderr, colour on terminals only.
 *
 * What comes out of a store is not ours: its control characters are shown, never sent to a terminal.
 */
import pc from "picocolors";
import type { Io, Sink } from "./io.ts";

export type Paint = ReturnType<typeof pc.createColors>;

export interface Screen {
  /** One line on stdout. */
  line(text?: string): void;
  /** A value on stdout: one line, or indented. */
  json(value: unknown, indent?: number): void;
  /** One line on stderr: what is no result. */
  remark(text: string): void;
  /** Waits until a slow reader of stdout has caught up. */
  flush(): Promise<void>;
  readonly paint: Paint;
  readonly paintRemark: Paint;
  /** Characters in a line. */
  readonly width: number;
  /** A person watches stderr. */
  readonly live: boolean;
}

/** Where no terminal tells its width: fits most log viewers. */
const widthDefault = 140;

export function createScreen({ stdout, stderr, env }: Pick<Io, "stdout" | "stderr" | "env">): Screen {
  return {
    line: (text = "") => void stdout.write(`${text}\n`),
    json: (value, indent) => void stdout.write(`${JSON.stringify(value, null, indent)}\n`),
    remark: (text) => void stderr.write(`${text}\n`),
    flush: () => drained(stdout),
    paint: pc.createColors(isColourful(stdout, env)),
    paintRemark: pc.createColors(isColourful(stderr, env)),
    // A terminal that cannot tell says 0.
    width: stdout.columns || widthDefault,
    live: stderr.isTTY === true,
  };
}

/** https://no-color.org: any value but the empty one. */
function isColourful(sink: Sink, env: Io["env"]): boolean {
  return sink.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
}

function drained(sink: Sink): Promise<void> {
  if (sink.writableNeedDrain !== true) return Promise.resolve();
  return new Promise((resolve) => {
    sink.once("drain", resolve);
    sink.once("error", resolve);
    sink.once("close", resolve);
  });
}

/** C0, DEL, C1, line separators and the marks that turn the direction of text. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A text from outside, safe for a terminal: control characters as \u001b, at most `max` characters. */
export function safeText(text: string, max = Number.POSITIVE_INFINITY): string {
  const short = text.length > max ? `${text.slice(0, Math.max(0, max - 1))}…` : text;
  return short.replace(unsafe, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A name or word of somebody else's, in quotes. */
export function quoted(text: string, max: number): string {
  return `"${safeText(text, max)}"`;
}

/** A JSON value in one line of at most `max` characters. */
export function shortJson(value: unknown, max: number): string {
  return safeText(JSON.stringify(value) ?? "undefined", max);
}

/** Rows in aligned columns. Colours are given by column, after the padding. */
export function table(
  rows: readonly (readonly string[])[],
  colours: readonly ((text: string) => string)[] = [],
): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(0, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (colours[i] ?? String)(i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
