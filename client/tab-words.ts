/** What the leading tab tells the others beside rows, and what they ask of it. Plain data, made by tabs of this origin. */
import { StoreError } from "../shared/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../shared/json.ts";
import { type ActionId, parseActionId } from "../shared/wire/ids.ts";
import { encodeStamped, parseStamped, type StampedUpdate } from "../shared/wire/update.ts";
import type { Condition } from "./status.ts";

export type Told =
  /** A tab begins to follow: it wants to know what only the leader's memory holds. */
  | { readonly is: "hello" }
  | { readonly is: "condition"; readonly condition: Condition }
  | { readonly is: "tail"; readonly updates: readonly StampedUpdate[] };

export type OutboxWish = "hold" | "release" | "drop" | "retry";

export type Asked =
  | { readonly do: "now" }
  | { readonly do: "wake"; readonly reason: string }
  | { readonly do: OutboxWish; readonly id: ActionId };

export function encodeTold(told: Told): Json {
  if (told.is === "hello") return { is: "hello" };
  if (told.is === "tail") return { is: "tail", updates: told.updates.map(encodeStamped) };
  const { error, ...rest } = told.condition;
  const trouble = error && { kind: error.kind, what: error.what, fix: error.fix };
  return { is: "condition", condition: { ...rest, error: trouble } };
}

/** Null for words of another release. */
export function readTold(words: Json): Told | null {
  if (!isJsonObject(words)) return null;
  if (words.is === "hello") return { is: "hello" };
  if (words.is === "tail" && Array.isArray(words.updates))
    return {
      is: "tail",
      updates: words.updates.flatMap((update: Json) => {
        const parsed = parseStamped(update);
        return parsed.ok ? [parsed.value] : [];
      }),
    };
  return words.is === "condition" && isJsonObject(words.condition) ? readCondition(words.condition) : null;
}

function readCondition(condition: JsonObject): Told {
  const { error } = condition;
  const trouble = isJsonObject(error) ? new StoreError(error as never) : null;
  return { is: "condition", condition: { ...(condition as unknown as Condition), error: trouble } };
}

const wishes: ReadonlySet<unknown> = new Set<OutboxWish>(["hold", "release", "drop", "retry"]);

/** Null for words of another release. */
export function readAsked(words: Json): Asked | null {
  if (!isJsonObject(words)) return null;
  if (words.do === "now") return { do: "now" };
  if (words.do === "wake") return { do: "wake", reason: String(words.reason) };
  const id = parseActionId(String(words.id));
  return wishes.has(words.do) && id !== undefined ? { do: words.do as OutboxWish, id } : null;
}
