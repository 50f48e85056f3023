import { Readable } from "node:stream";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { startBytes } from "../../../../bucket/limits.ts";
import { endBody, readBody } from "../../../../bucket/s3/body.ts";
import { CutBodyError } from "../../../../bucket/s3-common/body.ts";

function outputOf(chunks: readonly Uint8Array[], ContentLength?: number) {
  const stream = Readable.from(chunks, { objectMode: true });
  const output = { Body: stream, ...(ContentLength === undefined ? {} : { ContentLength }) };
  return { stream, output: output as unknown as GetObjectCommandOutput };
}
const bytes = (length: number, from = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (from + i) & 0xff);
const pieces = (whole: Uint8Array, size: number): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => whole.subarray(i * size, (i + 1) * size));

describe("readBody", () => {
  it("gives a body whole, in however many pieces it comes, with or without its length", async () => {
    const whole = bytes(10_000);
    for (const size of [1, 999, 10_000, 20_000])
      for (const length of [10_000, undefined]) {
        const { output } = outputOf(pieces(whole, size), length);
        const body = await readBody(output, 10_000);
        expect(body.is === "whole" && Buffer.compare(body.bytes, whole)).toBe(0);
      }
  });

  it("gives an empty body, also where there is none at all", async () => {
    expect(await readBody(outputOf([], 0).output, 0)).toEqual({ is: "whole", bytes: new Uint8Array(0) });
    expect(await readBody({ $metadata: {} }, 10)).toEqual({ is: "whole", bytes: new Uint8Array(0) });
  });

  it("gives only the start of what is announced as larger, and leaves the rest", async () => {
    const whole = bytes(300_000);
    const { output, stream } = outputOf(pieces(whole, 10_000), whole.length);
    const body = await readBody(output, 299_999);
    expect(body).toMatchObject({ is: "tooLarge", bytes: 300_000 });
    expect(body.is === "tooLarge" && Buffer.compare(body.start, whole.subarray(0, startBytes))).toBe(0);
    expect(stream.destroyed).toBe(true);
    expect(stream.readableLength).toBeLessThan(20);
  });

  it("gives all of a small body as its start", async () => {
    const { output } = outputOf([bytes(5)], 5);
    expect(await readBody(output, 2)).toEqual({ is: "tooLarge", bytes: 5, start: bytes(5) });
  });

  it("stops an endless body that does not say its length", async () => {
    let given = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          given += 1_000;
          yield bytes(1_000);
        }
      })(),
    );
    const body = await readBody({ Body: endless } as unknown as GetObjectCommandOutput, 5_000);
    expect(body.is === "tooLarge" && body.start.length).toBe(startBytes);
    expect(given).toBeLessThan(5_000 + startBytes + 30_000);
    expect(endless.destroyed).toBe(true);
  });

  it("says of a body without length that is a little too large how large it is", async () => {
    expect(await readBody(outputOf([bytes(30), bytes(3)]).output, 32)).toMatchObject({
      is: "tooLarge",
      bytes: 33,
    });
  });

  it("throws where a body ends before its length, large or small", async () => {
    for (const bytesMax of [1, 20_000])
      await expect(readBody(outputOf([bytes(9_999)], 10_000).output, bytesMax)).rejects.toThrow(CutBodyError);
  });

  it("throws what the connection throws", async () => {
    const broken = new Readable({ read: () => undefined });
    broken.push(bytes(10));
    setImmediate(() => broken.destroy(new Error("gone")));
    await expect(readBody({ Body: broken } as unknown as GetObjectCommandOutput, 99)).rejects.toThrow("gone");
  });
});

describe("endBody", () => {
  it("ends an answer that nobody reads, and minds none", () => {
    const { output, stream } = outputOf([bytes(10)], 10);
    endBody(output);
    expect(stream.destroyed).toBe(true);
    endBody({ $metadata: {} });
  });
});
