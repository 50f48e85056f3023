/**
 * The Bucket port: what the protocol needs of object storage, and no more.
 *
 * Every answer carries the bucket's own `date`. A conditional write answers `unknown` where it may or may not have
 * happened (time-out, reset, 5xx): that is an outcome of normal life, not an error, and an adapter must never retry it
 * in hiding, because a 412 after a hidden retry can be one's own success. Reads and deletes may be retried.
 * A request that certainly did nothing and cannot work (no permission, full disk) throws a StoreError.
 */

/** Opaque version of one object, as the bucket spells it. */
export type Etag = string;

interface Dated {
  /** The bucket's clock when it answered, in milliseconds since 1970. */
  readonly date: number;
}

export type GetAnswer =
  | (Dated & {
      readonly is: "found";
      readonly body: Uint8Array;
      readonly etag: Etag;
      readonly lastModified: number;
    })
  | (Dated & { readonly is: "unchanged" })
  | (Dated & { readonly is: "absent" })
  | (Dated & { readonly is: "tooLarge"; readonly bytes: number; readonly start: Uint8Array });

export type WriteAnswer =
  | (Dated & { readonly is: "stored"; readonly etag: Etag })
  /** The condition did not hold (HTTP 412): something else is there, or nothing where something was expected. */
  | (Dated & { readonly is: "refused" })
  /** It may have happened, or may happen later. Nobody's clock may stand behind this date. */
  | (Dated & { readonly is: "unknown"; readonly why: string });

export interface Listed {
  readonly key: string;
  readonly bytes: number;
  readonly lastModified: number;
}

export interface ListAnswer extends Dated {
  /** In UTF-8 order of the key. */
  readonly objects: readonly Listed[];
  /** True when keys after the last one exist. */
  readonly more: boolean;
}

export interface PutContent {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding?: "gzip";
  readonly cacheControl: string;
}

/** How an HTTP bucket wants an etag in If-Match: as it gave it, or without its quotes (Ceph's gateway, DigitalOcean Spaces). */
export type IfMatchSpelling = "quoted" | "unquoted";

export interface Bucket {
  /** For people and errors: the URL without secrets. */
  readonly name: string;
  /** Reads an object from the bucket itself. Above `bytesMax` only the first 64 KiB come. */
  get(key: string, options?: { readonly ifNoneMatch?: Etag; readonly bytesMax?: number }): Promise<GetAnswer>;
  /** Stores a new object; `refused` when the key exists (If-None-Match: *). */
  putIfAbsent(key: string, content: PutContent): Promise<WriteAnswer>;
  /**
   * Replaces an object; `refused` unless its etag is still the given one (If-Match). `ifMatch` is how somebody has found that this
   * bucket wants the etag spelled: it saves finding out, and is not trusted.
   */
  putIfMatch(
    key: string,
    content: PutContent,
    etag: Etag,
    options?: { readonly ifMatch?: IfMatchSpelling },
  ): Promise<WriteAnswer>;
  /** One page of the keys that start with `prefix` and come after `after` (any text). */
  list(prefix: string, options?: { readonly after?: string; readonly limit?: number }): Promise<ListAnswer>;
  /** Deletes objects; absent ones are no error. */
  delete(keys: readonly string[]): Promise<Dated>;
  /** The spelling that a swap of this process succeeded with; null before. Absent where etags are never spelled. */
  readonly ifMatch?: () => IfMatchSpelling | null;
  /** What the service says of the bucket itself, for `icecore doctor`; absent where there is nothing to say. */
  readonly facts?: () => Promise<BucketFacts>;
}

/** A fact that may not be asked for: null with the reason why. */
export type Fact<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: string };

export interface BucketFacts {
  /** The service as it names itself or as its address tells, e.g. "Amazon S3". */
  readonly service: string;
  /** Found on the list of known services: what is known of it; null for one that is not on it. */
  readonly known: { readonly good: boolean; readonly note: string } | null;
  readonly versioning: Fact<"off" | "on" | "suspended">;
  readonly lifecycle: Fact<readonly LifecycleRule[]>;
}

/** An enabled rule that removes or moves current objects. */
export interface LifecycleRule {
  readonly id: string;
  /** Of keys as the port sees them: "" for all; null where the rule looks at tags, which icecore's objects do not have. */
  readonly prefix: string | null;
  readonly does: "expires" | "freezes";
}
