/**
 * `npm run stress`: many processes at one store, killed with -9, stopped and continued at random; then a fresh reader counts.
 *
 * Its last line stands alone: `acknowledged N, replayed N, lost 0, doubled 0, kills N, updates/s N, requests/update N`.
 * Exit code 1 when anything is lost, doubled or otherwise wrong.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import { recoverStore } from "../../shared/drive/recover.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import type { Host } from "../../shared/drive/run.ts";
import { createStore } from "../../shared/drive/store.ts";
import { newSettings } from "../../shared/settings.ts";
import { parseStoreId, type StoreId } from "../../shared/wire/ids.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { createRandom } from "../../test-kit/random.ts";
import { bundleScripts } from "./bundle.ts";
import { type Acknowledged, checkStore, type Verdict } from "./check.ts";
import { stressSettings } from "./child.ts";
import { type Crew, type Role, startCrew } from "./crew.ts";
import { type Requests, readJournal, requestsIn } from "./journal.ts";
import { model } from "./model.ts";
import { parseOptions, type StressOptions } from "./options.ts";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.exitCode = await main(parseOptions(process.argv.slice(2)));

async function main(options: StressOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "icecore-stress-"));
  const scripts = await bundleScripts();
  const url = options.bucket ?? `folder:${join(folder, "bucket")}`;
  const platform = createNodePlatform();
  const store = parseStoreId(options.store ?? `stress-${platform.newNonce()}`);
  if (!store) throw new Error("--store is no store id");
  let crew: Crew | undefined;
  try {
    const host: Host = {
      bucket: await openBucket(url, platform),
      platform,
      settings: newSettings(stressSettings),
    };
    const made = await createStore(host, store);
    if (!made) throw new Error(`store "${store}" is there already: choose another --store`);
    say(`bucket ${url}, store ${store}, seed ${options.seed}`);
    const roles = rolesOf(options, scripts);
    crew = startCrew({
      roles,
      bucket: url,
      store,
      journals: folder,
      random: createRandom(options.seed).fraction,
    });
    const seconds = await work(crew, host, store, options);
    await crew.finish(60_000);
    await publishRest(host, store);
    const journals = new Map(roles.map(({ name }) => [name, readJournal(join(folder, name))]));
    const acknowledged = acknowledgedIn(journals, options.writers);
    const verdict = await checkStore(host, store, { acknowledged, writers: options.writers });
    return report(verdict, { crew, journals, seconds, options });
  } finally {
    crew?.dismiss();
    await scripts.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

function rolesOf(
  { writers, rollups }: StressOptions,
  scripts: Awaited<ReturnType<typeof bundleScripts>>,
): readonly Role[] {
  const many = (count: number, name: string, script: string): readonly Role[] =>
    Array.from({ length: count }, (_, i) => ({ name: `${name}-${i}`, script, words: [String(i)] }));
  return [
    ...many(writers, "writer", scripts.writer),
    ...many(rollups, "rollup", scripts.rollup),
    ...many(1, "collector", scripts.collector),
  ];
}

/** Blows until the time is over, and one lost head in between where that is asked for. Gives the seconds. */
async function work(crew: Crew, host: Host, store: StoreId, options: StressOptions): Promise<number> {
  const begun = Date.now();
  const end = begun + options.seconds * 1_000;
  const random = createRandom(options.seed + 1).fraction;
  let told = begun;
  let beheaded = !options.behead;
  while (Date.now() < end && !stop.signal.aborted) {
    await host.platform.wait(2 * options.blowsEveryMs * random(), stop.signal);
    if (!beheaded && Date.now() > begun + options.seconds * 500) {
      beheaded = true;
      await behead(crew, host, store);
    } else await crew.strike();
    if (Date.now() - told < 10_000) continue;
    told = Date.now();
    say(`${Math.round((told - begun) / 1_000)} s: ${crew.kills} killed, ${crew.stops} stopped for a while`);
  }
  return (Date.now() - begun) / 1_000;
}

