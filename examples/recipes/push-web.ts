/** Web Push: the service worker shows a notification, as browsers insist, and tells the open pages; a page wakes its poll. */
// recipe begins
import type { Store } from "../../client/index.ts";
import type { Model } from "../../shared/index.ts";

/** The parts of a service worker and of a page that are used. */
interface Worker {
  readonly clients: { matchAll(): Promise<readonly { postMessage(words: unknown): void }[]> };
  readonly registration: { showNotification(title: string): Promise<void> };
  addEventListener(name: "push", listener: (push: { waitUntil(work: Promise<void>): void }) => void): void;
}
interface Pages {
  addEventListener(name: "message", listener: (note: { readonly data: unknown }) => void): void;
}

/** In the service worker: passOnWebPush(self, "There is news"). */
export function passOnWebPush(worker: Worker, title: string): void {
  worker.addEventListener("push", (push) => {
    const tell = async () => {
      for (const page of await worker.clients.matchAll()) page.postMessage("icecore-hint");
      await worker.registration.showNotification(title);
    };
    push.waitUntil(tell());
  });
}

/** In the page: wakeOnWebPush(navigator.serviceWorker, store). */
export function wakeOnWebPush<M extends Model<unknown>>(serviceWorker: Pages, store: Store<M>): void {
  serviceWorker.addEventListener("message", ({ data }) => {
    if (data === "icecore-hint") store.sync.wake("push");
  });
}
// recipe ends
