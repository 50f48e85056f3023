/** A progress bar on stderr, for people only: none where stderr is no terminal or the output is for programs. */
import { Presets, SingleBar } from "cli-progress";
import type { CommandIo } from "./io.ts";

export interface Progress {
  /** Shows `done` of `total`; the bar appears when that has gone on for a moment. */
  show(done: number, total: number): void;
  stop(): void;
}

/** What is done sooner needs no bar. */
const quietMs = 500;

export function createProgress({ screen, json, platform }: CommandIo, what: string): Progress {
  if (!screen.live || json) return { show: () => undefined, stop: () => undefined };
  const format = `${what} {bar} {percentage}% | {duration_formatted}`;
  const bar = new SingleBar(
    { format, hideCursor: true, clearOnComplete: true, stream: process.stderr },
    Presets.rect,
  );
  const begunAt = platform.now();
  let started = false;
  return {
    show(done, total) {
      if (!started && platform.now() - begunAt < quietMs) return;
      if (!started) bar.start(total, done);
      started = true;
      bar.setTotal(total);
      bar.update(done);
    },
    stop() {
      if (started) bar.stop();
      started = false;
    },
  };
}
