/**
 * A local storage that was copied while its app was shut: two instances with one app id, which both have sent a seq 2. The log took the
 * original's. The copy has sent its own to a store that took it and never answered a poll, so it learns of all that later: from a segment,
 * or only from the marks after a snapshot (docs/protocol.md, "Outbox").
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Local } from "../../client/local/local.ts";
import type { Remote } from "../../client/remote/remote.ts";
import type { AppId } from "../../shared/wire/ids.ts";
import { builtPrefix } from "../../shared/wire/keys.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { type ClientWorld, createClientWorld, type Network } from "../fixtures/client-world.ts";

type Client = ReturnType<ClientWorld["client"]>;

let world: ClientWorld;
afterEach(() => world.close());

/** What a segment holds is in no head: the answer to a send brings a head with it, and the copy would hear from that. */
const unheard = { inlineBytesMax: 1 };

/** Nothing happens but what a test asks for. */
const settings = { pollDelayMs: 60_000, pollDelayMsMax: 60_000, tail: "hint" } as const;

const put = (key: string, value = key) => ({ key, value });
const fiveKeys = ["b1", "b2", "b3", "b4", "b5"] as const;
/** Five of them are too much for one update: the fifth goes out in a second one. */
const large = "x".repeat(60_000);

async function copyOf(local: Local): Promise<Local> {
  const rows = await local.open(world.store);
  const all = await rows.load();
  await rows.close();
  const other = world.local();
  const copied = await other.open(world.store);
  await copied.commit({ put: all, delete: [] });
  await copied.close();
  return other;
}

interface Copy {
  readonly client: Client;
  readonly local: Local;
  readonly network: Network;
}

/** "before" is seq 1 of both, "a" is the original's seq 2 and in the log; the copy is open, and knows of seq 1 alone. */
async function cloned(): Promise<Copy> {
  const local = world.local();
  const first = world.client({ local, settings });
  first.do.put(put("before"));
  await published(first);
  await first.close();
  const copied = await copyOf(local);
  const network: Network = { down: false, deaf: false };
  const copy = world.client({ local: copied, remote: world.remote(network), settings });
  await copy.sync.now();
  const original = world.client({ local, settings });
  original.do.put(put("a"));
  await published(original);
  return { client: copy, local: copied, network };
}

async function published(client: Client): Promise<void> {
  await client.sync.now();
  await world.rollup();
  await client.sync.now();
}

/** What waits goes out and is stored; no poll is answered, now and from now on. */
async function sendUnheard(
  { client, network }: Copy,
  keys: readonly string[],
  value?: string,
): Promise<void> {
  network.deaf = true;
  for (const key of keys) client.do.put(put(key, value));
  await expect(client.sync.now()).rejects.toThrow("no network");
  expect(client.outbox.list().map(({ at }) => at)).toEqual(keys.map(() => "stored"));
  expect(client.sync.status.cloned).toBe(false);
}

/** Others write on, until a reader this far behind loads a snapshot rather than the segments. */
async function othersWriteOn(): Promise<void> {
  const other = world.client({ settings });
  for (let i = 0; i < 30; i++) {
    other.do.put(put("other", `${i} ${"x".repeat(20_000)}`));
    await other.sync.now();
    await world.rollup();
  }
}

/** The world's remote, and what is read through it. */
function watched(): { readonly remote: Remote; readonly gets: readonly string[] } {
  const gets: string[] = [];
  const inner = world.remote({ down: false });
  return {
    gets,
    remote: {
      ...inner,
      open(store, app) {
        const to = inner.open(store, app);
        const get: typeof to.get = (key, options) => {
          gets.push(key);
          return to.get(key, options);
        };
        return { ...to, get };
      },
    },
  };
}

async function untilAllIsPublished(client: Client): Promise<void> {
  for (let i = 0; client.sync.status.pending > 0 && i < 5; i++) await published(client);
  expect(client.sync.status).toMatchObject({ cloned: true, pending: 0, dead: 0, error: null });
}

const keysOf = ({ actions }: StampedUpdate) =>
  actions.map(({ data }) => (data as { readonly key: string }).key);

/** What both copies have in the log, in its order; a key that was sent twice stands there twice. */
async function loggedByBoth(): Promise<readonly { readonly app: AppId; readonly keys: readonly string[] }[]> {
  return (await world.log())
    .map((update) => ({ app: update.app, keys: keysOf(update) }))
    .filter(({ keys }) => !keys.includes("other"));
}

async function loggedKeys(): Promise<readonly string[]> {
  return (await loggedByBoth()).flatMap(({ keys }) => keys).sort();
}

/**
 * The copy's seq 2 never will be in the log, as the original's is: its actions went out again, under a new app id. Its seq 3 was nobody
 * else's and came into the log as it was sent.
 */
async function expectOnlySeqTwoAgain(): Promise<void> {
  const [before, a, third, again, ...more] = await loggedByBoth();
  expect(more).toEqual([]);
  expect([before?.keys, a?.keys]).toEqual([["before"], ["a"]]);
  expect(third).toEqual({ app: before?.app, keys: ["b5"] });
  expect(again?.keys).toEqual(["b1", "b2", "b3", "b4"]);
  expect(again?.app).not.toBe(before?.app);
}

describe("A clone that meets the other's update in a segment", () => {
  beforeEach(async () => {
    world = await createClientWorld({ ...unheard, snapshotBytesMin: Number.MAX_SAFE_INTEGER });
  });

  it("sends again what the log has passed, and leaves alone what may still come into the log as it is", async () => {
    const copy = await cloned();
    const { client, network } = copy;
    await sendUnheard(copy, fiveKeys, large);
    network.deaf = false;
    await client.sync.now();
    expect(client.sync.status.cloned).toBe(true);
    await untilAllIsPublished(client);
    await expectOnlySeqTwoAgain();
  });
});

describe("A clone that learns of it from the marks after a snapshot", () => {
  let gets: readonly string[] = [];
  const getsOf = (kind: "snapshots" | "marks") =>
    gets.filter((key) => key.startsWith(builtPrefix(kind, world.store)));

  beforeEach(async () => {
    world = await createClientWorld(unheard);
  });
  /** After the first, segments told the rest. */
  afterEach(() => expect(getsOf("snapshots")).toHaveLength(1));

  /** The copy, shut and opened again; it has loaded a snapshot, so no segment told it whose seq 2 is in the log. */
  async function reopened(copy: Copy): Promise<Client> {
    await copy.client.close();
    const { remote, gets: made } = watched();
    gets = made;
    const again = world.client({ local: copy.local, remote, settings });
    await again.loaded;
    await again.sync.now();
    expect(getsOf("snapshots")).toHaveLength(1);
    expect(getsOf("marks")).toHaveLength(1);
    expect(again.sync.status.cloned).toBe(true);
    return again;
  }

  it("loses nothing: that the marks hold its seq does not say that they hold its update", async () => {
    const copy = await cloned();
    await sendUnheard(copy, ["b"]);
    await othersWriteOn();
    const again = await reopened(copy);
    await untilAllIsPublished(again);
    expect(await loggedKeys()).toEqual(["a", "b", "before"]);
    expect(again.confirmedState.pairs.has("b")).toBe(true);
  });

  it("sends again only what the marks have passed", async () => {
    const copy = await cloned();
    await othersWriteOn();
    await sendUnheard(copy, fiveKeys, large);
    const again = await reopened(copy);
    await untilAllIsPublished(again);
    await expectOnlySeqTwoAgain();
  });
});
