/** From a parsed address to URLs: `https://bucket.host/key`, or `https://host/bucket/key` in path style. Pure. */
import type { S3Location } from "../s3-common/location.ts";

/** Names that a certificate for one level of host names covers. */
const hostShape = /^[a-z0-9-]+$/;

/** Where the bucket begins, without a slash at its end. */
export function rootOf({ bucket, endpoint, pathStyle }: S3Location, region: string): string {
  const home = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const service = endpoint ?? `https://s3.${region}.${home}`;
  if (pathStyle || !hostShape.test(bucket)) return `${service}/${bucket}`;
  return service.replace("://", `://${bucket}.`);
}

/** `key` with the location's prefix before it; undefined: the bucket itself. */
export function urlOf(
  root: string,
  key: string | undefined,
  query: Readonly<Record<string, string>>,
): string {
  const path = (key ?? "").split("/").map(encode).join("/");
  const search = Object.entries(query).map((pair) => pair.map(encode).join("="));
  return `${root}/${path}${search.length === 0 ? "" : `?${search.join("&")}`}`;
}

/** As it is signed: everything but letters, digits and "-._~". */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
