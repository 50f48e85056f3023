/** Who may listen: AppSync's authorizer with the same token and the same two functions as the API. */
import { describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { createHintAuthorizer } from "../../lambdas/hint-authorizer.ts";
import { createJwtAuthenticate } from "../../server/jwt/authenticate.ts";
import { newToken } from "../../server/jwt/new-token.ts";
import { createReadPass } from "../../server/jwt/read-pass.ts";
import { authorizeByRole } from "../../server/roles.ts";
import { testStoreId } from "../fixtures/store-host.ts";

const platform = createNodePlatform();
const secret = "token-secret-0123456789abcdefghijklmno";
const authenticate = createJwtAuthenticate({ audience: "notes", keys: { secret }, platform });
const authorizer = createHintAuthorizer({ authenticate, authorize: authorizeByRole });

const tokenFor = (stores: readonly string[], given: Partial<Parameters<typeof newToken>[0]> = {}) =>
  newToken({
    secret,
    audience: "notes",
    subject: "anna",
    role: "reader",
    stores,
    lifeSeconds: 60,
    platform,
    ...given,
  });

/** As AWS documents what its Events API hands to an authorizer. */
const asked = (authorizationToken: unknown, operation: string, channel?: string) => ({
  authorizationToken,
  requestContext: {
    apiId: "aaaaaa123123123example123",
    accountId: "111122223333",
    requestId: "f4081827-1111-4444-5555-5cf4695f339f",
    operation,
    ...(channel === undefined ? {} : { channelNamespaceName: "icecore", channel }),
  },
  requestHeaders: { host: "x.appsync-api.eu-central-1.amazonaws.com" },
});
const yes = { isAuthorized: true, ttlOverride: 0 };
const no = { isAuthorized: false, ttlOverride: 0 };

describe("The authorizer of hints", () => {
  it("lets who has signed in connect, and listen to the stores that they may read", async () => {
    const token = await tokenFor(["family", "team-*"]);
    for (const scheme of ["", "Bearer "]) {
      const given = scheme + token;
      expect(await authorizer(asked(given, "EVENT_CONNECT"))).toEqual(yes);
      expect(await authorizer(asked(given, "EVENT_SUBSCRIBE", "/icecore/family"))).toEqual(yes);
      expect(await authorizer(asked(given, "EVENT_SUBSCRIBE", "/icecore/teamDa"))).toEqual(yes);
    }
  });

  it("refuses another store's channel, all channels at once, and what is no channel of ours", async () => {
    const token = await tokenFor(["family"]);
    for (const channel of ["/icecore/other", "/icecore/*", "/icecore/fam*", "/other/family", "/*", ""])
      expect([channel, await authorizer(asked(token, "EVENT_SUBSCRIBE", channel))]).toEqual([channel, no]);
  });

  it("lets nobody give hints, whatever the token", async () => {
    const token = await tokenFor(["*"], { role: "admin" });
    expect(await authorizer(asked(token, "EVENT_PUBLISH", "/icecore/family"))).toEqual(no);
  });

  it("refuses a token that does not hold", async () => {
    const past = { ...platform, now: () => Date.now() - 3_600_000 };
    const passes = createReadPass({ secret, platform });
    const tokens = [
      await tokenFor(["family"], { platform: past }),
      await tokenFor(["family"], { audience: "other" }),
      await tokenFor(["family"], { secret: `${secret}x` }),
      (await passes.newPass(testStoreId("family"))).pass,
      "",
      "x",
      "a b",
      `${await tokenFor(["family"])}\n`,
      "x".repeat(100_000),
      undefined,
      null,
      {},
    ];
    for (const token of tokens) {
      expect(await authorizer(asked(token, "EVENT_CONNECT"))).toEqual(no);
      expect(await authorizer(asked(token, "EVENT_SUBSCRIBE", "/icecore/family"))).toEqual(no);
    }
  });

  it("takes what is no claims for nobody, as the API does", async () => {
    for (const nobody of [undefined, false, "", 0]) {
      const careless = createHintAuthorizer({
        authenticate: () => nobody as never,
        authorize: ({ claims }) => claims !== null,
      });
      expect(await careless(asked("x", "EVENT_CONNECT"))).toEqual(no);
      expect(await careless(asked("x", "EVENT_SUBSCRIBE", "/icecore/family"))).toEqual(no);
    }
  });

  it("refuses what is no question of AppSync's, and where its own functions fail", async () => {
    for (const event of [
      undefined,
      null,
      1,
      "x",
      [],
      {},
      { authorizationToken: "x" },
      { requestContext: null },
    ])
      expect(await authorizer(event)).toEqual(no);
    const token = await tokenFor(["family"]);
    const broken = createHintAuthorizer({
      authenticate,
      authorize: () => {
        throw new Error("no database");
      },
    });
    expect(await broken(asked(token, "EVENT_SUBSCRIBE", "/icecore/family"))).toEqual(no);
    const vague = createHintAuthorizer({ authenticate, authorize: () => "yes" as unknown as boolean });
    expect(await vague(asked(token, "EVENT_SUBSCRIBE", "/icecore/family"))).toEqual(no);
    const open = createHintAuthorizer({ authenticate: () => null, authorize: () => true });
    expect(await open(asked("anything", "EVENT_CONNECT"))).toEqual(no);
  });
});
