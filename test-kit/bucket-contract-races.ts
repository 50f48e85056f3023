/** Part of the bucket contract. Conditional writes at the same time (docs/protocol.md, "What is assumed", A2). */
import { expect, it } from "vitest";
import type { Bucket, PutContent, WriteAnswer } from "../shared/ports/bucket.ts";
import { bodyOf, etagOf, nextTurn, textContent } from "./bucket-contract-bodies.ts";

const raceWidth = 20;

export function describeRaces(bucket: () => Bucket): void {
  it("lets exactly one of many concurrent new objects win, and shows that one", async () => {
    const key = "races/new.json";
    const answers = await race((i) => bucket().putIfAbsent(key, textContent(`writer ${i}`)));
    const winners = answers.flatMap((answer, i) => (answer.is === "stored" ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(bodyOf(await bucket().get(key))).toBe(`writer ${winners[0]}`);
  });

  it("lets exactly one of many concurrent swaps with the same etag win, round after round", async () => {
    const key = "races/swap.json";
    let etag = etagOf(await bucket().putIfAbsent(key, textContent("start")));
    for (let round = 0; round < 10; round++) {
      const answers = await race((i) => bucket().putIfMatch(key, textContent(`${round} of ${i}`), etag));
      const winners = answers.flatMap((answer, i) => (answer.is === "stored" ? [{ answer, i }] : []));
      expect(winners).toHaveLength(1);
      expect(answers.every(({ is }) => is === "stored" || is === "refused" || is === "unknown")).toBe(true);
      expect(bodyOf(await bucket().get(key))).toBe(`${round} of ${winners[0]?.i}`);
      etag = etagOf(winners[0]?.answer);
    }
  });

  it("never shows half an object while it is replaced again and again", async () => {
    const key = "races/whole.json";
    const body = (letter: string): PutContent => textContent(letter.repeat(20_000));
    let etag = etagOf(await bucket().putIfAbsent(key, body("a")));
    let writing = true;
    const write = async (): Promise<void> => {
      try {
        for (const letter of "bcdefghijklmnopqrst")
          etag = etagOf(await bucket().putIfMatch(key, body(letter), etag));
      } finally {
        writing = false;
      }
    };
    const read = async (): Promise<void> => {
      while (writing) {
        const text = bodyOf(await bucket().get(key));
        expect(text === text.charAt(0).repeat(20_000)).toBe(true);
        await nextTurn();
      }
    };
    await Promise.all([write(), read()]);
  });
}

async function race(write: (i: number) => Promise<WriteAnswer>): Promise<readonly WriteAnswer[]> {
  return Promise.all(Array.from({ length: raceWidth }, (_, i) => write(i)));
}
