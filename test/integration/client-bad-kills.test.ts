/** A client process over HTTP with a folder on the disk, killed at any moment: at the end the log holds each saved action once, in order. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../test-kit/random.ts";
import { atRest, type BadWorld, createBadWorld, type PairsStore } from "../fixtures/bad-world.ts";
import type { FrontFate } from "../fixtures/http-front.ts";
import { bundleAll } from "../stress/bundle.ts";
import { readJournal } from "../stress/journal.ts";

/** By progress, not by the clock, so that a busy machine only takes longer. */
const killsWanted = 6;
const savesMax = 10;
const afterMsMax = 30;
const seed = Math.floor(Math.random() * 2 ** 31);

describe(`A client process that is killed at any moment (seed ${seed})`, () => {
  const random = createRandom(seed).fraction;
  let world: BadWorld;
  let journal = "";
  let last: PairsStore;
  let rolling = true;

  beforeAll(async () => {
    world = await createBadWorld({ settings: { snapshotBytesMin: 1_000, snapshotAgeMs: 400 } });
    journal = join(world.root, "journal");
    const scripts = await bundleAll(import.meta.dirname, ["./client-bad-kills-child.ts"]);
    const rolled = rollOn();
    world.front.decide(() => fateOf(random()));
    try {
      await liveAndDie(scripts.paths[0] ?? "");
    } finally {
      rolling = false;
      await rolled;
      await scripts.remove();
    }
    world.front.decide(() => "pass");
    last = world.client({ folder: "mine" });
    await last.loaded;
    for (let rounds = 0; rounds < 3; rounds++) await world.settle(last);
  }, 120_000);
  afterAll(() => world.close());

  async function rollOn(): Promise<void> {
    while (rolling) {
      await world.rollup();
      await world.api.host.platform.wait(40);
    }
  }

  async function liveAndDie(script: string): Promise<void> {
    for (let kills = 0; kills < killsWanted; kills++) {
      const before = numbers("opened").length;
      const child = spawn(process.execPath, [script, world.front.url, join(world.root, "mine"), journal], {
        stdio: ["ignore", "inherit", "inherit"],
      });
      // A kill before it has opened its folder would test nothing.
      while (numbers("opened").length === before && child.exitCode === null)
        await world.api.host.platform.wait(5);
      const enough = numbers("saved").length + 3 + savesMax * random();
      while (numbers("saved").length < enough && child.exitCode === null)
        await world.api.host.platform.wait(5);
      await world.api.host.platform.wait(afterMsMax * random());
      await kill(child);
    }
  }

  const numbers = (word: string) =>
    readJournal(journal).flatMap(([one, count]) => (one === word ? [Number(count)] : []));

  it("was killed often enough, with work in all stages, to mean something", () => {
    expect(numbers("opened")).toHaveLength(killsWanted);
    expect(numbers("saved").length).toBeGreaterThanOrEqual(3 * killsWanted);
    expect(world.sent().length).toBeGreaterThan(2);
  });

  it("opens with everything that was saved before, and nothing that was not made", () => {
    let saved = 0;
    let made = 0;
    for (const [word, text] of readJournal(journal)) {
      const count = Number(text);
      if (word === "saved") saved = count;
      if (word === "makes") made = count;
      if (word !== "opened") continue;
      expect(count).toBeGreaterThanOrEqual(saved);
      expect(count).toBeLessThanOrEqual(made);
    }
  });

  it("left each saved action in the log exactly once, in the order of its making, under one app", async () => {
    const logged = (await world.logged()).map(Number);
    // One that was being saved at a kill is either there or not, and its number is made again where it is not.
    expect(logged).toEqual(Array.from({ length: logged.length }, (_, i) => i + 1));
    expect(logged.length).toBeGreaterThanOrEqual(Math.max(...numbers("saved"), ...numbers("opened")));
    expect(logged.length).toBeLessThanOrEqual(Math.max(...numbers("makes")));
    const log = await world.log();
    expect(new Set(log.map(({ app }) => app)).size).toBe(1);
    const ids = log.flatMap(({ actions }) => actions.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("is at rest at the end, no clone, with the state that the log gives", async () => {
    expect(last.sync.status).toMatchObject({ ...atRest, cloned: false, divergence: null, epochs: 0 });
    expect([...last.confirmedState.pairs.keys()].map(Number).sort((a, b) => a - b)).toEqual(
      (await world.logged()).map(Number),
    );
  });
});

function fateOf(drawn: number): FrontFate {
  if (drawn < 0.05) return "answerLost";
  if (drawn < 0.1) return "reset";
  if (drawn < 0.13) return "half";
  return drawn < 0.3 ? 30 : "pass";
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error("the client ended by itself");
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
