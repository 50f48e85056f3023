/**
 * Contents by id, from one `git cat-file --batch` that lives as long as the reading: a process per file would take longer
 * than everything else together. One request at a time; what is larger than asked for is skipped as it comes, so memory holds
 * one file.
 */
import { StoreError } from "../../shared/errors.ts";
import { type GitRun, startGit } from "./git-process.ts";

export type Contents =
  | { readonly is: "bytes"; readonly bytes: Buffer }
  | { readonly is: "tooLarge"; readonly length: number };

export interface BlobReader {
  /** The contents, unless they are longer than `bytesMax`. Do not ask again before the answer. Throws StoreError. */
  read(id: string, bytesMax: number): Promise<Contents>;
  close(): void;
}

export function createBlobReader(gitDir: string): BlobReader {
  const git = startGit(gitDir, ["cat-file", "--batch"]);
  const bytes = createByteReader(git);

  async function read(id: string, bytesMax: number): Promise<Contents> {
    git.send(`${id}\n`);
    const answer = (await bytes.line()).split(" ");
    if (answer[1] === "missing") throw unreadable(id);
    const length = Number(answer[2]);
    if (answer[0] !== id || answer[1] !== "blob" || !Number.isSafeInteger(length))
      throw oddAnswer(id, answer.join(" "));
    const contents: Contents =
      length > bytesMax ? { is: "tooLarge", length } : { is: "bytes", bytes: await bytes.take(length) };
    await bytes.skip(length > bytesMax ? length + 1 : 1);
    return contents;
  }

  return { read, close: git.stop };
}

interface ByteReader {
  /** Up to the next line break, which is taken and left out. */
  line(): Promise<string>;
  take(length: number): Promise<Buffer>;
  skip(length: number): Promise<void>;
}

function createByteReader(git: GitRun): ByteReader {
  const chunks = git.output[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  /** The next bytes, at least one and at most `length`. */
  async function some(length: number): Promise<Buffer> {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done) {
        await git.ended;
        throw endedEarly();
      }
      rest = next.value;
    }
    const taken = rest.subarray(0, length);
    rest = rest.subarray(taken.length);
    return taken;
  }

  async function line(): Promise<string> {
    let text = "";
    for (;;) {
      const part = await some(Number.POSITIVE_INFINITY);
      const end = part.indexOf("\n");
      text += part.toString("latin1", 0, end < 0 ? part.length : end);
      if (end < 0) continue;
      rest = part.subarray(end + 1);
      return text;
    }
  }

  async function take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const part = await some(left);
      parts.push(part);
      left -= part.length;
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  async function skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) left -= (await some(left)).length;
  }

  return { line, take, skip };
}

function endedEarly(): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: '"git cat-file" ended before it had answered',
    fix: "Try again.",
  });
}

/** git says "missing" of what is damaged, too. A partial clone fetches by itself what it left out. */
function unreadable(id: string): StoreError {
  return new StoreError({
    kind: "corrupt",
    what: `The repository's history names contents ${id}, which git cannot read`,
    fix: 'Check the repository with "git fsck", or use a fresh clone.',
  });
}

function oddAnswer(id: string, answer: string): StoreError {
  return new StoreError({
    kind: "corrupt",
    what: `git answered "${answer.slice(0, 100)}" for the contents of ${id}`,
    fix: 'Check the repository with "git fsck".',
  });
}
