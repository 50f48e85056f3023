/**
 * Who a process is, so that a lock of a dead one is known for what it is. A process id alone is not enough: it is used again. Where
 * the system tells more (Linux), the process's start, the machine's boot and the process's namespace are compared, too.
 */
import fs from "node:fs";

export interface ProcessFacts {
  readonly pid: number;
  /** When it started, in the system's own count; null where that is not told. */
  readonly started: string | null;
  /** Changes with each boot; null where that is not told. */
  readonly boot: string | null;
  /** In which namespace its id counts: containers have their own; null where there is none. */
  readonly space: string | null;
}

export function ownFacts(): ProcessFacts {
  const { pid } = process;
  return { pid, started: statOf(pid)?.started ?? null, boot: bootOf(), space: spaceOf() };
}

export type Life = "alive" | "dead" | "elsewhere";

/** Whether the process of `facts` still runs. "elsewhere": in a container of its own, so that this cannot be told from here. */
export function lifeOf(facts: ProcessFacts, own: ProcessFacts = ownFacts()): Life {
  if (differ(facts.boot, own.boot)) return "dead";
  if (differ(facts.space, own.space)) return "elsewhere";
  if (!isRunning(facts.pid)) return "dead";
  const now = statOf(facts.pid);
  return now && (now.isOver || differ(facts.started, now.started)) ? "dead" : "alive";
}

/** Only what is known of both can differ. */
function differ(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a !== b;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be asked, and runs.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** Of /proc/PID/stat: the state and the start, which come after the program's name in brackets. */
function statOf(pid: number): { readonly started: string | null; readonly isOver: boolean } | null {
  const text = readIfThere(`/proc/${pid}/stat`);
  if (text === null) return null;
  const words = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const isZombie = words[0] === "Z" || words[0] === "X";
  return { started: words[19] ?? null, isOver: isZombie && threadsOf(pid) <= 1 };
}

/** A killed process may be a zombie while another thread of it still finishes a write: it is over when that is. */
function threadsOf(pid: number): number {
  try {
    return fs.readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}

function bootOf(): string | null {
  return readIfThere("/proc/sys/kernel/random/boot_id")?.trim() ?? null;
}

function spaceOf(): string | null {
  try {
    return fs.readlinkSync("/proc/self/ns/pid");
  } catch {
    return null;
  }
}

function readIfThere(path: string): string | null {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
