/** A progress bar on stderr, for people only: none where stderr is no terminal or the output is for programs. */
import { Presets, SingleBar } from "cli-progress";
import type { CommandIo } from "./io.ts";

export interface Progress {
  /** Shows `done` of `total`; the bar appears with the first call. */
  show(done: number, total: number): void;
  stop(): void;
}

export function createProgress({ screen, json }: CommandIo, what: string): Progress {
  if (!screen.live || json) return { show: () => undefined, stop: () => undefined };
  const format = `${what} {bar} {percentage}% | {eta_formatted} left`;
  const bar = new SingleBar(
    { format, hideCursor: true, clearOnComplete: true, stream: process.stderr },
    Presets.rect,
  );
  let started = false;
  return {
    show(done, total) {
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