/** The worst that can happen to a store: its head is gone while everybody works. */
async function behead(crew: Crew, host: Host, store: StoreId): Promise<void> {
  await host.bucket.delete([headKey(store)]);
  say("the head is deleted");
  const count = await crew.allSay("headless", 60_000);
  say(`every process says so: ${count} of ${count}`);
  const { updates, segments, joined, raw, head } = await recoverStore(host, { store });
  say(
    `recovered: epoch ${head.epoch}, rev ${head.rev}, ${updates} updates in ${segments} segments, ${joined} joined, ${raw} raw`,
  );
}

/** Faults have stopped: what is stored comes into the log. */
async function publishRest(host: Host, store: StoreId): Promise<void> {
  await host.platform.wait(1_000 + (stressSettings.graceMs ?? 0));
  const rollup = createRollup(host, { store, model: model as never });
  for (;;) {
    const { more, published } = await rollup.round();
    if (!more && published === 0) return;
  }
}

type Journals = ReadonlyMap<string, readonly (readonly string[])[]>;

function acknowledgedIn(journals: Journals, writers: number): readonly Acknowledged[] {
  return Array.from({ length: writers }, (_, writer) =>
    (journals.get(`writer-${writer}`) ?? [])
      .filter(([word]) => word === "acked")
      .map(([, seq, timestamp]) => ({ writer, seq: Number(seq), timestamp: Number(timestamp) })),
  ).flat();
}

interface Outcome {
  readonly crew: Crew;
  readonly journals: Journals;
  readonly seconds: number;
  readonly options: StressOptions;
}

function report(verdict: Verdict, { crew, journals, seconds, options }: Outcome): number {
  const { acknowledged, replayed, lost, doubled, faults, published } = verdict;
  const requestsOf = (role: string) =>
    sumOf([...journals].filter(([name]) => name.startsWith(role)).map(([, lines]) => requestsIn(lines)));
  const byRole = {
    writers: requestsOf("writer"),
    rollups: requestsOf("rollup"),
    collector: requestsOf("collector"),
  };
  for (const [role, { get, put, swap, list }] of Object.entries(byRole))
    say(`${role.padEnd(10)} ${get} GET, ${put} PUT, ${swap} CAS, ${list} LIST`);
  const words = [...journals.values()].flat();
  const headless = words.filter(([word]) => word === "headless").length;
  const troubles = words.filter(([word]) => word === "trouble").length;
  say(
    `published ${published}, stopped for a while ${crew.stops}, waited out ${troubles} troubles and ${headless} lost heads`,
  );
  for (const name of crew.fallen) say(`FELL: ${name}`);
  for (const fault of faults) say(`WRONG: ${fault}`);
  const asked = totalOf(byRole.writers) + totalOf(byRole.rollups);
  const good =
    lost + doubled + faults.length + crew.fallen.length === 0 &&
    acknowledged > 0 &&
    published >= acknowledged;
  if (options.json)
    console.log(
      JSON.stringify({ ...verdict, kills: crew.kills, stops: crew.stops, seconds, requests: byRole }),
    );
  console.log(
    `acknowledged ${acknowledged}, replayed ${replayed}, lost ${lost}, doubled ${doubled}, kills ${crew.kills}, ` +
      `updates/s ${(acknowledged / seconds).toFixed(1)}, requests/update ${(asked / Math.max(1, acknowledged)).toFixed(2)}`,
  );
  return good ? 0 : 1;
}

function sumOf(all: readonly Requests[]): Requests {
  const sum = (kind: keyof Requests) => all.reduce((total, one) => total + one[kind], 0);
  return { get: sum("get"), put: sum("put"), swap: sum("swap"), list: sum("list") };
}

function totalOf({ get, put, swap, list }: Requests): number {
  return get + put + swap + list;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
