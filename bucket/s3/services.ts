/**
 * Services that speak S3 and what is known of their conditional writes: an allow-list, and those to stay away from. Pure.
 *
 * A name only tells what to expect, since releases and settings differ: whether a bucket may hold a store is decided by the self-test
 * on the bucket itself (shared/drive/self-test.ts). Recognised by host or by the Server header, whichever speaks first.
 */

export interface Service {
  readonly name: string;
  /** Conditional writes are documented or were tested, and lists are in order. */
  readonly good: boolean;
  readonly note: string;
}

interface Sign extends Service {
  readonly host?: RegExp;
  readonly server?: RegExp;
  readonly requestId?: RegExp;
}

const trust = "the self-test decides";

const signs: readonly Sign[] = [
  {
    name: "Amazon S3",
    host: /(?:^|\.)amazonaws\.com(?:\.cn)?$/,
    server: /^AmazonS3$/,
    good: true,
    note: "conditional writes hold, with versioning too",
  },
  {
    name: "Cloudflare R2",
    host: /\.r2\.cloudflarestorage\.com$/,
    good: true,
    note: "conditional writes are documented; it has no versioning",
  },
  {
    name: "MinIO",
    server: /^MinIO/,
    good: true,
    note: `conditional writes since 2024; ${trust}`,
  },
  {
    name: "Tigris",
    host: /(?:^|\.)(?:t3\.storage\.dev|fly\.storage\.tigris\.dev)$/,
    server: /^Tigris/i,
    good: true,
    note: "conditional writes are documented; keep the bucket in one region",
  },
  {
    name: "Scaleway",
    host: /\.scw\.cloud$/,
    good: true,
    note: "conditional writes are documented",
  },
  {
    name: "OVHcloud",
    host: /\.io\.cloud\.ovh\.(?:net|us)$/,
    good: true,
    note: "conditional writes since June 2026",
  },
  {
    name: "Ceph object gateway",
    server: /^Ceph/i,
    // Its gateway has no name in its answers, but ids of a form of its own.
    requestId: /^tx[0-9a-f]{20,}-[0-9a-f]+-[0-9a-f]+-/,
    good: true,
    note: "conditional writes hold on buckets without versioning; older releases ignore them on versioned ones",
  },
  {
    name: "DigitalOcean Spaces",
    host: /\.digitaloceanspaces\.com$/,
    good: true,
    note: `it wants etags without quotes, which icecore finds out; ${trust}`,
  },
  {
    name: "SeaweedFS",
    server: /^SeaweedFS/i,
    good: false,
    note: "older releases let several concurrent writers win",
  },
  {
    name: "Versity gateway",
    server: /^VERSITYGW/i,
    good: false,
    note: "older releases ignore conditions or let several writers win",
  },
  {
    name: "Google Cloud Storage",
    host: /(?:^|\.)storage\.googleapis\.com$/,
    server: /^UploadServer/,
    good: false,
    note: "its XML interface ignores the conditions and answers 200",
  },
  {
    name: "Backblaze B2",
    host: /\.backblazeb2\.com$/,
    good: false,
    note: "it has no conditional writes (501)",
  },
  {
    name: "Wasabi",
    host: /(?:^|\.)wasabisys\.com$/,
    server: /^WasabiS3/,
    good: false,
    note: "it ignores the conditions and answers 200",
  },
  {
    name: "Garage",
    server: /^garage/i,
    good: false,
    note: "it has no consensus between its nodes, hence no conditional writes",
  },
  {
    name: "Oracle Object Storage",
    host: /\.compat\.objectstorage\.[a-z0-9-]+\.oraclecloud\.com$/,
    good: false,
    note: "its S3 interface is reported to ignore the conditions",
  },
];

/** The service at a host, or that answers so; null for one that is not listed. */
export function knownService(
  host: string,
  { server, requestId }: { readonly server: string | null; readonly requestId: string },
): Service | null {
  const found =
    signs.find((sign) => sign.host?.test(host)) ??
    signs.find((sign) => sign.server?.test(server ?? "") || sign.requestId?.test(requestId));
  return found ? { name: found.name, good: found.good, note: found.note } : null;
}
