/**
 * directRemote: direct mode with credentials that a server hands out. The client reads and writes the bucket itself (bucketRemote); the
 * server is asked for access alone, about once an hour.
 *
 * Credentials are one app's and one store's, so each app id has a bucket of its own here: a cloned storage goes on under a new id, while
 * what it sent under the old one still goes out under that. The bucket's address comes with the credentials: an app knows its server only.
 */
import { StoreError } from "../../shared/errors.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import type { Settings } from "../../shared/settings.ts";
import type { DirectGrant } from "../../shared/wire/http-access.ts";
import type { AppId, StoreId } from "../../shared/wire/ids.ts";
import { createWebPlatform } from "../platform.ts";
import { bucketRemote } from "../remote/bucket.ts";
import { type FetchLike, findFetch } from "../remote/fetch-like.ts";
import { parseAddress } from "../remote/http-address.ts";
import { timeoutMsDefault } from "../remote/http-limits.ts";
import { createRequester } from "../remote/http-request.ts";
import type { Remote, RemoteStore } from "../remote/remote.ts";
import { askGrant } from "./ask-grant.ts";
import { withForbidden } from "./forbidden.ts";

/** What requests to the bucket are signed with, for a while. */
export type DirectCredentials = Omit<DirectGrant, "address">;

/** What opens a bucket from where the client runs: `createS3FetchBucket` of icecore/bucket/s3-fetch, or what takes the same. */
export type OpenBucket = (options: {
  readonly address: string;
  readonly credentials: () => Promise<DirectCredentials>;
  readonly platform: Platform;
}) => Bucket;

export interface DirectRemoteOptions {
  readonly openBucket: OpenBucket;
  /** For the server alone: asked before each request to it, and again where it refuses what it gave. @default no token */
  readonly token?: () => string | Promise<string>;
  /** @default this engine's own, by createWebPlatform() */
  readonly platform?: Platform;
  /** For the server; the bucket has its own. @default the platform's own */
  readonly fetch?: FetchLike;
  /** Silence of the server after which a request is given up. @default 30,000 */
  readonly timeoutMs?: number;
  readonly settings?: Partial<Settings>;
}

/**
 * A bucket as the remote of a client, with credentials from the server at `url`: `createApp({ direct })`, or the credentials Lambda.
 * Asks for nothing before the first round, when the app id is known. A rollup must run somewhere.
 *
 * @throws StoreError "rejected" for an address that is none or not safe, "incompatible" where there is no fetch.
 * @example
 * const remote = directRemote("https://notes.example.org", { openBucket: createS3FetchBucket, token: () => session.accessToken });
 * const store = openStore({ model: notes, storeId: "family", remote, local: idbLocal() });
 */
export function directRemote(url: string, options: DirectRemoteOptions): Remote {
  const { openBucket, platform = createWebPlatform(), token, timeoutMs = timeoutMsDefault } = options;
  const address = parseAddress(url);
  const fetch = options.fetch ?? findFetch();
  if (fetch === undefined) throw noFetch();
  const requester = createRequester({ address, fetch, token, platform, timeoutMs });
  const parts = { openBucket, platform, settings: options.settings ?? {} };
  return {
    name: `${address}, directly`,
    open: (store, app = noApp) =>
      createDirectStore(app, (one, onMoved) =>
        openFor(() => askGrant({ store, app: one }, requester, platform), { ...parts, store, onMoved }),
      ),
  };
}

/** Opens what an app id needs when it is first used; what could not be opened is tried again with the next request. */
function createDirectStore(
  app: () => Promise<AppId>,
  open: (app: AppId, onMoved: () => void) => Promise<RemoteStore>,
): RemoteStore {
  const opened = new Map<AppId, Promise<RemoteStore>>();
  let latest: RemoteStore | null = null;

  async function storeOf(one: AppId): Promise<RemoteStore> {
    const forget = () => void opened.delete(one);
    const opening = opened.get(one) ?? open(one, forget);
    opened.set(one, opening);
    // Whoever waits is told by `opening` itself.
    opening.catch(forget);
    latest = await opening;
    return latest;
  }

  const mine = async (): Promise<RemoteStore> => storeOf(await app());
  return {
    get: async (key, options) => (await mine()).get(key, options),
    tail: async (input) => (await mine()).tail(input),
    send: async (update) => (await storeOf(update.app)).send(update),
    clockOffsetMs: () => latest?.clockOffsetMs() ?? null,
  };
}

interface OpenParts {
  readonly store: StoreId;
  readonly openBucket: OpenBucket;
  readonly platform: Platform;
  readonly settings: Partial<Settings>;
  /** The bucket is elsewhere now. */
  readonly onMoved: () => void;
}

async function openFor(ask: () => Promise<DirectGrant>, parts: OpenParts): Promise<RemoteStore> {
  const { store, openBucket, platform, settings, onMoved } = parts;
  let unused: DirectGrant | null = await ask();
  const { address } = unused;

  async function credentials(): Promise<DirectCredentials> {
    const given = unused ?? (await ask());
    unused = null;
    if (given.address === address) return given;
    onMoved();
    throw moved(address, given.address);
  }

  const bucket = openBucket({ address, credentials, platform });
  return bucketRemote(withForbidden(bucket, store, platform), platform, settings).open(store);
}

/** For a client that does not say who it is. */
async function noApp(): Promise<never> {
  throw new StoreError({
    kind: "rejected",
    what: "Direct mode needs the app id, which credentials are for",
    fix: "Open the store with openStore, or hand Remote.open a function that gives the app id.",
  });
}

function moved(from: string, to: string): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `The bucket is no longer ${from} but ${to}`,
    fix: "It is opened there with the next try.",
  });
}

function noFetch(): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: "This platform has no fetch",
    fix: "Give one: directRemote(url, { fetch, platform, openBucket }).",
  });
}
