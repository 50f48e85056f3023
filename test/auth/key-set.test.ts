/** An issuer's keys over real HTTP: rotated, withdrawn, slow, broken and down; how often the address is asked is counted. */
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createJwtAuthenticate } from "../../server/jwt/authenticate.ts";
import { callApi, startApi } from "../fixtures/api-server.ts";
import { type Issuer, startIssuer } from "./issuer.ts";
import { ecSigner, edSigner, rsaSigner, type Signer, signToken } from "./tokens.ts";

const first = ecSigner("first");
const second = rsaSigner("second");
const third = edSigner("third");
const minute = 60_000;
let issuer: Issuer;
let clock: { at: number };
let authenticate: ReturnType<typeof createJwtAuthenticate>;

beforeEach(async () => {
  issuer = await startIssuer(first);
  clock = { at: Date.now() };
  authenticate = createJwtAuthenticate({
    audience: "notes",
    keys: { jwksUrl: issuer.url },
    platform: { now: () => clock.at },
  });
});
afterEach(() => issuer.close());

/** What becomes of a token of this signer: its subject, or the kind and the text of the trouble. */
async function ask(signer: Signer, kid = signer.kid): Promise<string> {
  const now = Math.floor(clock.at / 1_000);
  const token = signToken({ ...signer, kid }, { aud: "notes", sub: "anna", iat: now, exp: now + 60 });
  const request = new Request("http://localhost/", { headers: { authorization: `Bearer ${token}` } });
  try {
    return String((await authenticate(request))?.sub);
  } catch (error) {
    const { kind, what } = error as { kind: string; what: string };
    return `${kind}: ${what}`;
  }
}
const unknown = "unauthorized: The token is signed with a key that is not known";

