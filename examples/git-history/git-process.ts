/**
 * Running git: as a child process whose output is read as it comes. Nothing but git's own programs touches the repository,
 * and all of them only read.
 *
 * The caller's GIT_DIR and its like are not handed on (they are set inside git hooks and would name another repository), and
 * replace refs are ignored: contents must be what their ids say.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Readable } from "node:stream";
import { StoreError } from "../../shared/errors.ts";

export interface GitRun {
  readonly output: AsyncIterable<Buffer>;
  /** Writes to git's input. */
  send(text: string): void;
  /** Resolves when git has ended well; rejects with what it said. */
  readonly ended: Promise<void>;
  /** Ends it now; nothing more is read. */
  stop(): void;
}

/** Starts git on a repository (`null`: on none). `input` is written to it, then its input is closed. */
export function startGit(gitDir: string | null, args: readonly string[], input?: Iterable<string>): GitRun {
  const where = gitDir === null ? [] : [`--git-dir=${gitDir}`];
  const child = spawn("git", ["--no-replace-objects", ...where, ...args], {
    env: gitEnvironment(),
    // Ctrl-C in a terminal goes to its whole process group: git is in another, and ends when its pipes are closed.
    detached: process.platform !== "win32",
  });
  // A git that ended early closes its input; `ended` says why.
  child.stdin.on("error", () => undefined);
  if (input) Readable.from(input).pipe(child.stdin);
  const ended = waitForEnd(child, args[0] ?? "");
  ended.catch(() => undefined);
  return {
    output: child.stdout,
    send: (text) => child.stdin.write(text),
    ended,
    stop() {
      child.stdout.destroy();
      child.kill();
    },
  };
}

/** The whole output of a git that says little, without the last line break. */
export async function askGit(gitDir: string | null, args: readonly string[]): Promise<string> {
  const git = startGit(gitDir, args, []);
  const chunks: Buffer[] = [];
  for await (const chunk of git.output) chunks.push(chunk);
  await git.ended;
  return Buffer.concat(chunks).toString("utf8").replace(/\n$/, "");
}

/** The parts between the NULs of git's output (`-z`), as bytes: a path may be anything but NUL. */
export async function* readParts(git: GitRun): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  try {
    for await (const chunk of git.output) {
      let start = 0;
      for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, start)) {
        yield Buffer.concat([...rest, chunk.subarray(start, end)]);
        rest = [];
        start = end + 1;
      }
      if (start < chunk.length) rest.push(chunk.subarray(start));
    }
    await git.ended;
  } finally {
    git.stop();
  }
}

function waitForEnd(child: ChildProcess, what: string): Promise<void> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    if (said.length < 2_000) said += chunk.toString("utf8");
  });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(notThere(error)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(failed(what, complaint(said) || `it ended with ${signal ?? code}`));
    });
  });
}

/** The line that says why, of all that git says. */
function complaint(said: string): string {
  const lines = said.trim().split("\n");
  return lines.find((line) => /^(fatal|error): /.test(line)) ?? lines[0] ?? "";
}

function gitEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("GIT_") || name.startsWith("GIT_CONFIG") || name === "GIT_EXEC_PATH",
  );
  return { ...Object.fromEntries(kept), LC_ALL: "C" };
}

function notThere(cause: Error): StoreError {
  const what = "The program git could not be started";
  return new StoreError(
    { kind: "unavailable", what, fix: "Install git, and see that it is on the PATH." },
    cause,
  );
}

function failed(what: string, said: string): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `"git ${what}" failed: ${said.replace(/[.!]$/, "")}`,
    fix: 'Check the repository with "git fsck".',
  });
}
