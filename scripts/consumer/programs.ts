/** Programs of the app, as processes of their own: run to their end, or until they are stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A busy machine takes its time; a program that hangs must not hang the run. */
const runMsMax = 90_000;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly all: string;
}

export interface Running {
  /** Resolves with the first match in what it printed; rejects when it ends before, or takes too long. */
  printed(shape: RegExp): Promise<RegExpExecArray>;
  stop(): Promise<void>;
}

export async function run(folder: string, program: string, ...words: readonly string[]): Promise<Ran> {
  const child = spawn(program, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const text = collect(child);
  const timer = setTimeout(() => child.kill("SIGKILL"), runMsMax);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return { code, out: text.out, all: text.all };
}

/** What it printed as JSON on its last line; throws what it complained about. */
export async function runForJson(
  folder: string,
  program: string,
  ...words: readonly string[]
): Promise<unknown> {
  const { code, out, all } = await run(folder, program, ...words);
  if (code !== 0) throw new Error(`${[program, ...words].join(" ")} ended with ${code}: ${all.trim()}`);
  return JSON.parse(out.trim().split("\n").at(-1) ?? "");
}

export function start(folder: string, program: string, ...words: readonly string[]): Running {
  const child = spawn(program, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const text = collect(child);
  const closed = once(child, "close");
  closed.catch(() => undefined);
  return {
    async printed(shape) {
      const until = Date.now() + runMsMax;
      for (;;) {
        const match = shape.exec(text.out);
        if (match) return match;
        if (child.exitCode !== null || child.signalCode !== null || Date.now() > until)
          throw new Error(`${[program, ...words].join(" ")} did not print ${shape}, but: ${text.all.trim()}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await closed;
      clearTimeout(timer);
    },
  };
}

function collect({ stdout, stderr }: ChildProcess): { out: string; all: string } {
  const text = { out: "", all: "" };
  stdout?.on("data", (part) => {
    text.out += String(part);
    text.all += String(part);
  });
  stderr?.on("data", (part) => {
    text.all += String(part);
  });
  return text;
}
