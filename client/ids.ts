/** Ids of this instance: monotonic ULIDs, so that a later action sorts after an earlier one even when the clock goes back. */
import { monotonicFactory } from "ulid";
import { assert } from "../shared/errors.ts";
import type { Platform } from "../shared/ports/platform.ts";
import {
  type ActionId,
  type AppId,
  parseActionId,
  parseAppId,
  parseUpdateId,
  type UpdateId,
} from "../shared/wire/ids.ts";

export interface IdSource {
  newActionId(): ActionId;
  newUpdateId(): UpdateId;
  newAppId(): AppId;
}

const digits = "0123456789abcdefghjkmnpqrstvwxyz";
const drawn = 8;

export function createIds(platform: Platform): IdSource {
  const factory = monotonicFactory(() => secureFraction(platform));
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
  };
}

/** Uniform in [0, 1), from a secure source: 40 bits of a nonce. */
function secureFraction(platform: Platform): number {
  const nonce = platform.newNonce();
  let value = 0;
  for (let i = 0; i < drawn; i++) value = value * 32 + digits.indexOf(nonce.charAt(i));
  return value / 32 ** drawn;
}
