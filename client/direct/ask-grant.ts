/** Asks the server for one app's credentials. Nothing of an answer is repeated in an error: it holds secrets. */
import { StoreError } from "../../shared/errors.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { type DirectGrant, encodeDirectRequest, parseDirectGrant } from "../../shared/wire/http-access.ts";
import { storePath } from "../../shared/wire/http-routes.ts";
import type { AppId, StoreId } from "../../shared/wire/ids.ts";
import { failureOf, isAbsent, jsonOf, notUnderstood } from "../remote/http-answer.ts";
import { errorBytesMax } from "../remote/http-limits.ts";
import type { Requester } from "../remote/http-request.ts";

/** Throws StoreError: "unauthorized" where this user may not write here or the app id is not theirs, "rejected" where there is no direct mode. */
export async function askGrant(
  { store, app }: { readonly store: StoreId; readonly app: AppId },
  requester: Requester,
  platform: Platform,
): Promise<DirectGrant> {
  const answer = await requester.send({
    method: "POST",
    path: storePath(store, "credentials"),
    body: JSON.stringify(encodeDirectRequest({ app })),
    bytesMax: errorBytesMax,
    uncached: true,
  });
  if (await isAbsent(answer, platform)) throw noDirectMode(requester.server);
  if (answer.status !== 200) throw await failureOf(requester, answer, platform);
  const grant = parseDirectGrant(await jsonOf(answer, platform));
  if (!grant.ok) throw notUnderstood(requester, grant.reason);
  return grant.value;
}

function noDirectMode(server: string): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `${server} gives out no credentials for its bucket`,
    fix: "Open the store with httpRemote, or let the server have direct mode.",
  });
}
