/**
 * Whose app id is it? An update of an app, and credentials for it, are given to its owner alone: who else could write under its id
 * could make the log take their update for its next one (docs/rfcs/0003-app-owners.md).
 *
 * A token's own `app` claim says it outright. Else the principal that first uses an app id owns it: the owner's object is created
 * If-None-Match, so of two who are first at once the bucket takes one, and it never changes, so a warm copy is never stale. Each principal
 * may be first a bounded number of times an hour, as what it leaves behind stays for ever.
 */
import { decodeBody, encodeBody } from "../shared/drive/body.ts";
import type { Host } from "../shared/drive/run.ts";
import { StoreError } from "../shared/errors.ts";
import { encodeAppOwner, parseAppOwner } from "../shared/wire/app-owner.ts";
import type { AppId } from "../shared/wire/ids.ts";
import { appKey } from "../shared/wire/keys.ts";
import { Refusal } from "./answers.ts";
import type { Claims } from "./auth.ts";
import type { PrincipalOf } from "./principal.ts";
import { createRecent } from "./recent.ts";
import type { ServerSettings } from "./settings.ts";
import { createTokenBuckets, type TokenBuckets } from "./token-buckets.ts";

export interface AppOwners {
  /**
   * Throws Refusal 403 where the app id is not the caller's own, 429 where they used too many new ones, StoreError where the bucket could
   * not tell. `fresh`: it is most likely used for the first time; saves a request where that is so, and costs one where it is not.
   */
  require(claims: Claims | null, app: AppId, options?: { readonly fresh?: boolean }): Promise<void>;
}

export interface AppOwnersParts {
  readonly host: Host;
  readonly settings: ServerSettings;
  readonly principalOf: PrincipalOf;
}

/** For servers whose users trust each other with their app ids. */
export const anyOwner: AppOwners = { require: async () => undefined };

export function createAppOwners({ host, settings, principalOf }: AppOwnersParts): AppOwners {
  const warm = createRecent<AppId, string>(settings.appOwnersWarmMax);
  const allowance = createTokenBuckets({
    platform: host.platform,
    tokenMs: hourMs / Math.max(1, settings.newAppsAnHour),
    burst: settings.newAppsAnHour,
    holdersMax: settings.rateHoldersMax,
  });
  /** One question at a time of each app: who comes meanwhile hears its answer, whoever they are. */
  const asking = new Map<AppId, Promise<string>>();

  function ownerOf(app: AppId, claimant: string, fresh: boolean): Promise<string> {
    const begun = asking.get(app);
    if (begun) return begun;
    const asked = findOwner({ app, claimant, fresh, host, allowance })
      .then((owner) => {
        warm.set(app, owner);
        return owner;
      })
      .finally(() => asking.delete(app));
    asking.set(app, asked);
    return asked;
  }

  return {
    async require(claims, app, { fresh = false } = {}) {
      // Nobody in particular may write here: then app ids are nobody's either.
      if (claims === null) return;
      if (claims.app !== undefined && claims.app !== null) {
        if (claims.app !== app) throw notTokens(app);
        return;
      }
      const principal = principalOf(claims);
      if (principal === undefined) throw nameless();
      const owner = warm.get(app) ?? (await ownerOf(app, principal, fresh));
      if (owner !== principal) throw notYours(app);
    },
  };
}

interface Asked {
  readonly app: AppId;
  /** Who becomes the owner where there is none. */
  readonly claimant: string;
  readonly fresh: boolean;
  readonly host: Host;
  /** Of new app ids, by principal. */
  readonly allowance: TokenBuckets;
}

/** The owner as the bucket has it, for ever. Throws StoreError: then nothing is known, and asking again is safe; Refusal 429. */
async function findOwner(asked: Asked): Promise<string> {
  const { app, claimant, fresh, host, allowance } = asked;
  const look = () => readOwner(app, host).catch(unlessHidden);
  const known = fresh ? null : await look();
  if (known !== null) return known;
  const waitMs = allowance.take(claimant);
  if (waitMs > 0) {
    // It may be an old one all the same.
    const other = fresh ? await look() : null;
    if (other !== null) return other;
    throw tooManyNew(waitMs);
  }
  let isMade = false;
  try {
    isMade = await createOwner(asked);
  } finally {
    if (!isMade) allowance.giveBack(claimant);
  }
  if (isMade) return claimant;
  // Refused: somebody was first. Unknown: it may be there, and if it is not yet, it may still come: then as this claimant's.
  const found = await readOwner(app, host);
  if (found === null) throw undecided(appKey(app));
  return found;
}

/** False where the claimant is not known to have become the owner. */
async function createOwner({ app, claimant, host }: Asked): Promise<boolean> {
  const { bucket, platform, settings } = host;
  const key = appKey(app);
  const content = await encodeBody(key, encodeAppOwner({ app, principal: claimant }), platform, settings);
  return (await bucket.putIfAbsent(key, content)).is === "stored";
}

/** A bucket that may not be listed says "forbidden" of what is not there: the PUT then finds out. */
function unlessHidden(error: unknown): null {
  if (error instanceof StoreError && error.kind === "unauthorized") return null;
  throw error;
}

async function readOwner(app: AppId, { bucket, platform, settings }: Host): Promise<string | null> {
  const key = appKey(app);
  const answer = await bucket.get(key, { bytesMax: ownerBytesMax });
  if (answer.is === "unchanged") return null;
  const read = await decodeBody(answer, platform, ownerBytesMax, settings);
  if (read.is === "absent") return null;
  if (read.is === "unreadable") throw damaged(key, read.reason);
  const owner = parseAppOwner(read.json);
  if (!owner.ok) throw damaged(key, owner.reason);
  if (owner.value.app !== app) throw damaged(key, "it names another app");
  return owner.value.principal;
}

const hourMs = 3_600_000;

/** Longer than any that is written; room for what people put beside it. */
const ownerBytesMax = 16 * 1024;

function notYours(app: AppId): Refusal {
  return new Refusal(403, {
    kind: "unauthorized",
    what: `App id ${app} belongs to somebody else who signed in here`,
    fix: "Give each user who signs in a local storage of their own; what is unsent in this one waits for its owner.",
  });
}

function tooManyNew(waitMs: number): Refusal {
  return new Refusal(429, {
    kind: "unavailable",
    what: "Too many new app ids were used by who signed in here, in a short time",
    fix: "Wait as long as Retry-After says; open stores with a local storage that stays, so that it keeps its app id.",
    retryAfterMs: Math.ceil(waitMs),
  });
}

function notTokens(app: AppId): Refusal {
  return new Refusal(403, {
    kind: "unauthorized",
    what: `The token is for another app id than ${app}`,
    fix: "Ask for a token for this app id, or open the store with the local storage that the token was made for.",
  });
}

function nameless(): Refusal {
  return new Refusal(403, {
    kind: "unauthorized",
    what: "The token names nobody whom an app id could belong to",
    fix: "Send one with a subject (sub) or an app; who runs the server can name its holder by principalOf.",
  });
}

function damaged(key: string, reason: string): StoreError {
  return new StoreError({
    kind: "corrupt",
    what: `Object ${key}, which says who owns an app id, cannot be used: ${reason}`,
    fix: "Bring an older version of it back, or write its owner anew.",
    key,
  });
}

function undecided(key: string): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `It is not known whether object ${key} was stored`,
    fix: "Ask again.",
    key,
  });
}
