/** A tiny repository, for when icecore was downloaded without its own: a few commits by three authors, a merge among them. */
import { execFile } from "node:child_process";
import { chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { StoreError } from "../../shared/errors.ts";

const run = promisify(execFile);

interface Sample {
  /** Runs git in the repository, as one of the authors. */
  git(author: string, ...args: readonly string[]): Promise<void>;
  /** Commits everything that changed. */
  commit(author: string, subject: string): Promise<void>;
  write(path: string, content: string | Uint8Array): Promise<void>;
  readonly folder: string;
}

/** Makes the sample repository in an empty folder. Throws StoreError where git is missing. */
export async function makeSample(folder: string): Promise<void> {
  const sample = createSample(folder);
  await sample.git("ada", "init", "--quiet");
  await sample.git("ada", "symbolic-ref", "HEAD", "refs/heads/main");
  await firstSteps(sample);
  await sideBranch(sample);
  await lastSteps(sample);
}

async function firstSteps({ write, commit, folder }: Sample): Promise<void> {
  await write("README.md", "# A sample\n\nMade by icecore's demo.\n");
  await write("notes/one.txt", "first\n");
  await commit("ada", "Begin");
  await write("run.sh", "#!/bin/sh\necho hello\n");
  await chmod(join(folder, "run.sh"), 0o755);
  await write(
    "picture.bin",
    Uint8Array.from({ length: 512 }, (_, i) => (i * 37) % 256),
  );
  await commit("grace", "A script and a picture");
  await symlink("README.md", join(folder, "READ-ME-FIRST"));
  await write("notes/grüße.txt", "Grüße\n");
  await commit("ada", "A link, and a name that is not ASCII");
}

async function sideBranch({ git, write, commit, folder }: Sample): Promise<void> {
  await git("alan", "checkout", "--quiet", "-b", "side");
  await rename(join(folder, "notes/one.txt"), join(folder, "notes/two.txt"));
  await commit("alan", "Rename");
  await git("grace", "checkout", "--quiet", "main");
  await write("README.md", "# A sample\n\nMade by icecore's demo, and changed.\n");
  await commit("grace", "Change the readme");
  await git("ada", "merge", "--quiet", "--no-ff", "-m", "Merge side", "side");
}

async function lastSteps({ git, commit, write, folder }: Sample): Promise<void> {
  await git("alan", "commit", "--quiet", "--allow-empty", "-m", "Nothing at all");
  await rm(join(folder, "picture.bin"));
  await write("picture.bin/is-a-folder-now.txt", "");
  await commit("grace", "A file becomes a folder");
}

function createSample(folder: string): Sample {
  let minutes = 0;
  const git: Sample["git"] = async (author, ...args) => {
    const env = gitEnvironment(author, `2026-01-01T10:${String(minutes++).padStart(2, "0")}:00Z`);
    await run("git", ["-C", folder, ...args], { env }).catch((cause: unknown) => {
      throw new StoreError(
        { kind: "unavailable", what: "The sample history could not be made", fix: whatToDo(cause) },
        cause,
      );
    });
  };
  return {
    folder,
    git,
    async commit(author, subject) {
      await git(author, "add", "--all");
      await git(author, "commit", "--quiet", "-m", subject);
    },
    async write(path, content) {
      await mkdir(join(folder, path, ".."), { recursive: true });
      await writeFile(join(folder, path), content);
    },
  };
}

function gitEnvironment(author: string, date: string): NodeJS.ProcessEnv {
  const email = `${author}@example.org`;
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: process.platform === "win32" ? "NUL" : "/dev/null",
    GIT_AUTHOR_NAME: author,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: author,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
}

function whatToDo(cause: unknown): string {
  const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  return isMissing
    ? "Install git, or give --repo the path of a repository."
    : "Give --repo the path of a repository.";
}
