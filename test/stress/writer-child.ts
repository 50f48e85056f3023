/**
 * One writer of a stress run: an app with a journal for local storage. Before an update is sent it is noted with its seq and `after`;
 * after a kill the last one that was not acknowledged is sent again, unchanged. Argument: the writer's number.
 */
import { createWriter } from "../../shared/drive/writer.ts";
import { toTimestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import { startChild } from "./child.ts";
import { readJournal } from "./journal.ts";
import { stressUpdate } from "./updates.ts";

const child = await startChild();
const { host, store, journal } = child;
const number = Number(child.words[0]);
const writer = createWriter(host, store);
const known = readJournal(process.argv[4] ?? "");
let after = toTimestamp(Number(known.findLast(([word]) => word === "acked")?.[2] ?? zeroTimestamp));
const lastSent = known.findLast(([word]) => word === "sent");
const lastAcked = known.findLast(([word]) => word === "acked");

if (lastSent && lastSent[1] !== lastAcked?.[1])
  await send(Number(lastSent[1]), toTimestamp(Number(lastSent[2])));
for (let seq = Number(lastSent?.[1] ?? 0) + 1; !child.finishing(); seq++) {
  journal.note("sent", seq, after);
  await send(seq, after);
}
child.count();
child.tell("done");
process.disconnect?.();

/** Returns once it is acknowledged, however long that takes. */
async function send(seq: number, seen: typeof after): Promise<void> {
  const update = stressUpdate(number, seq, seen);
  for (;;) {
    const outcome = await child.untilDone(() => writer.append(update));
    if (outcome.is === "stored") {
      after = outcome.timestamp;
      journal.note("acked", seq, outcome.timestamp);
      if (seq % 10 === 0) child.count();
      child.tell("working");
      return;
    }
    await host.platform.wait(outcome.retryAfterMs);
  }
}
