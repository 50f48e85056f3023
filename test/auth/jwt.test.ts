/** Tokens and what makes them: the parts of server/jwt, on a clock that stands still. */
import { createHmac } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { createJwtAuthenticate, type JwtOptions } from "../../server/jwt/authenticate.ts";
import { newToken } from "../../server/jwt/new-token.ts";
import { createReadPass } from "../../server/jwt/read-pass.ts";
import { authorizeByRole } from "../../server/roles.ts";
import { testApp, testStoreId } from "../fixtures/store-host.ts";
import { ecSigner, type KeyPair, rsaSigner, type Signer, secretSigner, signToken } from "./tokens.ts";

const secret = "0123456789abcdef0123456789abcdef";
const start = Date.UTC(2026, 10, 21, 9, 0, 0);
const clock = { at: start };
const platform = { now: () => clock.at };
const seconds = start / 1_000;
const claims = { aud: "notes", sub: "anna", iat: seconds, exp: seconds + 60 };

function reader(options: Partial<JwtOptions> = {}) {
  clock.at = start;
  const authenticate = createJwtAuthenticate({ audience: "notes", keys: { secret }, platform, ...options });
  return async (authorization?: string) =>
    authenticate(
      new Request("http://localhost/", authorization === undefined ? {} : { headers: { authorization } }),
    );
}
const read = (token: string, options: Partial<JwtOptions> = {}) => reader(options)(`Bearer ${token}`);
const by = (signer: Signer, changes: object = {}, header: object = {}) =>
  signToken(signer, { ...claims, ...changes }, { ...header });
const good = secretSigner(secret);

describe("createJwtAuthenticate", () => {
  it("answers with the claims of a token that holds, and with null where there is none.", async () => {
    expect(await read(by(good))).toEqual(claims);
    expect(await reader()()).toBeNull();
  });

  it("counts the tolerance on both ends of a token's life, and no second more.", async () => {
    const at = async (offsetMs: number, token = by(good, { nbf: seconds })) => {
      const ask = reader();
      clock.at = start + offsetMs;
      return ask(`Bearer ${token}`).then(
        () => "holds",
        (error) => error.what,
      );
    };
    expect(await at(64_999)).toBe("holds");
    expect(await at(65_000)).toBe("The token has ended");
    expect(await at(-5_000)).toBe("holds");
    expect(await at(-5_001)).toBe("The token does not hold yet");
    expect(await at(-6_000, by(good))).toBe("The token does not hold yet");
  });

  it("takes the secrets of before and after a change, and no third.", async () => {
    const [old, fresh, other] = ["old ", "new ", "xyz "].map((text) => text.repeat(8));
    const keys = { secrets: [String(fresh), String(old)] };
    for (const text of [old, fresh])
      expect(await read(by(secretSigner(String(text))), { keys })).toEqual(claims);
    await expect(read(by(secretSigner(String(other))), { keys })).rejects.toMatchObject({
      kind: "unauthorized",
      what: "The token's signature is wrong",
    });
  });

  it("tries each key of its type for a token that names none, and knows it when none fits.", async () => {
    const pairs = [rsaSigner("a"), rsaSigner("b"), ecSigner("c")] as const;
    const jwks = { keys: pairs.map(({ jwk: { kid: _, ...jwk } }) => jwk as (typeof pairs)[0]["jwk"]) };
    for (const pair of pairs)
      expect(await read(by({ ...pair, kid: null }), { keys: { jwks } })).toEqual(claims);
    await expect(read(by({ ...rsaSigner("a"), kid: null }), { keys: { jwks } })).rejects.toMatchObject({
      what: "The token's signature is wrong",
    });
    const ended = by({ ...pairs[1], kid: null }, { exp: seconds - 60 });
    await expect(read(ended, { keys: { jwks } })).rejects.toMatchObject({ what: "The token has ended" });
  });

  it("tries no more than a few keys for a token that names none, and says what it needs.", async () => {
    const pairs = ["a", "b", "c", "d", "e"].map(ecSigner);
    const keys = { jwks: { keys: pairs.map(({ jwk: { kid: _, ...jwk } }) => jwk as KeyPair["jwk"]) } };
    const ask = (signer: Signer | undefined) => read(by({ ...(signer as Signer), kid: null }), { keys });
    const verify = vi.spyOn(crypto.subtle, "verify");
    expect(await ask(pairs[3])).toEqual(claims);
    for (const signer of [pairs[4], ecSigner("f")]) {
      verify.mockClear();
      await expect(ask(signer)).rejects.toMatchObject({
        kind: "unauthorized",
        what: expect.stringContaining("names none of its issuer's keys (kid)"),
      });
      expect(verify).toHaveBeenCalledTimes(4);
    }
    verify.mockRestore();
  });

  it("takes no secret out of a key set, nor a key that is too short.", async () => {
    const oct = { kty: "oct", k: Buffer.from(secret).toString("base64url"), kid: "s", alg: "HS256" };
    const keys = { jwks: { keys: [oct] } };
    await expect(read(by({ ...good, kid: "s" }), { keys })).rejects.toMatchObject({ kind: "unauthorized" });
  });

  it("says of a token that does not hold why, and nothing that is in it.", async () => {
    const token = by(good, { sub: "somebody secret", exp: seconds - 60, note: "hush" });
    const error = await read(token).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "StoreError", kind: "unauthorized", what: "The token has ended" });
    expect(error.cause).toBeUndefined();
    const said = `${error.message} ${JSON.stringify(error)}`;
    for (const part of [...token.split("."), "hush", "somebody"]) expect(said).not.toContain(part);
  });

  it("takes a token of 8 KiB and no longer one.", async () => {
    const padded = (length: number) => by(good, { padding: "x".repeat(length) });
    let length = 6_000;
    while (padded(length + 1).length <= 8_192) length += 1;
    expect(await read(padded(length))).toMatchObject({ sub: "anna" });
    await expect(read(padded(length + 3))).rejects.toMatchObject({
      what: expect.stringContaining("8192 characters"),
    });
    await expect(reader()(`Bearer ${"x".repeat(1_000_000)}`)).rejects.toMatchObject({ kind: "unauthorized" });
  });

  const unfit: readonly (readonly [string, Partial<JwtOptions>, RegExp])[] = [
    ["a short secret", { keys: { secret: "x".repeat(31) } }, /31 bytes/],
    ["no secret", { keys: { secrets: [] } }, /0 secrets/],
    ["a short one among the secrets", { keys: { secrets: [secret, "x"] } }, /1 bytes/],
    ["many secrets", { keys: { secrets: Array.from({ length: 5 }, () => secret) } }, /5 secrets/],
    ["no audience", { audience: "" }, /audience is empty/],
    ["an audience that is missing", { audience: undefined as unknown as string }, /audience is empty/],
    ["the audience of read passes", { audience: "icecore-read" }, /read passes/],
    ["an empty issuer", { issuer: "" }, /issuer is empty/],
    ["keys over plain HTTP", { keys: { jwksUrl: "http://login.example.com/jwks.json" } }, /HTTPS/],
    [
      "keys at a name that only looks like loopback",
      { keys: { jwksUrl: "http://localhost.example.com/" } },
      /HTTPS/,
    ],
    ["keys with a password in the address", { keys: { jwksUrl: "https://a:b@login.example.com/" } }, /HTTPS/],
    ["no address", { keys: { jwksUrl: "jwks.json" } }, /HTTPS/],
    ["a key set that is none", { keys: { jwks: { keys: "x" } as never } }, /key set/],
    ["a tolerance out of range", { clockToleranceSeconds: Number.NaN }, /clockToleranceSeconds/],
    ["a life out of range", { lifeSecondsMax: 0 }, /lifeSecondsMax/],
  ];

  it.each(unfit)("refuses %s when it is made, not at the first token.", (_, options, what) => {
    expect(() =>
      createJwtAuthenticate({ audience: "notes", keys: { secret }, platform, ...options }),
    ).toThrowError(
      expect.objectContaining({
        kind: "rejected",
        what: expect.stringMatching(what),
        fix: expect.stringMatching(/\w/),
      }),
    );
  });

  it("repeats no secret where it refuses one.", () => {
    const make = () => createJwtAuthenticate({ audience: "notes", keys: { secret: "hush hush" }, platform });
    expect(make).toThrowError(expect.objectContaining({ message: expect.not.stringContaining("hush") }));
  });
});

