/** docs/recipes.md quotes files that are compiled, and run here. */
import { createRoot } from "solid-js";
import { expect, test } from "vitest";
import { effectScope } from "vue";
import { watch } from "../../../examples/recipes/plain.ts";
import { useStore as useInSolid } from "../../../examples/recipes/solid.ts";
import { selected } from "../../../examples/recipes/svelte.ts";
import { useStore as useInVue } from "../../../examples/recipes/vue.ts";
import { readManifest, subpathsOf } from "../../../scripts/manifest.ts";
import { createClientWorld } from "../../fixtures/client-world.ts";
import { readText, resolveFrom } from "./source.ts";

const subpaths = new Map(subpathsOf(readManifest()).map(({ name, source }) => [source, name]));
const document = "docs/recipes.md";

/** What a file shows: its region, or where it has none all below its header; with the names of the package. */
function shownOf(path: string): string {
  const text = readText(path);
  const region = /\/\/ recipe begins\n([\s\S]*?)\/\/ recipe ends/.exec(text)?.[1];
  const shown = region ?? text.replace(/^\/\*\*.*\*\/\n/, "");
  return shown.replace(/"(?:\.\.\/)+([\w/-]+\/index\.ts)"/g, (_, source) => `"${subpaths.get(source)}"`);
}

test("Each block of code in the recipes is the file that is named above it.", () => {
  const text = readText(document);
  const blocks = [...text.matchAll(/\[[^\]]+\]\((\S+\.tsx?)\):\n\n```ts\n([\s\S]*?)```/g)];
  expect(blocks).toHaveLength([...text.matchAll(/^```ts$/gm)].length);
  expect(blocks.length).toBeGreaterThan(4);
  for (const [, path = "", code] of blocks)
    expect(code).toBe(shownOf(resolveFrom(document, `./${path}`) ?? ""));
});

test("The recipes follow the part that they select, and nothing after they were stopped.", async () => {
  const world = await createClientWorld();
  const store = world.client();
  await store.loaded;
  const size = (state: typeof store.state) => state.pairs.size;
  const plain: number[] = [];
  const svelte: number[] = [];
  const stops = [
    watch(store, size, (part) => plain.push(part)),
    selected(store, size).subscribe((part) => svelte.push(part)),
  ];
  const scope = effectScope();
  const vue = scope.run(() => useInVue(store, size));
  const solid = createRoot((dispose) => {
    stops.push(dispose);
    return useInSolid(store, size);
  });
  store.do.put({ key: "a", value: "1" });
  store.do.put({ key: "a", value: "2" });
  expect([plain, svelte, vue?.value, solid()]).toEqual([[0, 1], [0, 1], 1, 1]);
  for (const stop of [...stops, () => scope.stop()]) stop();
  store.do.put({ key: "b", value: "1" });
  expect([plain, svelte, vue?.value]).toEqual([[0, 1], [0, 1], 1]);
  await world.close();
});
