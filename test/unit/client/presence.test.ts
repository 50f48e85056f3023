import { describe, expect, it } from "vitest";
import { memoryLocal, openStore } from "../../../client/index.ts";
import { createWebPlatform, type WebEngine } from "../../../client/platform.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";

/** A window with its document, whose happenings a test makes. */
function createPage() {
  const listeners = new Map<string, Set<(event: { readonly type: string }) => void>>();
  const target = {
    addEventListener(type: string, listener: (event: { readonly type: string }) => void) {
      listeners.set(type, (listeners.get(type) ?? new Set()).add(listener));
    },
    removeEventListener(type: string, listener: (event: { readonly type: string }) => void) {
      listeners.get(type)?.delete(listener);
    },
  };
  const document = { ...target, visibilityState: "visible" };
  const engine = { ...globalThis, crypto, setTimeout, clearTimeout, ...target, document };
  return {
    document,
    platform: createWebPlatform(engine as unknown as WebEngine),
    happen: (type: string) => {
      for (const listener of listeners.get(type) ?? []) listener({ type });
    },
    count: () => [...listeners.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

describe("The presence of a page", () => {
  it("tells of the network and of who comes back, but not of who leaves, until it is asked to stop", () => {
    const { document, platform, happen, count } = createPage();
    const heard: string[] = [];
    const stop = platform.presence?.listen((reason) => void heard.push(reason));
    for (const type of ["online", "offline", "visibilitychange"]) happen(type);
    document.visibilityState = "hidden";
    expect(platform.presence?.isHidden()).toBe(true);
    for (const type of ["online", "visibilitychange"]) happen(type);
    expect(heard).toEqual(["online", "offline", "visibilitychange"]);
    stop?.();
    expect(count()).toBe(0);
  });

  it("is not known where there is no page", () => {
    expect(createWebPlatform().presence).toBeUndefined();
  });

  it("wakes a store, which lets go of the page when it is closed", async () => {
    const { platform, happen, count } = createPage();
    let heads = 0;
    const remote = {
      name: "counting",
      open: () => ({
        get: async () => {
          heads += 1;
          throw new Error("nobody is there");
        },
        tail: () => Promise.reject(new Error("nobody is there")),
        send: () => Promise.reject(new Error("nobody is there")),
        clockOffsetMs: () => null,
      }),
    };
    const store = openStore({ model: pairsModel, storeId: "main", local: memoryLocal(), remote, platform });
    while (store.sync.status.phase !== "offline") await platform.wait(5);
    const before = heads;
    happen("online");
    while (heads === before) await platform.wait(5);
    await store.close();
    expect(count()).toBe(0);
  });
});
