/** The React binding in a real browser: what renders, what does not, and that nothing is ever torn. */
import { act, startTransition, useLayoutEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { createMemoryBucket } from "../../../bucket/memory.ts";
import { bucketRemote, createWebPlatform, openStore } from "../../../client/index.ts";
import { createStoreHooks, shallowEqual } from "../../../client/react/index.ts";
import { createStore } from "../../../shared/drive/store.ts";
import { defineModel, parseStoreId, type StoreId, table } from "../../../shared/index.ts";
import { newSettings } from "../../../shared/settings.ts";

const model = defineModel({
  name: "names",
  version: 1,
  state: { names: table<{ readonly name: string }>() },
  actions: (action) => ({
    setName: action(z.object({ id: z.string(), name: z.string() }), (state, { id, name }) =>
      state.names.set(id, { name }),
    ),
  }),
  invariants: {
    isNamed: ({ names }) => [...names].filter(([, { name }]) => name === "").map(([id]) => ({ id })),
  },
});

const { StoreProvider, useStore, useActions, useOpenStore, useProblems, useSyncStatus } =
  createStoreHooks<typeof model>();

const platform = createWebPlatform();
/** No round but those that a test asks for. */
const quiet = { sendDelayMs: 3_600_000, pollDelayMs: 3_600_000, pollDelayMsMax: 3_600_000 };
const opened: { close(): Promise<void> }[] = [];
const roots: { unmount(): void }[] = [];

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

afterEach(async () => {
  await act(async () => {
    for (const root of roots.splice(0)) root.unmount();
  });
  for (const store of opened.splice(0)) await store.close();
});

function openNames(remote?: ReturnType<typeof bucketRemote>) {
  const store = openStore({
    model,
    storeId: "names",
    platform,
    settings: quiet,
    ...(remote ? { remote } : {}),
  });
  opened.push(store);
  return store;
}

async function render(element: React.ReactElement): Promise<HTMLElement> {
  const container = document.createElement("div");
  const root = createRoot(container);
  roots.push(root);
  await act(async () => root.render(element));
  return container;
}

test("A component renders when its selection changes, and at no other change of the state.", async () => {
  const store = openNames();
  await store.loaded;
  const rendered = vi.fn();
  function Name() {
    const name = useStore((state) => state.names.get("a")?.name ?? "nobody");
    rendered(name);
    return <p>{name}</p>;
  }
  const page = await render(
    <StoreProvider store={store}>
      <Name />
    </StoreProvider>,
  );
  await act(async () => void store.do.setName({ id: "b", name: "Bea" }));
  expect(rendered).toHaveBeenCalledTimes(1);
  await act(async () => void store.do.setName({ id: "a", name: "Ann" }));
  await act(async () => void store.do.setName({ id: "b", name: "Ben" }));
  expect(rendered.mock.calls).toEqual([["nobody"], ["Ann"]]);
  expect(page.textContent).toBe("Ann");
});

test("A selector that makes a new list each time renders only when the list is another by isEqual.", async () => {
  const store = openNames();
  await store.loaded;
  const lists: (readonly string[])[] = [];
  let renderAgain: (turn: number) => void = () => undefined;
  function Ids() {
    const [turn, setTurn] = useState(0);
    renderAgain = setTurn;
    // Written inline: another function in each render.
    const ids = useStore((state) => [...state.names.keys()], shallowEqual);
    lists.push(ids);
    return <p>{`${turn} ${ids.join()}`}</p>;
  }
  const page = await render(
    <StoreProvider store={store}>
      <Ids />
    </StoreProvider>,
  );
  await act(async () => void store.do.setName({ id: "a", name: "Ann" }));
  await act(async () => void store.do.setName({ id: "a", name: "Anna" }));
  expect(lists).toEqual([[], ["a"]]);
  await act(async () => renderAgain(1));
  expect(page.textContent).toBe("1 a");
  expect(lists[2]).toBe(lists[1]);
});

test("A change of the status renders nobody who shows state, and a change of the state nobody who shows a part of the status.", async () => {
  const bucket = createMemoryBucket();
  const settings = newSettings({ graceMs: 0 });
  await createStore({ bucket, platform, settings }, parseStoreId("names") as StoreId);
  const store = openNames(bucketRemote(bucket, platform, settings));
  await store.loaded;
  await store.sync.now();
  const counts = { state: 0, synced: 0, whole: 0 };
  function State() {
    counts.state += 1;
    return <p>{useStore((state) => state.names.size)}</p>;
  }
  function Synced() {
    counts.synced += 1;
    return <p>{String(useSyncStatus(({ syncedAt }) => syncedAt))}</p>;
  }
  function Whole() {
    counts.whole += 1;
    return <p>{useSyncStatus().phase}</p>;
  }
  await render(
    <StoreProvider store={store}>
      <State />
      <Synced />
      <Whole />
    </StoreProvider>,
  );
  expect(counts).toEqual({ state: 1, synced: 1, whole: 1 });
  await platform.wait(5);
  await act(() => store.sync.now());
  expect(counts.state).toBe(1);
  expect(counts.synced).toBe(2);
  expect(counts.whole).toBeGreaterThan(1);
  await act(async () => void store.do.setName({ id: "a", name: "Ann" }));
  expect(counts.state).toBe(2);
  expect(counts.synced).toBe(2);
});

test("Reading a status that did not change gives the same object.", async () => {
  const store = openNames();
  await store.loaded;
  const seen = new Set<unknown>();
  let renderAgain: (turn: number) => void = () => undefined;
  function Status() {
    const [turn, setTurn] = useState(0);
    renderAgain = setTurn;
    seen.add(useSyncStatus());
    return <p>{turn}</p>;
  }
  await render(
    <StoreProvider store={store}>
      <Status />
    </StoreProvider>,
  );
  await act(async () => renderAgain(1));
  await act(async () => renderAgain(2));
  expect(store.sync.status).not.toBe(store.sync.status);
  expect(seen.size).toBe(1);
});

test("Problems render when other ones are found, not when the same are found again.", async () => {
  const store = openNames();
  await store.loaded;
  const rendered = vi.fn();
  function Problems() {
    const problems = useProblems();
    rendered(problems.length);
    return <p>{problems.length}</p>;
  }
  await render(
    <StoreProvider store={store}>
      <Problems />
    </StoreProvider>,
  );
  await act(async () => void store.do.setName({ id: "a", name: "" }));
  await act(async () => void store.do.setName({ id: "b", name: "Bea" }));
  await act(async () => void store.do.setName({ id: "a", name: "Ann" }));
  expect(rendered.mock.calls).toEqual([[0], [1], [0]]);
});

test("In a concurrent render that the store's changes interrupt, all components show one state at every commit.", async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  const store = openNames();
  await store.loaded;
  store.do.setName({ id: "a", name: "0" });
  const commits: (readonly string[])[] = [];
  let open: () => void = () => undefined;
  const places = Array.from({ length: 30 }, (_, place) => place);
  const shown = new Map<number, string>();
  function Slow({ place }: { readonly place: number }) {
    const name = useStore((state) => state.names.get("a")?.name ?? "");
    const until = performance.now() + 4;
    while (performance.now() < until);
    useLayoutEffect(() => {
      shown.set(place, name);
    });
    return <p>{name}</p>;
  }
  function All() {
    const [isOpen, setOpen] = useState(false);
    open = () => startTransition(() => setOpen(true));
    useLayoutEffect(() => {
      if (isOpen) commits.push([...shown.values()]);
    });
    return isOpen ? places.map((place) => <Slow key={place} place={place} />) : null;
  }
  const page = document.createElement("div");
  const root = createRoot(page);
  roots.push(root);
  root.render(
    <StoreProvider store={store}>
      <All />
    </StoreProvider>,
  );
  await platform.wait(20);
  open();
  // The transition yields every few milliseconds: each of these falls into the middle of it.
  for (let turn = 1; turn <= 5; turn++) {
    await platform.wait(12);
    store.do.setName({ id: "a", name: String(turn) });
  }
  await vi.waitFor(() => expect(page.textContent).toBe("5".repeat(30)), 20_000);
  expect(commits.length).toBeGreaterThan(0);
  for (const commit of commits) expect(new Set(commit).size).toBe(1);
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

test("With `shown` an earlier state is displayed, while actions still go to the store.", async () => {
  const store = openNames();
  await store.loaded;
  store.do.setName({ id: "a", name: "before" });
  const past = store.state;
  function Name() {
    const name = useStore((state) => state.names.get("a")?.name);
    const { setName } = useActions();
    expect(useOpenStore()).toBe(store);
    return (
      <button type="button" onClick={() => setName({ id: "a", name: "clicked" })}>
        {name}
      </button>
    );
  }
  const page = document.createElement("div");
  const root = createRoot(page);
  roots.push(root);
  const show = (shown: typeof past | null) =>
    act(async () =>
      root.render(
        <StoreProvider store={store} shown={shown}>
          <Name />
        </StoreProvider>,
      ),
    );
  await show(null);
  await act(async () => void store.do.setName({ id: "a", name: "after" }));
  await show(past);
  expect(page.textContent).toBe("before");
  await act(async () =>
    page.querySelector("button")?.dispatchEvent(new MouseEvent("click", { bubbles: true })),
  );
  expect(page.textContent).toBe("before");
  expect(store.state.names.get("a")?.name).toBe("clicked");
  await show(null);
  expect(store.state.names.get("a")?.name).toBe("clicked");
});

test("A hook outside of its StoreProvider says so.", async () => {
  function Lost() {
    return <p>{useStore((state) => state.names.size)}</p>;
  }
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await expect(render(<Lost />)).rejects.toThrow("outside of its StoreProvider");
  errors.mockRestore();
});
