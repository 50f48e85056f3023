/**
 * Which keys the adapters take. Owns the rules that make a key safe as a path below a folder: printable ASCII, no empty
 * part, no part that starts with a dot (so neither ".." nor the folder bucket's own ".tmp"), no backslash, and no part
 * that ends in ".versions", where the folder bucket keeps what replaced an object.
 * The memory bucket keeps the same rules, so that a test on it finds a key that a folder would refuse.
 * Because keys are ASCII, order of code units is the UTF-8 order that LIST promises.
 */
import { StoreError } from "../shared/errors.ts";

/** Ends the name of the folder that holds the later versions of a replaced object. */
export const versionsSuffix = ".versions";

/** A file name may have 255 bytes; the suffix needs nine of them. */
const partLengthMax = 200;
/** S3's own limit. */
const keyLengthMax = 1024;
/** Printable ASCII without "/" and "\", not starting with a dot. */
const partShape = /^(?!\.)[ -.0-[\]-~]+$/;

/** True for one part of a key, i.e. a file or folder name that the folder bucket may have made. */
export function isKeyPart(part: string): boolean {
  return part.length <= partLengthMax && partShape.test(part) && !part.endsWith(versionsSuffix);
}

/** True for a text that every adapter takes as a key. */
export function isKey(key: string): boolean {
  return key.length <= keyLengthMax && key.split("/").every(isKeyPart);
}

/** Throws a StoreError of kind "rejected" unless `key` may be used. */
export function requireKey(key: string, bucket: string): void {
  if (isKey(key)) return;
  throw new StoreError({
    kind: "rejected",
    what: `${JSON.stringify(key.slice(0, keyLengthMax))} is no key that ${bucket} can hold`,
    fix:
      `Use parts of 1 to ${partLengthMax} printable ASCII characters between single slashes, ${keyLengthMax} in all, ` +
      `no backslash, no part that starts with a dot or ends in "${versionsSuffix}".`,
    key: key.slice(0, keyLengthMax),
  });
}
