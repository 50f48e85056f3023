/**
 * The processes of a stress run: starts them, kills, stops and continues them at random, and lets them finish. A process that was
 * killed is started again at once, with the same journal.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Told } from "./child.ts";

export interface Role {
  readonly script: string;
  readonly name: string;
  readonly words: readonly string[];
}

export interface CrewOptions {
  readonly roles: readonly Role[];
  readonly bucket: string;
  readonly store: string;
  readonly journals: string;
  readonly random: () => number;
}

export interface Crew {
  readonly kills: number;
  readonly stops: number;
  /** One blow: somebody is killed, or stopped for a while. */
  strike(): Promise<void>;
  /** Waits until the last word of everybody who is there now, or is started meanwhile, is this one. */
  allSay(told: Told, msMax: number): Promise<number>;
  /** Waits until everybody is at work: one that is still starting would end by the signal to finish. */
  allUp(msMax: number): Promise<void>;
  /** Asks everybody to finish, without waiting. */
  askToFinish(): void;
  /** A word to everybody. */
  tell(word: string): void;
  /** Lets everybody finish what they are at. Throws when one does not. */
  finish(msMax: number): Promise<void>;
  /** Kills everybody, for good. */
  dismiss(): void;
  /** Names of processes that ended by themselves though nobody asked them to. */
  readonly fallen: readonly string[];
}

interface Member {
  readonly role: Role;
  process: ChildProcess;
  said: Told | null;
  stopped: boolean;
  /** By us: its exit is no fall. */
  killed: boolean;
}

const fresh = { said: null, stopped: false, killed: false };
const killChance = 0.6;
const stopMsMax = 3_000;

export function startCrew(options: CrewOptions): Crew {
  const { roles, bucket, store, journals, random } = options;
  let [kills, stops] = [0, 0];
  let finishing = false;
  const fallen: string[] = [];

  const start = ({ script, name, words }: Role): ChildProcess =>
    spawn(process.execPath, ["--enable-source-maps", script, bucket, store, join(journals, name), ...words], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  const enlist = (role: Role): Member => {
    const member: Member = { role, process: start(role), ...fresh };
    watch(member);
    return member;
  };
  const watch = (member: Member): void => {
    const { process: current } = member;
    current.on("message", (told: Told) => {
      member.said = told;
    });
    current.on("exit", (code) => {
      if (finishing || current !== member.process || member.killed) return;
      fallen.push(`${member.role.name} (exit ${code})`);
      restart(member);
    });
  };
  const restart = (member: Member): void => {
    member.process = start(member.role);
    Object.assign(member, fresh);
    watch(member);
  };
  const members = roles.map(enlist);

  const kill = async (member: Member): Promise<void> => {
    const exited = once(member.process, "exit");
    member.killed = true;
    member.process.kill("SIGKILL");
    await exited;
    kills += 1;
    restart(member);
  };
  const stop = (member: Member): void => {
    const { process: current } = member;
    current.kill("SIGSTOP");
    member.stopped = true;
    stops += 1;
    setTimeout(() => {
      if (member.process === current) member.stopped = false;
      current.kill("SIGCONT");
    }, random() * stopMsMax).unref();
  };

  return {
    get kills() {
      return kills;
    },
    get stops() {
      return stops;
    },
    fallen,
    async strike() {
      // A blow during the start of a process would test nothing.
      const able = members.filter(({ said, stopped }) => said !== null && !stopped);
      const member = able[Math.floor(random() * able.length)];
      if (!member) return;
      if (random() < killChance) await kill(member);
      else stop(member);
    },
    async allSay(told, msMax) {
      await until(() => members.every(({ said }) => said === told), msMax, `say "${told}"`);
      return members.length;
    },
    allUp: (msMax) =>
      until(() => members.every(({ said, stopped }) => said !== null && !stopped), msMax, "come up"),
    askToFinish,
    tell(word) {
      for (const { process: current } of members) current.send(word);
    },
    async finish(msMax) {
      askToFinish();
      await until(() => members.every(ended), msMax, "finish");
    },
    dismiss() {
      finishing = true;
      for (const { process: current } of members) current.kill("SIGKILL");
    },
  };

  function askToFinish(): void {
    finishing = true;
    for (const { process: current } of members) {
      current.kill("SIGCONT");
      current.kill("SIGTERM");
    }
  }

  async function until(holds: () => boolean, msMax: number, what: string): Promise<void> {
    const end = Date.now() + msMax;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`not every process did ${what} within ${msMax / 1_000} s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** One that was asked to finish while it was still starting ends by the signal. */
function ended({ process: { exitCode, signalCode } }: Member): boolean {
  return exitCode !== null || signalCode !== null;
}
