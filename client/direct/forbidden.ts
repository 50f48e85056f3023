/**
 * What "forbidden" means to a client in direct mode. S3 tells only those who may list a whole bucket that an object is not there; these
 * credentials list one prefix, so to them a missing object looks like a forbidden one.
 *
 * Raw updates of this store they may read, whatever their name: one that is forbidden is gone, published and deleted since the tail
 * listed it, which is daily life. Elsewhere the error stays, for it may be true; the next round reads the head anew.
 */
import { StoreError } from "../../shared/errors.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { parseHeadKey, parseUpdateKey } from "../../shared/wire/keys.ts";

export function withForbidden(bucket: Bucket, store: StoreId, { now }: Pick<Platform, "now">): Bucket {
  /** The bucket's clock minus this machine's, by its last answer: an error tells none. */
  let aheadMs = 0;
  return {
    ...bucket,
    async get(key, options) {
      try {
        const answer = await bucket.get(key, options);
        aheadMs = answer.date - now();
        return answer;
      } catch (error) {
        if (!isForbidden(error)) throw error;
        if (parseUpdateKey(key)?.store === store) return { is: "absent", date: now() + aheadMs };
        throw parseHeadKey(key) === store ? noHead(store, key, error) : error;
      }
    },
  };
}

/** By S3's own word: credentials that are wrong or have ended are "unauthorized", too. */
function isForbidden(error: unknown): boolean {
  if (!(error instanceof StoreError) || error.kind !== "unauthorized") return false;
  return (Object(error.cause) as { readonly code?: unknown }).code === "AccessDenied";
}

function noHead(store: StoreId, key: string, cause: unknown): StoreError {
  return new StoreError(
    {
      kind: "unauthorized",
      what: `Store "${store}" is not there, or the server's credentials are not for it`,
      fix: "Make the store first; if it is there, let the role for direct mode read its head.",
      store,
      key,
    },
    cause,
  );
}
