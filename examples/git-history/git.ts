/**
 * Reading a repository: what it is, its first-parent history, what each commit changed, and the tree of a commit.
 *
 * Paths are bytes in git and text in icecore. `pathName` maps one to the other and never two paths to one name, so the
 * comparison at the end is about the very files.
 */
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { StoreError } from "../../shared/errors.ts";
import { askGit, readParts, startGit } from "./git-process.ts";

export interface Repository {
  /** For people. */
  readonly name: string;
  readonly gitDir: string;
  readonly objectFormat: "sha1" | "sha256";
  /** The commit that HEAD named when the repository was opened. */
  readonly head: string;
}

export interface Commit {
  readonly id: string;
  /** The first parent, unless this is the root, or where a shallow clone ends. */
  readonly parent: string | null;
  /** 0, 1, 2 … in order of first appearance: who, without the name. */
  readonly author: number;
  /** The commit's own date, milliseconds since 1970, at least 1. */
  readonly madeAt: number;
}

export interface Change {
  readonly path: string;
  /** What the path is now; null: nothing. */
  readonly now: TreeEntry | null;
}

export interface TreeEntry {
  readonly mode: string;
  /** Of the contents; a submodule's commit. */
  readonly id: string;
}

export const submoduleMode = "160000";

/** Finds the repository at or above a path; bare ones and mirrors too. Throws StoreError. */
export async function openRepository(path: string): Promise<Repository> {
  const folder = resolve(path);
  if (!existsSync(folder)) throw unusable(`There is nothing at ${folder}`);
  const facts = await askGit(null, [
    "-C",
    folder,
    "rev-parse",
    "--absolute-git-dir",
    "--show-object-format",
  ]).catch((error: unknown) => {
    throw error instanceof StoreError && error.kind === "rejected" ? noRepository(folder, error) : error;
  });
  const end = facts.lastIndexOf("\n");
  const [gitDir, objectFormat] = [facts.slice(0, end), facts.slice(end + 1)];
  if (objectFormat !== "sha1" && objectFormat !== "sha256")
    throw unusable(`${folder} names its objects by ${objectFormat}`);
  const head = await askGit(gitDir, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).catch(() => "");
  if (head === "") throw unusable(`The repository at ${folder} has no commits yet`);
  return { name: basename(folder), gitDir, objectFormat, head };
}

/** The first-parent history of HEAD, oldest first: all of it, or what a shallow clone has. */
export async function listCommits(repository: Repository): Promise<readonly Commit[]> {
  const format = "--format=%H%x00%P%x00%aE%x00%ct";
  const args = ["log", "--first-parent", "--reverse", "-z", "--no-show-signature", format, repository.head];
  const authors = new Map<string, number>();
  const commits: Commit[] = [];
  let fields: string[] = [];
  for await (const part of readParts(startGit(repository.gitDir, args, []))) {
    fields.push(part.toString("latin1"));
    if (fields.length < 4) continue;
    const [id = "", parents = "", email = "", seconds = ""] = fields;
    const author = authors.get(email) ?? authors.size;
    authors.set(email, author);
    commits.push({
      id,
      parent: parents.split(" ")[0] || null,
      author,
      madeAt: Math.max(1, Number(seconds) * 1_000),
    });
    fields = [];
  }
  return commits;
}

/** What each commit changed against its first parent, a root against nothing. A rename is a removal and a new file. */
export async function* readChanges(
  { gitDir }: Repository,
  commits: readonly Commit[],
): AsyncGenerator<{ readonly commit: Commit; readonly changes: readonly Change[] }> {
  const args = [
    "diff-tree",
    "--stdin",
    "--always",
    "--root",
    "-r",
    "-z",
    "--raw",
    "--no-abbrev",
    "--no-renames",
  ];
  const input = commits.map(({ id, parent }) => (parent === null ? `${id}\n` : `${id} ${parent}\n`));
  const parts = readParts(startGit(gitDir, [...args, "--ignore-submodules=none"], input));
  let next = 0;
  let commit: Commit | undefined;
  let changes: Change[] = [];
  for await (const part of parts) {
    if (part[0] === colon) {
      const path = await parts.next();
      changes.push(readChange(part.toString("latin1"), pathName(path.value ?? Buffer.alloc(0))));
      continue;
    }
    if (commit) yield { commit, changes };
    commit = commits[next++];
    changes = [];
    if (commit?.id !== part.toString("latin1"))
      throw unusable("git listed the commits in another order than asked");
  }
  if (commit) yield { commit, changes };
}

/** `git ls-tree -r` of a commit. */
export async function readTree(
  { gitDir }: Repository,
  commit: string,
): Promise<ReadonlyMap<string, TreeEntry>> {
  const tree = new Map<string, TreeEntry>();
  for await (const part of readParts(startGit(gitDir, ["ls-tree", "-r", "-z", "--full-tree", commit], []))) {
    const tab = part.indexOf("\t");
    const [mode = "", , id = ""] = part.toString("latin1", 0, tab).split(" ");
    tree.set(pathName(part.subarray(tab + 1)), { mode, id });
  }
  return tree;
}

const colon = ":".charCodeAt(0);
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `:old mode new mode old id new id status`, then the path. */
function readChange(entry: string, path: string): Change {
  const [, mode = "", , id = ""] = entry.slice(1).split(" ");
  return { path, now: mode === "000000" ? null : { mode, id } };
}

/**
 * The path as text. One that is no UTF-8 becomes NUL and its bytes as Latin-1: no path of git's has a NUL, so this name is
 * nobody else's. `__proto__`, which no table takes as a key, goes the same way.
 */
function pathName(bytes: Buffer): string {
  try {
    const text = strictUtf8.decode(bytes);
    return text === "__proto__" ? `\0${text}` : text;
  } catch {
    return `\0${bytes.toString("latin1")}`;
  }
}

function noRepository(folder: string, cause: StoreError): StoreError {
  if (!/not a git repository/i.test(cause.message)) return cause;
  return unusable(`${folder} is not a git repository`);
}

function unusable(what: string): StoreError {
  return new StoreError({
    kind: "rejected",
    what,
    fix: "Give --repo the path of a git repository with at least one commit.",
  });
}
