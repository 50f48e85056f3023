/** The queue's entries as news of stores. */
import { expect, test } from "vitest";
import { parseQueueEvent } from "../../../lambdas/queue-event.ts";
import { updateKey } from "../../../shared/wire/keys.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { testApp, testStart, testStoreId } from "../../fixtures/store-host.ts";
import { notification, queueEvent, sampleTestNotification } from "../../lambdas/sample-events.ts";

const source = { bucket: "notes", prefix: "team/" };
const store = testStoreId("family");
const keyAt = (ms: number, of = store) =>
  source.prefix + updateKey({ store: of, app: testApp(1), timestamp: toTimestamp(testStart + ms) });

test("An entry names each of its stores once, with the latest of its updates.", () => {
  const other = testStoreId("other");
  const body = notification("notes", [keyAt(5), keyAt(9), keyAt(7), keyAt(1, other)]);
  const { notes, unread, odd } = parseQueueEvent(queueEvent([{ id: "a", body, received: 2 }]), source);
  expect(notes).toEqual([
    { id: "a", store, timestamp: testStart + 9, again: true },
    { id: "a", store: other, timestamp: testStart + 1, again: true },
  ]);
  expect([unread, odd]).toEqual([[], 0]);
});

test("Keys come encoded as in a form, and other buckets, roots and objects are odd and done with.", () => {
  const body = notification("notes", ["team/updates/family/a b+c%.json", keyAt(1), `x${keyAt(1)}`]);
  expect(body).toContain("a+b%2Bc%25.json");
  const elsewhere = notification("other-notes", [keyAt(1)]);
  const event = queueEvent([
    { id: "a", body },
    { id: "b", body: elsewhere },
    { id: "c", body: JSON.stringify(sampleTestNotification) },
  ]);
  const { notes, unread, odd } = parseQueueEvent(event, source);
  expect(notes.map(({ id }) => id)).toEqual(["a"]);
  expect([unread, odd]).toEqual([[], 3]);
});

test.each([
  ["no JSON", "{"],
  ["a list", "[]"],
  ["null", "null"],
  ["no notification", "{}"],
  ["a record that is none", '{"Records":[null]}'],
  ["a record without a key", '{"Records":[{"s3":{"bucket":{"name":"notes"},"object":{}}}]}'],
  [
    "a key that is badly encoded",
    '{"Records":[{"s3":{"bucket":{"name":"notes"},"object":{"key":"%E0%A4"}}}]}',
  ],
])("An entry that holds %s is unread, and the others are not touched by it.", (_, body) => {
  const good = notification("notes", [keyAt(1)]);
  const { notes, unread } = parseQueueEvent(
    queueEvent([
      { id: "bad", body },
      { id: "good", body: good },
    ]),
    source,
  );
  expect(unread.map(({ id }) => id)).toEqual(["bad"]);
  expect(notes.map(({ id }) => id)).toEqual(["good"]);
});
