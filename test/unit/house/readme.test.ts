import { expect, test } from "vitest";
import type { FoldUpdate } from "../../../shared/fold/fold-update.ts";
import { createFold } from "../../../shared/index.ts";
import { type ActionId, parseActionId } from "../../../shared/wire/ids.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { phone, times } from "../../golden/values.ts";
import { model } from "./readme-example.ts";
import { readText } from "./source.ts";

test("The README's examples are those that are compiled and run here.", () => {
  const shown = [...readText("README.md").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  expect(shown).toEqual(["readme-example.ts", "readme-client.ts"].map(regionOf));
});

/** As a user of the package writes it. */
function regionOf(file: string): string | undefined {
  const text = readText(`test/unit/house/${file}`);
  return /\/\/ README begins\n([\s\S]*?)\/\/ README ends/
    .exec(text)?.[1]
    ?.replace("../../../shared/index.ts", "icecore")
    .replace("../../../client/index.ts", "icecore/client")
    .replace("../../../client/node/index.ts", "icecore/client/node")
    .replace("./readme-example.ts", "./model.ts");
}

test("The README's example keeps the rules of a model: an addition made twice changes nothing.", () => {
  const add = actionOf("01M7YNM4YRRFQXAW30JTNQCX2E", "addTodo", { id: "t1", title: "Milk" });
  const again = actionOf("01M7YNM5MM5SFZ26A1Q2PP0DM3", "addTodo", { id: "t1", title: "Milk" });
  const complete = actionOf("01M7YNM70C7M455B2TQ20JGM1B", "completeTodo", { id: "t1" });
  const update: FoldUpdate = {
    timestamp: times.first,
    app: phone,
    seq: 1,
    after: toTimestamp(0),
    modelVersion: 1,
    actions: [add, complete, again],
  };
  const fold = createFold(model);
  expect(fold.apply([update], times.first)).toMatchObject({ applied: 3, rejected: [] });
  expect([...fold.state().todos]).toEqual([["t1", { title: "Milk", done: true }]]);
});

function actionOf(id: string, name: string, data: { readonly id: string; readonly title?: string }) {
  return { id: parseActionId(id) as ActionId, name, data };
}
