/** Bodies and answers as the bucket contract writes and reads them. Not public. */
import type { Bucket, PutContent, WriteAnswer } from "../shared/ports/bucket.ts";

export async function listedKeys(bucket: Bucket, prefix: string, after?: string): Promise<readonly string[]> {
  const { objects } = await bucket.list(prefix, after === undefined ? {} : { after });
  return objects.map(({ key }) => key);
}

export function textContent(text: string): PutContent {
  return { body: new TextEncoder().encode(text), contentType: "application/json", cacheControl: "no-store" };
}

export function patternBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
}

export function etagOf(answer: WriteAnswer | undefined): string {
  if (answer?.is !== "stored") throw new Error(`expected a stored object, got ${answer?.is ?? "no answer"}`);
  return answer.etag;
}

export function bodyOf(answer: Awaited<ReturnType<Bucket["get"]>>): string {
  if (answer.is !== "found") throw new Error(`expected an object, got ${answer.is}`);
  return new TextDecoder().decode(answer.body);
}

/** A bucket may answer a get without leaving the thread; a loop of those would keep out everything else. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** `toEqual` on large arrays is slow and prints them. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
