/**
 * GET …/segments/:key and its like: immutable objects, as the bucket holds them. A name is taken only when it is one that this store's
 * objects have, so no path leads elsewhere.
 */
import { immutable, isGzip } from "../shared/drive/body.ts";
import { StoreError } from "../shared/errors.ts";
import { type ServedKind, servedKey } from "../shared/wire/http-routes.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { absent, answerBytes, takesGzip } from "./answers.ts";
import type { Answering, Parts } from "./call.ts";

export function createObjectAnswer(kind: ServedKind, { host }: Parts): Answering {
  const { bucket, platform, settings } = host;
  const bytesMax = settings.objectBytesMax;

  return async ({ request, store, name }) => {
    const key = servedKey(store, kind, name);
    if (key === undefined) throw noObject(kind);
    const object = await bucket.get(key, { bytesMax });
    if (object.is === "absent") throw noObject(kind);
    if (object.is !== "found") throw damaged(store, key);
    const packed = isGzip(object.body);
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
      "cache-control": immutable,
      vary: "accept-encoding",
    };
    if (!packed) return answerBytes(object.body, 200, headers);
    if (takesGzip(request)) return answerBytes(object.body, 200, { ...headers, "content-encoding": "gzip" });
    const plain = await platform.gunzip(object.body, bytesMax).catch(() => undefined);
    if (plain === undefined) throw damaged(store, key);
    return answerBytes(plain, 200, headers);
  };
}

function noObject(kind: ServedKind) {
  return absent(
    `There is no such object among the store's ${kind}`,
    "Read the head again and take what it names.",
  );
}

function damaged(store: StoreId, key: string): StoreError {
  return new StoreError({
    kind: "corrupt",
    what: `Object ${key} of store "${store}" cannot be used: it is damaged or too large`,
    fix: `"icecore verify --store ${store}" lists everything that is wrong.`,
    store,
    key,
  });
}
