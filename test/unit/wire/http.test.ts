import { describe, expect, it } from "vitest";
import { newHead } from "../../../shared/wire/head.ts";
import {
  encodeCreateAnswer,
  encodeSendAnswer,
  encodeTailAnswer,
  encodeWireError,
  parseCreateAnswer,
  parseSendAnswer,
  parseTailAnswer,
  parseWireError,
  type SendAnswer,
  type TailAnswer,
  type WireError,
  wireErrorKinds,
} from "../../../shared/wire/http.ts";
import { builtPath, servedKey, servedKinds, storePath } from "../../../shared/wire/http-routes.ts";
import { builtKey, headKey, updateKey } from "../../../shared/wire/keys.ts";
import { hostInUrl, isLoopback } from "../../../shared/wire/loopback.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { testApp, testStoreId, testUpdate } from "../../fixtures/store-host.ts";

const at = toTimestamp(Date.UTC(2026, 10, 21, 9, 5, 3, 209));
const throughText = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("A wire error", () => {
  it("comes back as it was, of each kind, with and without a time to come back", () => {
    for (const kind of wireErrorKinds) {
      const error: WireError = { kind, what: "It went wrong", fix: "Try again." };
      expect(parseWireError(throughText(encodeWireError(error)))).toEqual({ ok: true, value: error });
      const later = { ...error, retryAfterMs: 1_500 };
      expect(parseWireError(throughText(encodeWireError(later)))).toEqual({ ok: true, value: later });
    }
  });

  it("is refused where it is none, with the member at fault", () => {
    const wrong = [
      null,
      "error",
      [],
      {},
      { error: null },
      { error: { kind: "else", what: "", fix: "" } },
      { error: { kind: "limit", what: 7, fix: "" } },
      { error: { kind: "limit", what: "", fix: "", retryAfterMs: -1 } },
      { message: "Forbidden" },
    ];
    for (const value of wrong) expect(parseWireError(value)).toMatchObject({ ok: false });
  });
});

describe("What became of an update", () => {
  const answers: readonly SendAnswer[] = [
    { is: "stored", timestamp: at, head: newHead("epoch", "nonce"), etag: '"e1"' },
    { is: "rejected", reason: "too late" },
    { is: "later", reason: "busy", retryAfterMs: 250 },
  ];

  it("comes back as it was", () => {
    for (const answer of answers)
      expect(parseSendAnswer(throughText(encodeSendAnswer(answer)))).toEqual({ ok: true, value: answer });
  });

  it("is never read out of something that only looks like it", () => {
    const stored = throughText(encodeSendAnswer(answers[0] as SendAnswer)) as Record<string, unknown>;
    const wrong = [
      undefined,
      {},
      { is: "done" },
      { is: "rejected" },
      { is: "later", reason: "busy" },
      { ...stored, timestamp: "20260230T000000.000Z" },
      { ...stored, head: {} },
      { ...stored, etag: undefined },
    ];
    for (const value of wrong) expect(parseSendAnswer(value)).toMatchObject({ ok: false });
  });
});

describe("A tail", () => {
  const answer: TailAnswer = {
    epoch: "e",
    rev: 7,
    publishedThrough: at,
    sealedThrough: toTimestamp(at + 5),
    updates: [{ ...testUpdate(1, 1), timestamp: toTimestamp(at + 9) }],
    cut: false,
  };

  it("comes back as it was", () => {
    expect(parseTailAnswer(throughText(encodeTailAnswer(answer)))).toEqual({ ok: true, value: answer });
  });

  it("names the update that is none", () => {
    const body = throughText(encodeTailAnswer(answer)) as { updates: unknown[] };
    body.updates.push({ timestamp: "20261121T090503.209Z" });
    expect(parseTailAnswer(body)).toMatchObject({ ok: false, reason: expect.stringContaining("updates[1]") });
  });
});

describe("The answer to making a store", () => {
  it("comes back as it was, and is refused without its yes or no", () => {
    const answer = { store: testStoreId("family"), made: true };
    expect(parseCreateAnswer(throughText(encodeCreateAnswer(answer)))).toEqual({ ok: true, value: answer });
    expect(parseCreateAnswer({ store: "family", made: "yes" })).toMatchObject({ ok: false });
    expect(parseCreateAnswer({ store: "../etc", made: true })).toMatchObject({ ok: false });
  });
});

describe("Paths", () => {
  const store = testStoreId("family");
  const keyOf = (kind: (typeof servedKinds)[number], of = store) =>
    builtKey({
      kind,
      store: of,
      through: at,
      rev: 3,
      nonce: "n0nce",
      ...(kind === "snapshots" ? { modelVersion: 2 } : {}),
    });

  it("lead from each key to a path and back to the key", () => {
    for (const kind of servedKinds) {
      const path = builtPath(store, keyOf(kind)) ?? "";
      expect(path.startsWith(`${storePath(store, "")}/${kind}/`)).toBe(true);
      expect(servedKey(store, kind, path.slice(path.lastIndexOf("/") + 1))).toBe(keyOf(kind));
    }
  });

  it("lead to nothing of another store, to no raw update, no head and no sweep note", () => {
    expect(builtPath(store, keyOf("segments", testStoreId("other")))).toBeUndefined();
    expect(builtPath(store, updateKey({ store, timestamp: at, app: testApp(1) }))).toBeUndefined();
    expect(builtPath(store, headKey(store))).toBeUndefined();
    expect(
      builtPath(store, builtKey({ kind: "sweeps", store, through: at, rev: 1, nonce: "n" })),
    ).toBeUndefined();
  });

  it("take no name that leads out of its folder", () => {
    const name = keyOf("segments").split("/")[2] ?? "";
    for (const wrong of [
      "",
      ".",
      "..",
      `../other/${name}`,
      `${name}/..`,
      `/${name}`,
      `${name}\0`,
      `${name}?x`,
      "__proto__",
    ])
      expect(servedKey(store, "segments", wrong)).toBeUndefined();
    expect(servedKey(store, "snapshots", name)).toBeUndefined();
  });
});

describe("Loopback", () => {
  it("is this machine by its own names and by no name that somebody else may own", () => {
    for (const host of ["localhost", "LOCALHOST", "127.0.0.1", "127.9.8.7", "[::1]"])
      expect(isLoopback(host)).toBe(true);
    for (const host of [
      "",
      "localhost.evil.org",
      "127.0.0.1.evil.org",
      "127.1",
      "0.0.0.0",
      "[::]",
      "::1",
      "10.0.0.1",
    ])
      expect(isLoopback(host)).toBe(false);
    expect([hostInUrl("::1"), hostInUrl("127.0.0.1")]).toEqual(["[::1]", "127.0.0.1"]);
  });
});
