/**
 * Whether what a schema makes of an action's data follows from that data alone. Stored is what the caller gave, as a schema need
 * not accept what it gives itself; so each replica runs it again, and a default such as `() => crypto.randomUUID()` would be
 * another one everywhere.
 */
import type { Codec } from "../codec/codec.ts";
import { StoreError } from "../errors.ts";
import { canonicalText, type Json } from "../json.ts";
import type { ModelAction } from "./model.ts";

/** Stored data as text, and what the schema made of it. */
interface Answer {
  readonly stored: string;
  readonly made: string;
}

/** By action the last data that its schema changed: asked again at the next call, as a clock stands still within one. */
const lastChanged = new WeakMap<ModelAction, Answer>();

/** False where the schema, asked again, gives something else. It is asked again only where it changed the data. */
export function isConstant(codec: Codec, action: ModelAction, data: Json, made: unknown): boolean {
  const answer = { stored: canonicalText(data), made: madeText(codec, made) };
  if (answer.made === answer.stored) return true;
  const before = lastChanged.get(action) ?? answer;
  lastChanged.set(action, answer);
  return [before, answer].every((one) => {
    const again = action.validate(codec.decode(JSON.parse(one.stored) as Json));
    return again.ok && madeText(codec, again.value) === one.made;
  });
}

/** What a schema makes need not be storable. */
function madeText(codec: Codec, made: unknown): string {
  try {
    return canonicalText(codec.encode(made));
  } catch (error) {
    if (error instanceof StoreError) return canonicalText(codec.info(made));
    throw error;
  }
}
