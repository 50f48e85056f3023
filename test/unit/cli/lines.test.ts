import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createNodePlatform } from "../../../bucket/platform/node.ts";
import type { Source } from "../../../cli/io.ts";
import { readLines } from "../../../cli/lines.ts";

const platform = createNodePlatform();
const going = new AbortController().signal;

function sourceOf(pieces: readonly Uint8Array[]): Source {
  return Readable.from(pieces.filter((piece) => piece.length > 0));
}

async function read(
  source: Source,
  { signal = going, lineBytesMax = 1_000 } = {},
): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of readLines(source, { platform, signal, lineBytesMax, name: "stdin" }))
    lines.push(line);
  return lines;
}

test("Lines are the same however the source cuts its pieces, inside of a character too.", async () => {
  const texts = fc.array(fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "é")));
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 7 }), fc.boolean(), async (lines, size, ended) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const whole = ended ? bytes : bytes.subarray(0, -1);
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
        whole.subarray(i * size, (i + 1) * size),
      );
      const last = !ended && lines.at(-1) === "" ? lines.slice(0, -1) : lines;
      expect(await read(sourceOf(pieces))).toEqual(last);
    }),
  );
});

test("Nothing has no lines, and a line break alone is an empty one.", async () => {
  expect([await read(sourceOf([])), await read(sourceOf([Buffer.from("\n")]))]).toEqual([[], [""]]);
});

test("A line that is too long is refused as soon as it is, with its number.", async () => {
  let given = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("short\n");
    for (;;) {
      given += 1;
      yield Buffer.alloc(100, "x");
    }
  }
  const error = await read(Readable.from(endless())).catch((error: unknown) => error);
  expect(error).toMatchObject({
    kind: "rejected",
    message: expect.stringMatching(/^Line 2 is longer than 1000 bytes/),
  });
  expect(given).toBeLessThan(50);
  expect(await read(sourceOf([Buffer.alloc(1_000, "x")]))).toEqual(["x".repeat(1_000)]);
});

test("A line that is no UTF-8 is refused with its number; a packed file is told so.", async () => {
  const bytes = Buffer.from([0x61, 0x0a, 0x1f, 0x8b, 0x0a]);
  await expect(read(sourceOf([bytes]))).rejects.toMatchObject({
    kind: "corrupt",
    message: expect.stringMatching(/^Line 2 is no text in UTF-8.*neither packed/),
  });
});

test("A source that cannot be read is told by its name.", async () => {
  const failing = new Readable({
    read: () => failing.destroy(Object.assign(new Error("no"), { code: "EIO" })),
  });
  await expect(read(failing)).rejects.toMatchObject({
    kind: "unavailable",
    what: "stdin cannot be read (EIO)",
  });
});

test("Ctrl-C ends a read that waits, and one that has not begun.", async () => {
  const stop = new AbortController();
  const silent = new Readable({ read: () => undefined });
  const reading = read(silent, { signal: stop.signal });
  setTimeout(() => stop.abort(), 20);
  await expect(reading).rejects.toMatchObject({ kind: "closed" });
  expect(silent.destroyed).toBe(true);
  await expect(read(sourceOf([Buffer.from("a\n")]), { signal: stop.signal })).rejects.toMatchObject({
    kind: "closed",
  });
});

test("Who stops early closes the source.", async () => {
  const source = Readable.from([Buffer.from("a\nb\n")]);
  for await (const line of readLines(source, { platform, signal: going, lineBytesMax: 9, name: "x" })) {
    expect(line).toBe("a");
    break;
  }
  expect(source.destroyed).toBe(true);
});
