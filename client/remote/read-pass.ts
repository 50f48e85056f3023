/**
 * The read pass of one store. Where a shared cache stands before the bucket, it cannot check a user's token; it asks for a pass, which the
 * server gives for that token. Whoever reads while it is asked for waits for that one answer. It is renewed before it ends, by the
 * server's clock, and when it is refused; a pass that still holds is used where there is no other yet.
 */
import type { Platform } from "../../shared/ports/platform.ts";
import { parseReadPass } from "../../shared/wire/http-access.ts";
import { storePath } from "../../shared/wire/http-routes.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { failureOf, isAbsent, jsonOf, notUnderstood } from "./http-answer.ts";
import { errorBytesMax, passAheadMs } from "./http-limits.ts";
import type { PassKeeper, Requester } from "./http-request.ts";

export function createPassKeeper(store: StoreId, requester: Requester, platform: Platform): PassKeeper {
  let held: { readonly pass: string; readonly renewAt: number } | null = null;
  let asking: Promise<string | null> | null = null;

  const serverNow = () => platform.now() + (requester.clockOffsetMs() ?? 0);

  async function ask(): Promise<string | null> {
    const path = storePath(store, "pass");
    const answer = await requester.send({ method: "POST", path, bytesMax: errorBytesMax });
    // This server has none: the refusal stands as it is.
    if (await isAbsent(answer, platform)) {
      held = null;
      return null;
    }
    if (answer.status !== 200) throw await failureOf(requester, answer, platform);
    const given = parseReadPass(await jsonOf(answer, platform));
    if (!given.ok) throw notUnderstood(requester, given.reason);
    const { pass, expiresAt } = given.value;
    // A short life is not renewed at each request.
    held = { pass, renewAt: expiresAt - Math.min(passAheadMs, (expiresAt - serverNow()) / 2) };
    return pass;
  }

  function askOnce(): Promise<string | null> {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  }

  return {
    async current() {
      const kept = held;
      if (kept === null) return asking;
      return serverNow() < kept.renewAt ? kept.pass : askOnce().catch(() => kept.pass);
    },
    renew: async (used) => (held === null || held.pass === used ? askOnce() : held.pass),
  };
}
