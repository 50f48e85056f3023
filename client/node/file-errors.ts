/**
 * What the operating system says, as a StoreError in plain words. Owns the table from error code to kind; a code that it does not know
 * is "unavailable", i.e. try again later.
 */
import { StoreError, type StoreErrorKind } from "../../shared/errors.ts";

type Advice = readonly [kind: StoreErrorKind, reason: string, fix: string];

const unsaved = "What was not saved is kept in memory and tried again.";
const diskFull: Advice = ["limit", "the disk is full", `Free some space there. ${unsaved}`];
const noPermission: Advice = [
  "unauthorized",
  "this user may not do that there",
  "Give this user read and write permission on the folder and everything below it.",
];
const noHardLinks: Advice = [
  "incompatible",
  "this file system refuses hard links",
  "Put the folder on a local file system that has them, such as ext4, xfs, btrfs, APFS or NTFS.",
];

const advice: Readonly<Record<string, Advice>> = {
  ENOSPC: diskFull,
  EDQUOT: ["limit", "the disk quota is used up", `Free some space or raise the quota. ${unsaved}`],
  EFBIG: ["limit", "the file is larger than one may be", "Keep less in one store."],
  EACCES: noPermission,
  EPERM: noPermission,
  EROFS: ["unauthorized", "the file system is read-only", "Mount it writable, or use another folder."],
  ENOTDIR: ["rejected", "there is a file where a folder is needed", "Choose another path for the folder."],
  EISDIR: ["rejected", "there is a folder where a file is needed", "Choose another path for the folder."],
  ENAMETOOLONG: ["rejected", "the path is too long", "Use a folder nearer to the root."],
  EMFILE: ["unavailable", "too many files are open", "Raise the limit of open files (ulimit -n)."],
  ENFILE: ["unavailable", "too many files are open", "Close other programs."],
  ENOENT: [
    "unavailable",
    "the folder was removed while it was in use",
    "Close the store and open it again: it begins afresh from the remote.",
  ],
  EIO: ["unavailable", "the disk failed", `Check the disk. ${unsaved}`],
};

const unknownCode: Advice = ["unavailable", "the file system failed", `Check the disk. ${unsaved}`];

/** Codes with which link() says that the file system cannot do it. */
const linkCodes = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);

/** The code of an error of the operating system, such as "ENOENT". */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * What to throw for `error`, which stopped `doing` (say "save") at `path`. A StoreError stays as it is, and so does what has no code:
 * that is a bug of ours, and no disk.
 */
export function fileError(error: unknown, doing: string, path: string): unknown {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const [kind, reason, fix] = adviceFor(error, code);
  return new StoreError({ kind, what: `Could not ${doing} in ${path}: ${reason} (${code})`, fix }, error);
}

function adviceFor(error: unknown, code: string): Advice {
  const isLink = error instanceof Error && "syscall" in error && error.syscall === "link";
  if (isLink && linkCodes.has(code)) return noHardLinks;
  return advice[code] ?? unknownCode;
}
