/** Progress on stderr: a bar on a terminal, else a line now and then. Standard output stays free for the report. */
import { SingleBar } from "cli-progress";

export interface Progress {
  /** Ends the phase before, if there is one. `total` 0: there is nothing to count. */
  start(phase: string, total: number): void;
  advance(done: number): void;
  /** Ends the last phase; a bar goes away. */
  stop(): void;
}

/** Seldom enough for a log file, often enough to see that it lives. */
const lineEveryMs = 5_000;

export function createProgress(output: NodeJS.WriteStream): Progress {
  return output.isTTY ? createBar(output) : createLines(output);
}

function createBar(output: NodeJS.WriteStream): Progress {
  const format = "{phase} [{bar}] {value} of {total}, {eta_formatted} left";
  const bar = new SingleBar({ format, stream: output, clearOnComplete: true, hideCursor: true });
  let running = false;
  const stop = (): void => {
    if (running) bar.stop();
    running = false;
  };
  return {
    start(phase, total) {
      stop();
      if (total === 0) return;
      bar.start(total, 0, { phase: phase.padEnd(18) });
      running = true;
    },
    advance: (done) => bar.update(done),
    stop,
  };
}

function createLines(output: NodeJS.WriteStream): Progress {
  let current = { phase: "", total: 0 };
  let printedAt = 0;
  const print = (text: string): void => {
    output.write(`${text}\n`);
    printedAt = performance.now();
  };
  return {
    start(phase, total) {
      current = { phase, total };
      print(total === 0 ? `${phase} …` : `${phase}: ${total} …`);
    },
    advance(done) {
      if (performance.now() - printedAt > lineEveryMs) print(`${current.phase}: ${done} of ${current.total}`);
    },
    stop: () => undefined,
  };
}
