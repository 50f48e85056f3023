/** Part of the remote contract. Tail: what is stored and not yet published, and how it ends. */
import { expect, it } from "vitest";
import { type AskedRemote, contentsOf } from "./remote-contract-parts.ts";

export function describeTails(asked: () => AskedRemote): void {
  it("shows an update as soon as it is stored, as it was sent, under the time that was answered", async () => {
    const { rollup, stored, update, newApp, tail } = asked();
    await rollup();
    const app = newApp();
    const sent = update(app, 1);
    const timestamp = await stored(sent);
    const shown = (await tail()).filter((one) => one.app === app);
    expect(shown.map(contentsOf)).toEqual([sent]);
    expect(shown[0]?.timestamp).toBe(timestamp);
  });

  it("shows updates of several apps in order of time, and a copy once", async () => {
    const { rollup, stored, update, newApp, tail } = asked();
    await rollup();
    const [a, b] = [newApp(), newApp()];
    const twice = update(a, 1);
    await stored(twice);
    await stored(update(b, 1));
    await stored(twice);
    await stored(update(a, 2));
    const shown = await tail();
    const ours = shown.filter(({ app }) => app === a || app === b);
    expect(ours.map(({ app, seq }) => [app, seq])).toEqual([
      [a, 1],
      [b, 1],
      [a, 2],
    ]);
    expect(shown.map(({ timestamp }) => timestamp)).toEqual(
      shown.map(({ timestamp }) => timestamp).sort((x, y) => x - y),
    );
  });

  it("gives the same tail again to who has seen it, and what came since", async () => {
    const { rollup, stored, update, newApp, head, to } = asked();
    await rollup();
    const app = newApp();
    await stored(update(app, 1));
    const first = await to.tail({ known: await head(), marks: null, seen: {} });
    if (first.is !== "tail") throw new Error("the log moved without a rollup");
    await stored(update(app, 2));
    const next = await to.tail({ known: first.known, marks: first.marks, seen: first.seen });
    if (next.is !== "tail") throw new Error("the log moved without a rollup");
    const seqs = next.updates.filter((one) => one.app === app).map(({ seq }) => seq);
    expect(seqs).toEqual([1, 2]);
    expect(next.updates.slice(0, first.updates.length)).toEqual(first.updates);
  });

  it("says that the log moved when a rollup has published meanwhile, and is empty above the new head", async () => {
    const { rollup, stored, update, newApp, head, to, tail } = asked();
    const known = await head();
    await stored(update(newApp(), 1));
    await rollup();
    expect((await to.tail({ known, marks: null, seen: {} })).is).toBe("moved");
    expect(await tail()).toEqual([]);
  });
}
