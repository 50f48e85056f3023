/**
 * New ids for updates whose app and seq another update of the target has. Pure and deterministic: the same export into the
 * same target gives the same ids, so that a repeated import finds them there. The time part stays that of the old id.
 */
import { assert } from "../errors.ts";
import type { Sha256 } from "../ports/hash.ts";
import { type AppId, parseAppId, parseUpdateId, type UpdateId } from "../wire/ids.ts";

const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const timeLength = 10;
const randomLength = 16;

/** The app that stands in for `app` in the target of this epoch. */
export function standInApp(epoch: string, app: AppId, sha256: Sha256): AppId {
  const id = parseAppId(rehashed(app, epoch + app, sha256));
  assert(id !== undefined, "an app's stand-in is a ULID");
  return id;
}

/** The id of an update of a stand-in. */
export function standInUpdate(standIn: AppId, update: UpdateId, sha256: Sha256): UpdateId {
  const id = parseUpdateId(rehashed(update, standIn + update, sha256));
  assert(id !== undefined, "the id of a stand-in's update is a ULID");
  return id;
}

/** `id` with the random part that a text hashes to: a byte for a digit, of which five bits count. */
function rehashed(id: string, text: string, sha256: Sha256): string {
  const hash = sha256(text);
  const random = Array.from({ length: randomLength }, (_, i) =>
    digits.charAt(Number.parseInt(hash.slice(2 * i, 2 * i + 2), 16) % digits.length),
  );
  return id.slice(0, timeLength) + random.join("");
}
