/**
 * `npm run chaos:client -- [--seconds 60] [--clients 8] [--remote http|bucket] [--bucket URL]`: client processes with folders for local
 * storage, through a proxy that cuts, delays, doubles and refuses; clients and server are killed with -9 at random. Then faults stop,
 * everything drains, and the log is counted.
 *
 * Last line: `acknowledged N, replayed N, lost 0, doubled 0, faults N`. Exit code 1 when anything is wrong.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import { optionsOf, whole } from "../../examples/program.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import type { Host } from "../../shared/drive/run.ts";
import { createStore } from "../../shared/drive/store.ts";
import { newSettings } from "../../shared/settings.ts";
import { parseStoreId, type StoreId } from "../../shared/wire/ids.ts";
import { type Fate, type FaultyProxy, type Seen, startFaultyProxy } from "../faults/http-proxy.ts";
import { bundleAll } from "../stress/bundle.ts";
import { startCrew } from "../stress/crew.ts";
import { readJournal } from "../stress/journal.ts";
import { checkChaos } from "./check.ts";
import { chaosModel } from "./model.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

const values = optionsOf(
  new Command("npm run chaos:client --")
    .description(
      "Client processes behind a proxy that cuts, delays, doubles and refuses; killed at random; then the log is counted.",
    )
    .option("--seconds <n>", "how long faults go on", whole(1), 60)
    .option("--clients <n>", "client processes", whole(1), 8)
    .addOption(
      new Option("--remote <kind>", "how clients reach the store; bucket needs --bucket s3://…")
        .choices(["http", "bucket"] as const)
        .default("http" as const),
    )
    .option("--bucket <url>", "s3://… or folder:PATH (default: a temporary folder)"),
);
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
const platform = createNodePlatform();
const blowsEveryMs = 1_500;

async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "icecore-chaos-"));
  const address = values.bucket ?? `folder:${join(folder, "bucket")}`;
  const store = parseStoreId(`chaos-${platform.newNonce()}`) as StoreId;
  const settings = newSettings({ graceMs: 300 });
  const host: Host = { bucket: await openBucket(address, platform), platform, settings };
  await createStore(host, store);
  say(`remote ${values.remote}, bucket ${address}, store ${store}`);
  const direct = values.remote === "bucket";
  if (direct && !address.startsWith("s3:"))
    throw new Error("--remote bucket needs --bucket s3://…, which the proxy can stand before");
  const server = direct ? null : await startServer({ bucket: address, store });
  const proxy = await startFaultyProxy(
    server?.endpoint ?? new URL(address).searchParams.get("endpoint") ?? "",
  );
  const remote = direct ? address.replace(/endpoint=[^&]*/, `endpoint=${proxy.endpoint}`) : proxy.endpoint;
  const scripts = await bundleAll(import.meta.dirname, ["./client-child.ts"]);
  const roles = Array.from({ length: values.clients }, (_, i) => ({
    name: `client-${i}`,
    script: scripts.paths[0] ?? "",
    words: [direct ? "bucket" : "http", remote, join(folder, `local-${i}`), `client-${i}`],
  }));
  const crew = startCrew({ roles, bucket: address, store, journals: folder, random: Math.random });
  const rolling = direct ? roll(host, store) : null;
  try {
    proxy.decide(chaos);
    const serverKills = await work(crew, server);
    proxy.decide(() => "pass");
    await crew.allUp(60_000);
    crew.askToFinish();
    await crew.allSay("drained", 120_000);
    crew.tell("look once more");
    await crew.finish(60_000);
    await rolling?.stop();
    // What it says when it ends comes before the last line.
    await server?.stop();
    const journals = roles.map(({ name }) => readJournal(join(folder, name)));
    const verdict = await checkChaos(host, store, journals);
    const faults = faultsOf(proxy) + crew.kills + serverKills;
    for (const line of [
      `clients killed ${crew.kills}, stopped ${crew.stops}; server killed ${serverKills}; met on the way ${JSON.stringify(proxy.counts)}`,
      ...crew.fallen.map((one) => `FELL: ${one}`),
      ...verdict.faults.map((one) => `WRONG: ${one}`),
    ])
      say(line);
    const { acknowledged, replayed, lost, doubled } = verdict;
    console.log(
      `acknowledged ${acknowledged}, replayed ${replayed}, lost ${lost}, doubled ${doubled}, faults ${faults}`,
    );
    return lost + doubled + verdict.faults.length + crew.fallen.length === 0 && acknowledged > 0 ? 0 : 1;
  } finally {
    crew.dismiss();
    await rolling?.stop();
    await server?.stop();
    await proxy.close();
    await scripts.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

async function work(crew: ReturnType<typeof startCrew>, server: ServerProcess | null): Promise<number> {
  const end = Date.now() + values.seconds * 1_000;
  let kills = 0;
  while (Date.now() < end) {
    await platform.wait(2 * blowsEveryMs * Math.random());
    if (server && Math.random() < 0.25) {
      await server.killAndRestart();
      kills += 1;
    } else await crew.strike();
  }
  return kills;
}

const chances: Partial<Record<Fate, number>> = {
  late: 0.15,
  reset: 0.03,
  answerLost: 0.03,
  answerSpoilt: 0.03,
  half: 0.02,
  twice: 0.03,
  busy: 0.04,
};

function chaos(_: Seen): Fate {
  let drawn = Math.random();
  for (const [fate, chance] of Object.entries(chances)) {
    drawn -= chance;
    if (drawn < 0) return fate as Fate;
  }
  return "pass";
}

function faultsOf({ counts }: FaultyProxy): number {
  return Object.entries(counts).reduce((sum, [fate, count]) => (fate === "pass" ? sum : sum + count), 0);
}

/** In direct mode somebody must roll up: here, beside the clients, without a proxy. */
function roll(host: Host, store: StoreId) {
  let going = true;
  const rollup = createRollup(host, { store, model: chaosModel as never });
  const loop = async (): Promise<void> => {
    while (going) {
      await rollup.round().catch(() => undefined);
      await host.platform.wait(700);
    }
  };
  const ended = loop();
  return {
    stop() {
      going = false;
      return ended;
    },
  };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

process.exitCode = await main();
