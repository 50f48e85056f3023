/** The reason of a failure as one short line: the same on every machine, so it holds no stack and no address. */

const reasonCharsMax = 300;

export function reasonOf(error: unknown): string {
  return bounded(error instanceof Error ? error.message : `a ${typeof error} was thrown`);
}

export function bounded(text: string): string {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length <= reasonCharsMax ? line : `${line.slice(0, reasonCharsMax - 1)}…`;
}
