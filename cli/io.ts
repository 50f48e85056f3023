/** What the command line gets from its surroundings, and what every command gets from it. */
import type { Host } from "../shared/drive/run.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { Screen } from "./screen.ts";

/** A text sink: process.stdout is one. */
export interface Sink {
  write(text: string): boolean;
  once(name: "drain" | "error" | "close", listener: () => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly writableNeedDrain?: boolean;
}

/** Bytes from outside: process.stdin is such a source, and a file opened for reading. */
export interface Source extends AsyncIterable<Uint8Array> {
  /** Ends reading, also one that waits. */
  destroy(): unknown;
  readonly isTTY?: boolean;
}

export interface Io {
  /** Opened by who reads it: an open one may keep the process alive. */
  readonly stdin: () => Source;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: Platform;
  /** Aborted by Ctrl-C, and when nobody reads the output any more. */
  readonly signal: AbortSignal;
}

export interface CommandIo extends Io {
  readonly screen: Screen;
  readonly json: boolean;
  /** The exit code, where it is not 0. */
  readonly finish: (code: number) => void;
  /** Being stopped is how this one ends: then that is exit code 0, not 130. */
  readonly endsWhenStopped: () => void;
  /** The bucket that the command works on, for what is told of an error. */
  readonly noteHost: (host: Host) => void;
}
