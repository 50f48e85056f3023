/** Firebase Cloud Messaging in React Native: a push without contents wakes the poll. */
// recipe begins
import type { Store } from "../../client/index.ts";
import type { Model } from "../../shared/index.ts";

/** The part of `@react-native-firebase/messaging` that is used. */
interface Messaging {
  onMessage(listener: () => Promise<void>): () => void;
  setBackgroundMessageHandler(listener: () => Promise<void>): void;
}

/** While the app is open. Answers with how to stop. */
export function wakeOnFcm<M extends Model<unknown>>(messaging: Messaging, store: Store<M>): () => void {
  return messaging.onMessage(async () => store.sync.wake("push"));
}

/** In index.js, before the app is there: the system gives some seconds, so the round is waited for. */
export function syncOnFcm<M extends Model<unknown>>(messaging: Messaging, open: () => Store<M>): void {
  messaging.setBackgroundMessageHandler(async () => {
    const store = open();
    // Offline, or not signed in any more: the next start finds out.
    await store.sync.now().catch(() => undefined);
    await store.close();
  });
}
// recipe ends
