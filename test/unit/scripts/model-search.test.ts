/**
 * A little of `npm run model` and `npm run mutants`, which take minutes: that no mutant has gone stale, that the search goes through small
 * worlds to their end, and that it does find what is wrong.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bundleSearch, changed, loadSearch } from "../../model/bundle.ts";
import { type Mutant, mutants } from "../../model/mutants.ts";
import { scenarios } from "../../model/scenarios.ts";
import type { Scenario } from "../../model/transitions.ts";

const root = join(import.meta.dirname, "../../..");
const bounds = { statesMax: 5_000, secondsMax: 50 };

const writer = { role: "writer", times: 1, app: 0 } as const;
const rollup = { role: "rollup", times: 1 } as const;

/** Each ends after a few hundred states. */
const small = {
  writers: { actors: [writer, { ...writer, app: 1 }, rollup], ticks: 0 },
  lost: { actors: [writer, rollup], lost: 1, ticks: 0 },
  rollups: { actors: [writer, rollup, rollup], prelude: [{ run: 0 }], ticks: 0 },
} as const satisfies Readonly<Record<string, Omit<Scenario, "name" | "about">>>;

const scenarioOf = (name: keyof typeof small): Scenario => ({ ...small[name], name, about: "a small world" });

function mutantOf(name: string): Mutant {
  const mutant = mutants.find((one) => one.name === name);
  if (!mutant) throw new Error(`There is no mutant "${name}".`);
  return mutant;
}

describe("The mutants", () => {
  test.each(mutants.filter(({ changes }) => changes.length > 0))(
    "$name: still fits the source, each text once.",
    ({ changes }) => {
      const sources = new Map<string, string>();
      for (const change of changes) {
        const before = sources.get(change.file) ?? readFileSync(join(root, change.file), "utf8");
        const after = changed(before, change);
        expect(after).not.toBe(before);
        sources.set(change.file, after);
      }
    },
  );

  test("are each searched for somewhere: in a scenario that there is, or one of their own.", () => {
    const names = scenarios.map(({ name }) => name);
    for (const { scenarios: wanted } of mutants) {
      expect(wanted.length).toBeGreaterThan(0);
      expect(names).toEqual(expect.arrayContaining(wanted.filter((one) => typeof one === "string")));
    }
    expect(mutants.filter(({ ten }) => ten)).toHaveLength(10);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  test("are caught where their text is gone, or stands twice.", () => {
    const change = { file: "a.ts", find: "one + two", replace: "" };
    expect(changed("one\n  + two;", change)).toBe(";");
    expect(() => changed("one - two;", change)).toThrow("stands 0 times in a.ts");
    expect(() => changed("one + two + one + two;", change)).toThrow("stands 2 times in a.ts");
  });
});

describe("The search", () => {
  test("goes through small worlds to their end, and all invariants hold.", async () => {
    const { search } = await loadSearch(await bundleSearch("small", []));
    for (const name of Object.keys(small) as readonly (keyof typeof small)[]) {
      const found = search(scenarioOf(name), bounds);
      expect(found).toMatchObject({ scenario: name, complete: true });
      expect(found.violation, `${name}\n${found.trace?.join("\n")}`).toBeUndefined();
      expect(found.states).toBeGreaterThan(100);
    }
  });

  test.each([
    ["LIST before the seal", "writers", "1: update"],
    ["publish without the publishedThrough == from condition", "rollups", "4: the head is not well formed"],
    ["DELETE on 412", "lost", "7: the listed segment"],
  ] as const)('kills the mutant "%s".', async (name, scenario, invariant) => {
    const { changes } = mutantOf(name);
    const { search } = await loadSearch(await bundleSearch(name, changes));
    const { violation, trace } = search(scenarioOf(scenario), bounds);
    expect(violation).toContain(invariant);
    expect(trace?.[0]).toBe("the store is made");
  });
});
