/** Comparing encoded states: without what may differ, and the differences as lines for people. */
import { canonicalText, isJsonObject, type Json, type JsonObject } from "../shared/json.ts";

/** Steps from the outside in; "*" stands for any key. */
export type Path = readonly string[];

export function parsePath(text: string): Path {
  return text.split(".");
}

/** The state without what lies at these paths. */
export function without(state: Json, paths: readonly Path[]): Json {
  if (!isJsonObject(state) || paths.length === 0) return state;
  const kept = Object.entries(state).flatMap(([key, member]) => {
    const below = paths.filter(([first]) => first === key || first === "*");
    if (below.some(({ length }) => length === 1)) return [];
    return [
      [
        key,
        without(
          member,
          below.map((path) => path.slice(1)),
        ),
      ] as const,
    ];
  });
  return Object.fromEntries(kept);
}

export function isSame(a: Json, b: Json): boolean {
  return canonicalText(a) === canonicalText(b);
}

const linesMax = 6;
const charsMax = 120;

/** What is found instead of what was expected, as `todos.a.title: "x" instead of "y"`. */
export function differenceLines(found: Json, expected: Json): readonly string[] {
  const lines = [...differences(found, expected, [])];
  const left = lines.length - linesMax;
  return left > 0 ? [...lines.slice(0, linesMax), `… and ${left} more`] : lines;
}

function* differences(found: Json | undefined, expected: Json | undefined, path: Path): Generator<string> {
  if (found !== undefined && expected !== undefined && isSame(found, expected)) return;
  if (isJsonObject(found) && isJsonObject(expected)) {
    for (const key of [...new Set([...Object.keys(found), ...Object.keys(expected)])].sort())
      yield* differences(memberOf(found, key), memberOf(expected, key), [...path, key]);
    return;
  }
  yield `${path.join(".")}: ${shown(found)} instead of ${shown(expected)}`;
}

function memberOf(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** One line of bounded length. */
export function shown(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}
