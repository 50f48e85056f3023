import { expect, test } from "vitest";
import { z } from "zod";
import { connectDevTools, type DevToolsExtension } from "../../../../client/devtools/index.ts";
import { counter, defineModel, orderedList, positionBetween, set, table } from "../../../../shared/index.ts";
import { createClientWorld } from "../../../fixtures/client-world.ts";

const model = defineModel({
  name: "notes",
  version: 1,
  state: {
    notes: table<{ readonly text: string; readonly at: Date }>(),
    order: orderedList<string>(),
    tags: set(),
    likes: counter(),
  },
  actions: (action) => ({
    addNote: action(z.object({ id: z.string() }), (state, { id }) => {
      state.notes.addIfAbsent(id, { text: id, at: new Date(0) });
      state.order.add(id, positionBetween(), id);
    }),
    tag: action(z.object({ text: z.string() }), (state, { text }) => state.tags.add(text)),
  }),
});

/** An extension that only writes down what it is told. */
function createExtension() {
  const told: { readonly action: { readonly type: string }; readonly state: unknown }[] = [];
  const begun: unknown[] = [];
  let listener: (note: unknown) => void = () => undefined;
  const extension: DevToolsExtension = {
    connect: () => ({
      init: (state) => void begun.push(state),
      send: (action, state) => void told.push({ action, state }),
      subscribe(given) {
        listener = given;
        return () => {
          listener = () => undefined;
        };
      },
    }),
  };
  const ask = (type: string, actionId?: number) =>
    listener({ type: "DISPATCH", payload: { type, actionId } });
  return { extension, told, begun, ask };
}

const empty = { likes: 0, notes: {}, order: [], tags: [] };
const noteA = { text: "a", at: "1970-01-01T00:00:00.000Z" };

test("Each own action is listed at once, with its data and the state after it as plain values.", async () => {
  const world = await createClientWorld();
  const store = world.open({ model });
  await store.loaded;
  const { extension, told, begun } = createExtension();
  connectDevTools(store, { extension });
  const { id } = store.do.addNote({ id: "a" });
  store.do.tag({ text: "urgent" });
  expect(begun).toEqual([empty]);
  expect(told).toMatchObject([
    {
      action: { type: "addNote", data: { id: "a" }, origin: "local", id },
      state: { notes: { a: noteA }, tags: [] },
    },
    { action: { type: "tag" }, state: { notes: { a: noteA }, tags: ["urgent"], likes: 0 } },
  ]);
  expect(JSON.parse(JSON.stringify(told[1]?.state))).toEqual(told[1]?.state);
  await world.close();
});

test("Others' actions are listed as such, and what came inside a snapshot as one entry.", async () => {
  const world = await createClientWorld({ snapshotBytesMin: 1 });
  const other = world.open({ model });
  const store = world.open({ model });
  await store.sync.now();
  const { extension, told } = createExtension();
  connectDevTools(store, { extension });
  other.do.addNote({ id: "a" });
  await other.sync.now();
  await store.sync.now();
  expect(told).toMatchObject([
    { action: { type: "addNote", origin: "remote" }, state: { notes: { a: noteA } } },
  ]);

  await world.rollup(model as never);
  const late = world.open({ model });
  await late.loaded;
  const ofLate = createExtension();
  connectDevTools(late, { extension: ofLate.extension });
  await late.sync.now();
  expect(ofLate.told.map(({ action }) => action.type)).toEqual(["(synced)"]);
  expect(ofLate.told[0]?.state).toMatchObject({ notes: { a: noteA } });
  await world.close();
});

test("A change of the status alone is no entry.", async () => {
  const world = await createClientWorld();
  const store = world.open({ model });
  await store.sync.now();
  const { extension, told } = createExtension();
  connectDevTools(store, { extension });
  await store.sync.now();
  expect(told).toEqual([]);
  await world.close();
});

test("A jump hands the earlier state to the app and changes nothing in the store; a jump to the newest entry is the way back.", async () => {
  const world = await createClientWorld();
  const store = world.open({ model });
  await store.loaded;
  const { extension, ask } = createExtension();
  const jumped: (number | null)[] = [];
  connectDevTools(store, { extension, onJump: (state) => void jumped.push(state?.notes.size ?? null) });
  for (const id of ["a", "b", "c"]) store.do.addNote({ id });
  const { state } = store;
  ask("JUMP_TO_ACTION", 1);
  ask("JUMP_TO_STATE", 0);
  ask("JUMP_TO_STATE", 3);
  ask("JUMP_TO_STATE", 99);
  expect(jumped).toEqual([1, 0, null]);
  expect(store.state).toBe(state);
  await world.close();
});

test("Only so many states are kept; committing begins the list anew; whatever would change the log is not heard.", async () => {
  const world = await createClientWorld();
  const store = world.open({ model });
  await store.loaded;
  const { extension, told, begun, ask } = createExtension();
  const jumped: unknown[] = [];
  const disconnect = connectDevTools(store, {
    extension,
    entriesMax: 2,
    onJump: (state) => void jumped.push(state),
  });
  for (const id of ["a", "b", "c"]) store.do.addNote({ id });
  ask("JUMP_TO_ACTION", 1);
  ask("TOGGLE_ACTION", 2);
  ask("IMPORT_STATE");
  expect(jumped).toEqual([]);
  ask("COMMIT");
  expect(begun).toHaveLength(2);
  expect(jumped).toEqual([null]);
  disconnect();
  store.do.addNote({ id: "d" });
  ask("COMMIT");
  expect([told.length, begun.length]).toEqual([3, 2]);
  await world.close();
});

test("Without the extension nothing happens.", async () => {
  const world = await createClientWorld();
  const store = world.open({ model });
  expect(() => connectDevTools(store)()).not.toThrow();
  await world.close();
});
