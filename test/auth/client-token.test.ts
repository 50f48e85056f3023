/** A client whose signed token ends while updates are queued: the token function is asked anew, and nothing is lost, doubled or reordered. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createJwtAuthenticate } from "../../server/jwt/authenticate.ts";
import { newToken } from "../../server/jwt/new-token.ts";
import { authorizeByRole } from "../../server/roles.ts";
import { atRest, type BadWorld, createBadWorld, put, troubled } from "../fixtures/bad-world.ts";

const secret = "a secret that tokens are signed with here";
const single = { updateActionsMax: 1 };
const keys = Array.from({ length: 8 }, (_, i) => `k${i}`);
/** The server's clock, which ends tokens; everybody else's goes on as it does. */
let aheadMs = 0;
let world: BadWorld;
const platform = { now: () => Date.now() + aheadMs };

beforeEach(async () => {
  aheadMs = 0;
  world = await createBadWorld({
    authenticate: createJwtAuthenticate({ audience: "notes", keys: { secret }, platform }),
    authorize: authorizeByRole,
  });
});
afterEach(() => world.close());

const sign = (subject = "anna", more: Partial<Parameters<typeof newToken>[0]> = {}) =>
  newToken({
    secret,
    audience: "notes",
    subject,
    role: "writer",
    stores: ["main"],
    lifeSeconds: 60,
    platform,
    ...more,
  });

/** Moves the server's clock past the life of all tokens after each so many updates. */
function endTokensAfterEach(updates: number): void {
  let count = 0;
  world.front.decide(({ method, path }) => {
    if (method === "POST" && path.endsWith("/updates") && ++count % updates === 0) aheadMs += 120_000;
    return "pass";
  });
}

describe("A signed token that ends while updates are queued", () => {
  it("is made anew by the token function, and each update goes out once, in order, as its holder's.", async () => {
    let made = 0;
    let kept = "";
    const token = async () => {
      const { exp = 0 } =
        kept === "" ? {} : JSON.parse(Buffer.from(kept.split(".")[1] ?? "", "base64url").toString());
      if (exp * 1_000 < platform.now()) {
        kept = await sign();
        made += 1;
      }
      return kept;
    };
    const client = world.client({ token, settings: single });
    await client.sync.now();
    for (const key of keys) client.do.put(put(key));
    endTokensAfterEach(3);
    await client.sync.now();
    expect(client.sync.status).toMatchObject({ error: null, pending: keys.length });
    world.front.decide(() => "pass");
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(keys);
    const log = await world.log();
    expect(log.map(({ seq }) => seq)).toEqual(keys.map((_, i) => i + 1));
    expect(new Set(log.map(({ principal }) => principal))).toEqual(new Set(["anna"]));
    expect(made).toBeGreaterThanOrEqual(3);
  });

  it("and cannot be made anew leaves the rest where it was, until somebody signs in again.", async () => {
    const old = await sign();
    let current = old;
    const client = world.client({ token: () => current, settings: single });
    await client.sync.now();
    for (const key of keys) client.do.put(put(key));
    endTokensAfterEach(3);
    await expect(client.sync.now()).rejects.toMatchObject({ kind: "unauthorized" });
    expect(client.sync.status).toMatchObject(
      troubled("unauthorized", keys.length, /token has ended/, /Sign in again/),
    );
    world.front.decide(() => "pass");
    current = await sign();
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(keys);
  });
});

describe("A token of somebody else, in a local storage that was used before", () => {
  it("sends nothing under the first one's app id; what waits goes out when they sign in again.", async () => {
    let current = await sign("anna");
    const client = world.client({ token: () => current, settings: single });
    client.do.put(put("anna's"));
    await client.sync.now();
    current = await sign("ben");
    client.do.put(put("whose?"));
    await expect(client.sync.now()).rejects.toMatchObject({ kind: "unauthorized" });
    expect(client.sync.status.error?.what).toMatch(/belongs to somebody else/);
    current = await sign("anna");
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(["anna's", "whose?"]);
  });

  it("that is bound to another app id sends nothing either.", async () => {
    const other = world.client({ token: () => sign("anna") });
    other.do.put(put("first"));
    await other.sync.now();
    const { app } = world.sent().at(-1) ?? { app: "" };
    const client = world.client({ token: () => sign("anna", { app }) });
    client.do.put(put("second"));
    await expect(client.sync.now()).rejects.toMatchObject({ kind: "unauthorized" });
    expect(client.sync.status.error?.what).toMatch(/token is for another app id/);
  });
});
