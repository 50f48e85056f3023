/**
 * A lock between processes: a folder with one file, whose name is a number and whose text says who holds it. To take the lock over
 * from a dead holder is to make the next number, by link(), which only one can; the highest number counts, and it is never removed.
 *
 * Why no two hold it: numbers only grow, and who made one looks again. Whoever was so slow that others have gone on meanwhile, and
 * removed the number it then made, sees a higher one and gives way; whoever comes later sees its number and that it lives.
 * Giving it back empties the file, which needs no space on a full disk. A copy of the folder is another folder: nobody holds it.
 */
import fs from "node:fs";
import { join } from "node:path";
import { StoreError } from "../../shared/errors.ts";
import { codeOf } from "./file-errors.ts";
import { fileMode, makeFolder, removeAll, unless } from "./files.ts";
import { type Life, lifeOf, ownFacts, type ProcessFacts } from "./process-facts.ts";

export interface Lock {
  /** Gives it back. Never fails: what cannot be given back ends with the process. */
  release(): void;
}

export type LockOutcome = { readonly is: "locked"; readonly lock: Lock } | ({ readonly is: "held" } & Holder);

/** Who holds it, in words; `fix` where it may be that nobody does. */
interface Holder {
  readonly by: string;
  readonly fix: string | null;
}

interface Ticket extends ProcessFacts {
  /** Of the lock's folder, so that a copy of it is known for one. */
  readonly folder: string;
}

const format = "icecore-lock-1";
const digits = 8;
/** Somebody else was faster so often: that is a bug, or a very odd file system. */
const triesMax = 100;

export async function takeLock(path: string): Promise<LockOutcome> {
  await makeFolder(path);
  const ticket: Ticket = { ...ownFacts(), folder: inodeOf(path) };
  for (let tries = 0; tries < triesMax; tries++) {
    const highest = highestOf(path);
    const held = highest === 0 ? null : holderOf(fileOf(path, highest), ticket);
    if (held !== null) return { is: "held", ...held };
    const mine = highest + 1;
    if (!makeTicket(path, mine, ticket)) continue;
    if (highestOf(path) === mine) return { is: "locked", lock: lockAt(path, mine) };
    removeAll(fileOf(path, mine));
  }
  throw new StoreError({
    kind: "unavailable",
    what: `The lock ${path} could not be taken: others were always faster`,
    fix: "Try again; should it go on, check the file system.",
  });
}

function lockAt(path: string, mine: number): Lock {
  for (const name of fs.readdirSync(path)) if (name !== nameOf(mine)) removeAll(join(path, name));
  return {
    release() {
      try {
        fs.truncateSync(fileOf(path, mine), 0);
      } catch {
        // A ticket of a process that has ended is void by itself.
      }
    },
  };
}

/** False where somebody else has that number already, or swept the unfinished ticket away. */
function makeTicket(path: string, number: number, ticket: Ticket): boolean {
  const unfinished = fs.mkdtempSync(join(path, "ticket-"));
  try {
    const file = join(unfinished, "ticket");
    fs.writeFileSync(file, JSON.stringify({ format, ...ticket }), { mode: fileMode });
    fs.linkSync(file, fileOf(path, number));
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST" || codeOf(error) === "ENOENT") return false;
    throw error;
  } finally {
    removeAll(unfinished);
  }
}

/** Null for nobody. */
function holderOf(file: string, own: Ticket): Holder | null {
  const text = unless(["ENOENT"], () => fs.readFileSync(file, "utf8"));
  // Given back, or written just before a power cut.
  if (text === undefined || text === "" || text.includes("\0")) return null;
  const ticket = parseTicket(text);
  if (ticket === null) return { by: "in another release of icecore", fix: removeFix(file) };
  if (ticket.folder !== own.folder) return null;
  return holderText(lifeOf(ticket, own), ticket, file);
}

function holderText(life: Life, { pid }: Ticket, file: string): Holder | null {
  if (life === "dead") return null;
  if (life === "alive")
    return { by: pid === process.pid ? "in this process" : `in process ${pid}`, fix: null };
  return {
    by: `in process ${pid} of another container, as far as can be told from here`,
    fix: removeFix(file),
  };
}

function removeFix(file: string): string {
  return `Close it there; if nothing of that runs any more, empty the file ${file}.`;
}

function parseTicket(text: string): Ticket | null {
  try {
    const { format: found, ...ticket } = JSON.parse(text) as Ticket & { readonly format: string };
    return found === format && Number.isInteger(ticket.pid) ? ticket : null;
  } catch {
    return null;
  }
}

/** 0 when nobody ever had it. */
function highestOf(path: string): number {
  const numbers = fs.readdirSync(path).flatMap((name) => (/^\d{8}$/.test(name) ? [Number(name)] : []));
  return Math.max(0, ...numbers);
}

function fileOf(path: string, number: number): string {
  return join(path, nameOf(number));
}

function nameOf(number: number): string {
  return String(number).padStart(digits, "0");
}

function inodeOf(path: string): string {
  return String(fs.statSync(path, { bigint: true }).ino);
}
