/** docs/hints.md quotes files that are compiled, and run here; its sums are those of its prices. */
import { expect, test } from "vitest";
import { wakeOnApns } from "../../examples/recipes/push-apns.ts";
import { syncOnFcm, wakeOnFcm } from "../../examples/recipes/push-fcm.ts";
import { passOnWebPush, wakeOnWebPush } from "../../examples/recipes/push-web.ts";
import { createClientWorld } from "../fixtures/client-world.ts";
import { readText } from "../unit/house/source.ts";

const text = readText("docs/hints.md");

function shownOf(path: string): string {
  const region = /\/\/ recipe begins\n([\s\S]*?)\/\/ recipe ends/.exec(readText(path))?.[1] ?? "";
  return region
    .replace("../../client/index.ts", "icecore/client")
    .replace("../../shared/index.ts", "icecore");
}

test("Each recipe for push notifications is the file that is named above it.", () => {
  const blocks = [...text.matchAll(/\[(examples\/\S+\.ts)\]\(\S+\):\n\n```ts\n([\s\S]*?)```/g)];
  expect(blocks).toHaveLength(3);
  for (const [, path = "", code] of blocks) expect(code).toBe(shownOf(path));
});

test("The costs are what the prices and counts beside them give.", () => {
  const month = { short: 30 * 2 * 3_600, long: 30 * 24 * 3_600 };
  const row = (name: string) =>
    [
      ...(text.split("\n").find((line) => line.startsWith(`| ${name}`)) ?? "").matchAll(/\$(\d+\.\d+) \|/g),
    ].map(([, dollars]) => Number(dollars));
  const polls = (seconds: number) =>
    [month.short, month.long].map((all) => (all / (seconds * 0.75)) * 1.5e-6);
  const minutes = [month.short, month.long].map((all) => (all / 60) * 0.08e-6);
  const near = (expected: readonly number[]) => expected.map((one) => expect.closeTo(one, 4));
  expect(row("polling alone, idle")).toEqual(near(polls(60)));
  expect(row("polling alone, somebody")).toEqual(near(polls(2)));
  expect(row("hints:")).toEqual(near(minutes));
  expect(row("… and the polls left")).toEqual(near(polls(600)));
  expect(row("… together")).toEqual(near(polls(600).map((one, i) => one + (minutes[i] ?? 0))));
  const perThousand = 1_000 * 1e-6 + 7_000 * 1.5e-6;
  expect(row("… and for each 1,000 hints")).toEqual(near([perThousand, perThousand]));
  let waits = 0;
  for (let seconds = 60; seconds < 600; seconds *= 1.5) waits += 1;
  expect(waits).toBe(6);
});

test("A push wakes the poll of an open store, and syncs one that the system opened for it.", async () => {
  const world = await createClientWorld();
  const slow = { pollDelayMs: 3_600_000, pollDelayMsMax: 3_600_000 };
  const store = world.client({ settings: slow });
  await store.sync.now();
  const other = world.client({ settings: { ...slow, sendDelayMs: 1 } });
  const news = async (key: string, push: () => unknown) => {
    other.do.put({ key, value: 1 });
    await other.sync.now();
    await world.rollup();
    await push();
    await expect.poll(() => store.state.pairs.has(key)).toBe(true);
  };

  const fcm: (() => Promise<void>)[] = [];
  const messaging = {
    onMessage: (listener: () => Promise<void>) => {
      fcm.push(listener);
      return () => void fcm.pop();
    },
    setBackgroundMessageHandler: (listener: () => Promise<void>) => void fcm.push(listener),
  };
  const stop = wakeOnFcm(messaging, store);
  await news("fcm", () => fcm[0]?.());
  stop();
  expect(fcm).toEqual([]);

  const apns = new Map<string, () => void>();
  const stopApns = await wakeOnApns(
    {
      async addListener(name, listener) {
        apns.set(name, listener);
        return { remove: async () => void apns.delete(name) };
      },
    },
    store,
  );
  for (const name of ["pushNotificationReceived", "pushNotificationActionPerformed"])
    await news(name, () => apns.get(name)?.());
  await stopApns();
  expect(apns.size).toBe(0);

  let push: (given: { waitUntil(work: Promise<void>): void }) => void = () => undefined;
  let note: (given: { readonly data: unknown }) => void = () => undefined;
  const shown: string[] = [];
  wakeOnWebPush(
    {
      addEventListener: (_, listener) => {
        note = listener;
      },
    },
    store,
  );
  passOnWebPush(
    {
      clients: { matchAll: async () => [{ postMessage: (data) => note({ data }) }] },
      registration: { showNotification: async (title) => void shown.push(title) },
      addEventListener: (_, listener) => {
        push = listener;
      },
    },
    "There is news",
  );
  await news("web", () => push({ waitUntil: () => undefined }));
  expect(shown).toEqual(["There is news"]);

  let opened = world.client({ settings: slow });
  await opened.close();
  syncOnFcm(messaging, () => {
    opened = world.client({ settings: slow });
    return opened;
  });
  await fcm[0]?.();
  expect([opened.state.pairs.size, opened.sync.status.phase]).toEqual([4, "closed"]);
  await world.close();
});