describe("The keys of an issuer", () => {
  it("are read once for all who ask, and not again while they are young.", async () => {
    expect(issuer.asked).toBe(0);
    expect(await Promise.all(Array.from({ length: 20 }, () => ask(first)))).toEqual(Array(20).fill("anna"));
    clock.at += 9 * minute;
    expect(await ask(first)).toBe("anna");
    expect(issuer.asked).toBe(1);
  });

  it("are read again when they are old: a withdrawn one ends, a new one holds.", async () => {
    await ask(first);
    issuer.publish(second);
    clock.at += 10 * minute;
    expect(await ask(second)).toBe("anna");
    expect(await ask(first)).toBe(unknown);
    expect(issuer.asked).toBe(2);
  });

  it("are read again for a token with a new one, so that a rotation is no outage.", async () => {
    expect(await ask(first)).toBe("anna");
    issuer.publish(first, second);
    clock.at += 31_000;
    expect(await Promise.all([second, first, second, second].map((one) => ask(one)))).toEqual(
      Array(4).fill("anna"),
    );
    expect(issuer.asked).toBe(2);
  });

  it("are not read for each token that names one that nobody knows.", async () => {
    await ask(first);
    for (let i = 0; i < 50; i++) expect(await ask(second, `made-up-${i}`)).toBe(unknown);
    expect(issuer.asked).toBe(1);
    clock.at += 31_000;
    for (let i = 0; i < 50; i++) expect(await ask(second, `made-up-${i}`)).toBe(unknown);
    expect(issuer.asked).toBe(2);
    issuer.publish(first, third);
    expect(await ask(third)).toBe(unknown);
    clock.at += 31_000;
    expect(await ask(third)).toBe("anna");
    expect(issuer.asked).toBe(3);
  });

  it("go on being used while their address is down, for an hour, with one try every few seconds.", async () => {
    await ask(first);
    await issuer.down();
    clock.at += 11 * minute;
    for (let i = 0; i < 10; i++) expect(await ask(first)).toBe("anna");
    clock.at += 48 * minute;
    expect(await ask(first)).toBe("anna");
    clock.at += 2 * minute;
    expect(await ask(first)).toMatch(/^unavailable: The keys of the issuer cannot be read/);
    await issuer.up();
    clock.at += 5_000;
    expect(await ask(first)).toBe("anna");
  });

  it("are used at once while their address is known to be down, and read beside, so that nobody waits for it.", async () => {
    await ask(first);
    clock.at += 11 * minute;
    const held: ServerResponse[] = [];
    issuer.answer((response) => response.writeHead(503).end());
    expect(await ask(first)).toBe("anna");
    issuer.answer((response) => void held.push(response));
    clock.at += 6_000;
    for (let i = 0; i < 10; i++) expect(await ask(first)).toBe("anna");
    await vi.waitFor(() => expect(held).toHaveLength(1), 20_000);
    expect(issuer.asked).toBe(3);
    issuer.publish(first, second);
    held[0]?.end(JSON.stringify({ keys: [first.jwk, second.jwk] }));
    expect(await ask(second)).toBe("anna");
    expect(issuer.asked).toBe(3);
  });

  it("are read beside shortly before they are old, so that nobody waits for an address that has just gone down.", async () => {
    await ask(first);
    const held: ServerResponse[] = [];
    issuer.answer((response) => void held.push(response));
    clock.at += 9.6 * minute;
    for (let i = 0; i < 5; i++) expect(await ask(first)).toBe("anna");
    await vi.waitFor(() => expect(held).toHaveLength(1), 20_000);
    expect(issuer.asked).toBe(2);
    issuer.publish(second);
    held[0]?.destroy();
    // The broken answer is noticed a moment later.
    await vi.waitFor(async () => {
      clock.at += 5_000;
      expect(await ask(second)).toBe("anna");
    });
  });

  it("are waited for where it is long ago that their address was down: a withdrawn one ends.", async () => {
    await ask(first);
    clock.at += 11 * minute;
    issuer.answer((response) => response.writeHead(503).end());
    expect(await ask(first)).toBe("anna");
    issuer.publish(second);
    clock.at += 2 * minute;
    expect(await ask(first)).toBe(unknown);
  });

  it("cannot tell of an unknown one while their address is down: that is no fault of the token.", async () => {
    await ask(first);
    await issuer.down();
    clock.at += 31_000;
    expect(await ask(second)).toMatch(/^unavailable: /);
    expect(await ask(first)).toBe("anna");
    issuer.publish(second);
    await issuer.up();
    clock.at += 5_000;
    expect(await ask(second)).toBe("anna");
  });

  it("that were never there are asked for again after seconds, not by every request.", async () => {
    issuer.answer((response) => response.writeHead(503).end());
    for (let i = 0; i < 20; i++) expect(await ask(first)).toMatch(/^unavailable: .*status 503/);
    expect(issuer.asked).toBe(1);
    issuer.publish(first);
    expect(await ask(first)).toMatch(/^unavailable: /);
    clock.at += 5_000;
    expect(await ask(first)).toBe("anna");
    expect(issuer.asked).toBe(2);
  });

  it("are asked for again after this machine's clock was set back.", async () => {
    await ask(first);
    issuer.publish(second);
    clock.at -= 24 * 60 * minute;
    expect(await ask(second)).toBe("anna");
  });

  const wrong: readonly (readonly [string, Parameters<Issuer["answer"]>[0], RegExp])[] = [
    ["a web page", (to) => to.writeHead(200).end("<!doctype html>"), /^unavailable/],
    ["no list", (to) => to.writeHead(200).end('{"keys":{}}'), /no list of keys/],
    ["null", (to) => to.writeHead(200).end("null"), /no list of keys/],
    ["a list of nothing", (to) => to.writeHead(200).end('{"keys":[null,1,"x"]}'), /^unavailable/],
    [
      "too many keys",
      (to) => to.writeHead(200).end(JSON.stringify({ keys: Array(51).fill(first.jwk) })),
      /51 keys/,
    ],
    ["far too much", (to) => to.writeHead(200).end("x".repeat(300_000)), /longer than/],
    ["bytes that are no text", (to) => to.writeHead(200).end(Buffer.of(0xff, 0xfe)), /^unavailable/],
    [
      "a redirect to elsewhere",
      (to) => to.writeHead(302, { location: "http://127.0.0.1:9/" }).end(),
      /^unavailable/,
    ],
    [
      "half an answer",
      (to) => void to.writeHead(200, { "content-length": "99" }).write("{", () => to.destroy()),
      /^unavailable/,
    ],
  ];

  it.each(wrong)("are not believed where the address answers with %s.", async (_, how, told) => {
    issuer.answer(how);
    expect(await ask(first)).toMatch(told);
    await ask(first);
    expect(issuer.asked).toBe(1);
  });

  it("that cannot be read are a 503 of the API, as documented, and no reason to sign in again.", async () => {
    await issuer.down();
    const api = await startApi({ authenticate });
    try {
      const now = Math.floor(Date.now() / 1_000);
      const token = signToken(first, { aud: "notes", iat: now, exp: now + 60 });
      const answer = await callApi(api.url, "/v1/stores/main/head", {
        headers: { authorization: `Bearer ${token}` },
      });
      expect([answer.status, answer.body]).toMatchObject([503, { error: { kind: "unavailable" } }]);
      expect(answer.headers["retry-after"]).toBeDefined();
    } finally {
      await api.close();
    }
  });
});

describe("An issuer that does not answer", () => {
  it("is given up after seconds.", async () => {
    issuer.answer(() => undefined);
    const began = Date.now();
    expect(await ask(first)).toMatch(/^unavailable: /);
    expect(Date.now() - began).toBeLessThan(8_000);
  });
});
