/** Commands that go on until they are stopped, and output that nobody reads to its end. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cliHere, finished, startCli } from "../fixtures/cli-run.ts";
import { type Fixture, fillStore, openFixture } from "../fixtures/cli-store.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "icecore-cli-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function newStore(name: string): Promise<Fixture & { readonly bucket: string }> {
  const bucket = `folder:${folder}/${name}`;
  return { ...(await openFixture(bucket)), bucket };
}

describe.concurrent("a command that goes on", () => {
  it("follows the log until Ctrl-C, and shows the tail before it is published", async () => {
    const store = await newStore("followed");
    await store.send(1, ["addTodo", { id: "one" }]);
    await store.rollup();
    const child = startCli(["log", "--bucket", store.bucket, "--follow", "--tail"]);
    const steps = [
      { seen: '"one"', then: () => store.send(1, ["addTodo", { id: "two" }]) },
      { seen: "~ ", then: () => store.rollup() },
      { seen: /^ {2}20.*"two"/m, then: () => Promise.resolve(child.kill("SIGINT")) },
    ];
    const { code, stdout, stderr } = await finished(child, (text) => {
      const [step] = steps;
      if (step && (typeof step.seen === "string" ? text.includes(step.seen) : step.seen.test(text)))
        void steps.shift()?.then();
    });
    expect([code, stderr]).toEqual([130, ""]);
    expect(stdout.match(/"two"/g)?.length).toBe(2);
  });

  it("rolls up until Ctrl-C and leaves a sound store", async () => {
    const store = await newStore("watched");
    await store.send(1, ["addTodo", { id: "one" }]);
    const child = startCli(["rollup", "--bucket", store.bucket, "--watch", "--every", "0.2"]);
    let stopped = false;
    const { code, stdout } = await finished(child, (text) => {
      if (!stopped && text.includes("published 1 update")) {
        stopped = true;
        child.kill("SIGINT");
      }
    });
    expect([code, stdout]).toEqual([130, expect.stringMatching(/^published 1 update through .*\n$/)]);
    expect((await cliHere(["verify", "--bucket", store.bucket])).code).toBe(0);
  });

  it("waits, with a word, while the store cannot be reached", async () => {
    await newStore("others");
    const words = /waiting: Store "nothing" has no head/g;
    const child = startCli([
      "rollup",
      "--bucket",
      `folder:${folder}/others`,
      "--store",
      "nothing",
      "--watch",
      "--every",
      "0.1",
    ]);
    const { code } = await finished(child, (text) => {
      if ((text.match(words)?.length ?? 0) > 1) child.kill("SIGINT");
    });
    expect(code).toBe(130);
  });

  it("says that nothing is done when it is stopped in the middle", async () => {
    const store = await newStore("aborted");
    await fillStore(store, 2);
    for (const args of [["rollup"], ["verify"], ["replay"], ["gc"]]) {
      const { code, stdout, stderr } = await cliHere([...args, "--bucket", store.bucket], {
        signal: AbortSignal.abort(),
      });
      expect([args, code, stdout]).toEqual([args, 130, ""]);
      expect(stderr).toMatch(/^Stopped: /);
    }
  });

  it("ends quietly when its reader goes away", async () => {
    const store = await newStore("piped");
    const many = Array.from(
      { length: 900 },
      (_, i) => ["addTodo", { id: `t${i}`, title: "x".repeat(100) }] as const,
    );
    await store.send(1, ...many);
    await store.send(2, ...many);
    await store.rollup();
    const child = startCli(["log", "--bucket", store.bucket]);
    child.stdout?.once("data", () => child.stdout?.destroy());
    const { code, stderr } = await finished(child);
    expect([code, stderr]).toEqual([0, ""]);
  });
});
