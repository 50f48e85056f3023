/** Runs in a page: starts, floors and renders of the browser bench, called from outside by plain values. */
import { useLayoutEffect } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { idbLocal } from "../../client/idb/index.ts";
import { openStore } from "../../client/open-store.ts";
import { createStoreHooks } from "../../client/react/index.ts";
import { benchStoreId, clientModel, rowKey } from "./rows.ts";

const { StoreProvider, useStore } = createStoreHooks<typeof clientModel>();
const shownRows = 100;

/** Keeps rows that were made elsewhere. */
export async function fill(rows: readonly (readonly [string, string])[]): Promise<void> {
  const open = await idbLocal().open(benchStoreId());
  await open.commit({ put: new Map(rows), delete: [] });
  await open.close();
}

/** From nothing to the first rows of the list in the document, in milliseconds. */
export async function start(): Promise<{ readonly ms: number; readonly entities: number }> {
  const began = performance.now();
  const store = openStore({ model: clientModel, storeId: benchStoreId(), local: idbLocal() });
  await store.loaded;
  const ended = await new Promise<number>((resolve) => {
    createRoot(element()).render(
      <StoreProvider store={store}>
        <FirstRows onShown={() => resolve(performance.now())} />
      </StoreProvider>,
    );
  });
  const entities = store.state.rows.size;
  await store.close();
  return { ms: ended - began, entities };
}

function FirstRows({ onShown }: { readonly onShown: () => void }) {
  const rows = useStore((state) => state.rows);
  useLayoutEffect(onShown);
  const first: string[] = [];
  for (const [, { title }] of rows) {
    if (first.length === shownRows) break;
    first.push(title);
  }
  return first.map((title) => <p key={title}>{title}</p>);
}

/** The same bytes, read and decoded. */
export async function floor(): Promise<number> {
  const began = performance.now();
  const open = await idbLocal().open(benchStoreId());
  const rows = await open.load();
  for (const [, value] of rows) JSON.parse(value);
  const ms = performance.now() - began;
  await open.close();
  return ms;
}

/** How often rows and their list are rendered when one of `count` rows changes. */
export async function renders(count: number): Promise<{ readonly rows: number; readonly list: number }> {
  const store = openStore({ model: clientModel, storeId: "renders" });
  await store.loaded;
  store.do.addRows({ from: 0, count });
  const counts = { rows: 0, list: 0 };
  const keys = Array.from({ length: count }, (_, i) => rowKey(i));
  function OneRow({ id }: { readonly id: string }) {
    counts.rows += 1;
    return <li>{useStore((state) => state.rows.get(id)?.n)}</li>;
  }
  function List() {
    counts.list += 1;
    return keys.map((id) => <OneRow key={id} id={id} />);
  }
  flushSync(() =>
    createRoot(element()).render(
      <StoreProvider store={store}>
        <List />
      </StoreProvider>,
    ),
  );
  const before = { ...counts };
  store.do.patchRow({ id: rowKey(Math.floor(count / 2)), n: 1 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await store.close();
  return { rows: counts.rows - before.rows, list: counts.list - before.list };
}

function element(): HTMLElement {
  const root = document.createElement("ul");
  document.body.append(root);
  return root;
}
