/**
 * Turns what the operating system says into a StoreError in plain words. Owns the table from error code to kind; a code
 * that it does not know is "unavailable", i.e. try again later.
 */
import { StoreError, type StoreErrorKind } from "../shared/errors.ts";

type Advice = readonly [kind: StoreErrorKind, reason: string, fix: string];

const diskFull: Advice = [
  "limit",
  "the disk is full",
  "Free some space there or move the folder, then try again.",
];
const noPermission: Advice = [
  "unauthorized",
  "this user may not do that there",
  "Give this user read and write permission on the folder and everything below it.",
];
const noHardLinks: Advice = [
  "incompatible",
  "this file system refuses hard links",
  "Put the whole folder on one local file system that has them, such as ext4, xfs, btrfs or APFS.",
];

const advice: Readonly<Record<string, Advice>> = {
  ENOSPC: diskFull,
  EDQUOT: ["limit", "the disk quota is used up", "Free some space or raise the quota, then try again."],
  EFBIG: ["limit", "the object is larger than a file may be", "Store something smaller."],
  EACCES: noPermission,
  EPERM: noPermission,
  EROFS: ["unauthorized", "the file system is read-only", "Mount it writable, or use another folder."],
  ENOTDIR: [
    "rejected",
    "there is a file where a folder is needed",
    "Choose a path whose every part is a folder, and no key that goes on below another key.",
  ],
  EISDIR: [
    "rejected",
    "there is a folder where a file is needed",
    "Choose a key that is not the beginning of other keys.",
  ],
  ENAMETOOLONG: ["rejected", "the path is too long", "Use a folder nearer to the root, or a shorter key."],
  EMFILE: [
    "unavailable",
    "too many files are open",
    "Raise the limit of open files (ulimit -n), then try again.",
  ],
  ENFILE: ["unavailable", "too many files are open", "Close other programs, then try again."],
  ENOENT: [
    "unavailable",
    "a folder was removed while it was in use",
    "Check that the folder is there, then try again.",
  ],
};

const unknownCode: Advice = ["unavailable", "the file system failed", "Check the disk, then try again."];

/** Codes with which link() says that the file system cannot do it. */
const linkCodes = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);

/** The code of an error of the operating system, such as "ENOENT". */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** True for a failure after which nothing can have happened, as the system refused before it began. */
export function isCertainRefusal(error: unknown): boolean {
  return adviceFor(error, codeOf(error)) !== unknownCode;
}

/**
 * What to throw for `error`, which stopped `doing` (say "store") on `key` of the bucket. A StoreError stays as it is, and so
 * does what has no code: that is a bug of ours, and no disk.
 */
export function folderError(error: unknown, bucket: string, doing: string, key?: string): unknown {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const [kind, reason, fix] = adviceFor(error, code);
  const what = `Could not ${doing}${key === undefined ? "" : ` ${key}`} in ${bucket}: ${reason}${code ? ` (${code})` : ""}`;
  return new StoreError({ kind, what, fix, ...(key === undefined ? {} : { key }) }, error);
}

function adviceFor(error: unknown, code: string | undefined): Advice {
  const isLink = error instanceof Error && "syscall" in error && error.syscall === "link";
  if (isLink && linkCodes.has(code ?? "")) return noHardLinks;
  return advice[code ?? ""] ?? unknownCode;
}
