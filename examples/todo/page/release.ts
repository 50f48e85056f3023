/**
 * The service worker, and whether a newer release waits. A newer one takes over when no page of the older one is open any more, or when a
 * user asks for it: then the page that asked is loaded again. What is being typed elsewhere is never thrown away.
 */
import { useSyncExternalStore } from "react";
import { takeOverRequest } from "../places.ts";

export interface ReleaseWatch {
  subscribe(listener: () => void): () => void;
  /** A newer release is ready. */
  isNewer(): boolean;
  /** Lets it take over, and loads this page again. */
  readonly takeOver: () => void;
}

export function useRelease({ subscribe, isNewer }: ReleaseWatch): boolean {
  return useSyncExternalStore(subscribe, isNewer);
}

export function watchRelease(): ReleaseWatch {
  const listeners = new Set<() => void>();
  let waiting: ServiceWorker | null = null;
  const note = (worker: ServiceWorker | null): void => {
    waiting = worker;
    for (const listener of listeners) listener();
  };
  void register(note);
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    isNewer: () => waiting !== null,
    takeOver() {
      if (!waiting) return;
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      waiting.postMessage(takeOverRequest);
    },
  };
}

/** Without one (an old browser, a private window) the page works all the same, but needs the server to start. */
async function register(note: (waiting: ServiceWorker | null) => void): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register("/service-worker.js").catch(() => null);
  if (!registration) return;
  const look = (): void => {
    // The first one of all replaces nobody.
    if (navigator.serviceWorker.controller) note(registration.waiting);
  };
  look();
  const follow = (): void => registration.installing?.addEventListener("statechange", look);
  // The browser may have found one before this page got so far.
  follow();
  registration.addEventListener("updatefound", follow);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void registration.update().catch(() => undefined);
  });
}
