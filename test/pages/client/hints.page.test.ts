/** Hints and polls in a real browser: its own WebSocket takes the token as a subprotocol, and its polls leave shared caches alone. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createNodePlatform } from "../../../bucket/platform/node.ts";
import { createJwtAuthenticate } from "../../../server/jwt/authenticate.ts";
import { newToken } from "../../../server/jwt/new-token.ts";
import { authorizeByRole } from "../../../server/roles.ts";
import { startApi } from "../../fixtures/api-server.ts";
import { startAppSync } from "../../fixtures/appsync-server.ts";
import { testUpdate } from "../../fixtures/store-host.ts";
import { describePages, launchChromium } from "../chromium.ts";
import { ask, bundlePage, openPage } from "../site.ts";
import type * as inPage from "./hints-page.ts";

const platform = createNodePlatform();
const secret = "token-secret-0123456789abcdefghijklmno";

describePages("A page with hints over AppSync Events", () => {
  let browser: Browser;
  let script = "";
  beforeAll(async () => {
    browser = await launchChromium();
    script = await bundlePage(new URL("./hints-page.ts", import.meta.url));
  });
  afterAll(() => browser?.close());

  it("shows what another wrote as soon as it is hinted at, and polls without telling caches to stand aside", async () => {
    const site = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
      response.end(
        isScript ? script : '<!doctype html><title>icecore</title><script src="/page.js"></script>',
      );
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    const audience = "notes";
    const authenticate = createJwtAuthenticate({ audience, keys: { secret }, platform });
    const service = await startAppSync({ authorizer: { authenticate, authorize: authorizeByRole } });
    const api = await startApi({
      authenticate,
      authorize: authorizeByRole,
      live: false,
      corsOrigins: [origin],
    });
    const token = await newToken({
      secret,
      audience,
      subject: "anna",
      role: "writer",
      stores: ["main"],
      lifeSeconds: 600,
      platform,
    });
    const context = await browser.newContext();
    try {
      const page = await openPage(context, origin);
      // In the order of the requests, whenever their headers are known.
      const asked: Promise<string | undefined>[] = [];
      page.on("request", (request) => {
        if (!request.url().endsWith("/head") || request.method() !== "GET") return;
        asked.push(request.allHeaders().then((headers) => headers["cache-control"]));
      });
      const { url, realtimeUrl } = service;
      await ask<typeof inPage.open>(page, "open", { api: api.url, url, realtimeUrl, token });
      await expect.poll(() => service.heard).toContain("subscribe /icecore/main");
      expect(service.tokens).toEqual([token]);
      // Its first look is over: it looks again in an hour, or when it is told.
      await ask<typeof inPage.syncNow>(page, "syncNow");
      const stored = await api.post(testUpdate(1, 1, [{ key: "news", value: 1 }]), {
        authorization: `Bearer ${token}`,
      });
      expect(stored.status).toBe(200);
      // Hints in one second are one.
      await platform.wait(1_100);
      expect(await ask<typeof inPage.keys>(page, "keys")).toEqual([]);
      service.publish("/icecore/main");
      await expect.poll(() => ask<typeof inPage.keys>(page, "keys"), { timeout: 45_000 }).toEqual(["news"]);
      await ask<typeof inPage.syncNow>(page, "syncNow");
      // The first read makes sure; polls need not.
      await expect.poll(() => asked.length).toBeGreaterThanOrEqual(3);
      const heads = await Promise.all(asked);
      expect(heads.slice(0, 3)).toEqual(["no-cache", "max-age=0", "max-age=0"]);
      expect(new Set(heads.slice(1))).toEqual(new Set(["max-age=0"]));
    } finally {
      await context.close();
      await api.close();
      await service.close();
      site.close();
    }
  });
});
