/** The Bucket port over an adapter's own requests: what comes before them and between them is the same, whoever sends them. */
import type {
  Bucket,
  Etag,
  GetAnswer,
  ListAnswer,
  PutContent,
  WriteAnswer,
} from "../../shared/ports/bucket.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { requireKey } from "../key-rules.ts";
import { type IfMatch, isEtag } from "./if-match.ts";
import type { Wanted } from "./list.ts";
import type { S3Location } from "./location.ts";
import type { Condition } from "./write.ts";

/** What every adapter's parts have. */
export interface PortParts {
  readonly location: S3Location;
  readonly ifMatch: IfMatch;
}

/** An adapter's requests over its parts. */
export interface S3Requests<P extends PortParts> {
  /** The service's clock as far as it is known: dates what is refused without a request. */
  readonly now: () => number;
  readonly readObject: (
    parts: P,
    key: string,
    options: NonNullable<Parameters<Bucket["get"]>[1]>,
  ) => Promise<GetAnswer>;
  readonly readEtag: (parts: P, key: string) => Promise<Etag | null>;
  readonly writeObject: (
    parts: P,
    key: string,
    content: PutContent,
    condition: Condition,
  ) => Promise<WriteAnswer>;
  readonly listPage: (parts: P, wanted: Wanted) => Promise<ListAnswer>;
  readonly deleteAll: (parts: P, keys: readonly string[]) => Promise<{ readonly date: number }>;
}

export function createS3Port<P extends PortParts>(parts: P, requests: S3Requests<P>): Bucket {
  const { location, ifMatch: spelling } = parts;
  const { now, readObject, readEtag, writeObject, listPage, deleteAll } = requests;
  const check = (key: string): void => requireKey(key, location.name);

  return {
    name: location.name,
    async get(key, options = {}) {
      check(key);
      return readObject(parts, key, options);
    },
    async putIfAbsent(key, content) {
      check(key);
      return writeObject(parts, key, content, { ifNoneMatch: "*" });
    },
    async putIfMatch(key, content, etag, { ifMatch } = {}) {
      check(key);
      if (!isEtag(etag)) return { is: "refused", date: now() };
      return spelling.swap(etag, ifMatch, {
        send: (spelt) => writeObject(parts, key, content, { ifMatch: spelt }),
        current: () => readEtag(parts, key),
      });
    },
    list: (prefix, { after = "", limit = defaultSettings.listKeysMax } = {}) =>
      listPage(parts, { prefix, after, limit: Math.min(limit, defaultSettings.listKeysMax) }),
    async delete(keys) {
      for (const key of keys) check(key);
      return deleteAll(parts, keys);
    },
    ifMatch: spelling.known,
  };
}
