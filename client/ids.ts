/** Ids of this instance: monotonic ULIDs, so that a later action sorts after an earlier one even when the clock goes back. */
import { monotonicFactory } from "ulid";
import { assert } from "../shared/errors.ts";
import type { Platform } from "../shared/ports/platform.ts";
import {
  type ActionId,
  type AppId,
  createdAt,
  parseActionId,
  parseAppId,
  parseUpdateId,
  type UpdateId,
} from "../shared/wire/ids.ts";

export interface IdSource {
  newActionId(): ActionId;
  newUpdateId(): UpdateId;
  newAppId(): AppId;
  /** What is made from now on sorts after `id`, whatever the clock says. */
  goAbove(id: ActionId): void;
}

const digits = "0123456789abcdefghjkmnpqrstvwxyz";

export function createIds(platform: Platform): IdSource {
  const factory = monotonicFactory(secureDigits(platform));
  let last = 0;

  function newId(): string {
    last = Math.max(last, platform.now());
    try {
      return factory(last);
    } catch {
      // The random part is full, after some 10^24 ids of one millisecond: the next one has room.
      last += 1;
      return factory(last);
    }
  }

  function made<T>(id: T | undefined): T {
    assert(id !== undefined, "a new id is a ULID");
    return id;
  }

  return {
    newActionId: () => made(parseActionId(newId())),
    newUpdateId: () => made(parseUpdateId(newId())),
    newAppId: () => made(parseAppId(newId())),
    goAbove(id) {
      last = Math.max(last, createdAt(id) + 1);
    },
  };
}

/**
 * One random digit of an id after the other, as a fraction. A nonce has as many as an id wants (16), and so many are drawn where its
 * millisecond is a new one: one nonce an id.
 */
function secureDigits(platform: Platform): () => number {
  let nonce = "";
  let at = 0;
  return () => {
    if (at === nonce.length) [nonce, at] = [platform.newNonce(), 0];
    return Math.max(0, digits.indexOf(nonce.charAt(at++))) / digits.length;
  };
}