describe("newToken", () => {
  const asked = {
    secret,
    audience: "notes",
    subject: "anna",
    role: "writer",
    stores: ["family"],
    lifeSeconds: 60,
  } as const;

  it("makes a token that is taken, for the role, the stores and the app that were asked for.", async () => {
    const app = testApp(1);
    const token = await newToken({ ...asked, issuer: "me", app, platform });
    const read = await reader({ issuer: "me" })(`Bearer ${token}`);
    expect(read).toEqual({
      iss: "me",
      aud: "notes",
      sub: "anna",
      role: "writer",
      stores: ["family"],
      app,
      iat: seconds,
      exp: seconds + 60,
    });
    const may = { claims: read, storeId: testStoreId("family") };
    expect(authorizeByRole({ ...may, intent: "write" })).toBe(true);
    expect(authorizeByRole({ ...may, intent: "create" })).toBe(false);
  });

  it.each([
    [{ secret: "short" }, /5 bytes/],
    [{ audience: "" }, /audience/],
    [{ audience: "icecore-read" }, /audience/],
    [{ subject: "" }, /subject/],
    [{ role: "owner" as never }, /role/],
    [{ stores: [] }, /stores/],
    [{ stores: ["../x"] }, /stores/],
    [{ app: "x" }, /app id/],
    [{ lifeSeconds: 0 }, /life/],
    [{ lifeSeconds: 86_401 }, /life/],
  ])("refuses %o.", async (changes, what) => {
    await expect(newToken({ ...asked, ...changes, platform })).rejects.toMatchObject({
      kind: "rejected",
      what: expect.stringMatching(what),
    });
  });
});

describe("createReadPass", () => {
  it("makes exactly what the edge checks: header, claims and HS256 signature.", async () => {
    clock.at = start + 999;
    const { pass, expiresAt } = await createReadPass({ secret, platform }).newPass(testStoreId("family"));
    const [header = "", payload = "", signature] = pass.split(".");
    expect(Buffer.from(header, "base64url").toString()).toBe('{"alg":"HS256","typ":"JWT"}');
    const held = JSON.parse(Buffer.from(payload, "base64url").toString());
    expect(held).toEqual({ aud: "icecore-read", store: "family", exp: seconds + 300 });
    expect(signature).toBe(createHmac("sha256", secret).update(`${header}.${payload}`).digest("base64url"));
    expect(expiresAt).toBe((seconds + 300) * 1_000);
  });

  it("is no token, even where the secret is the same.", async () => {
    const { pass } = await createReadPass({ secret, platform }).newPass(testStoreId("family"));
    await expect(read(pass)).rejects.toMatchObject({ what: "The token is for another audience" });
  });

  it.each([0, 3_601, 1.5, Number.NaN])("refuses a life of %s seconds.", (lifeSeconds) => {
    expect(() => createReadPass({ secret, lifeSeconds, platform })).toThrowError(/lifeSeconds/);
  });
});
