/** Apple's push by Capacitor: a silent one (content-available: 1) wakes the poll. */
// recipe begins
import type { Store } from "../../client/index.ts";
import type { Model } from "../../shared/index.ts";

/** The part of `@capacitor/push-notifications` that is used. */
interface PushNotifications {
  addListener(
    name: "pushNotificationReceived" | "pushNotificationActionPerformed",
    listener: () => void,
  ): Promise<{ remove(): Promise<void> }>;
}

/** Also where the user opens the app by tapping on one. Answers with how to stop. */
export async function wakeOnApns<M extends Model<unknown>>(
  push: PushNotifications,
  store: Store<M>,
): Promise<() => Promise<void>> {
  const wake = () => store.sync.wake("push");
  const received = await push.addListener("pushNotificationReceived", wake);
  const tapped = await push.addListener("pushNotificationActionPerformed", wake);
  return async () => {
    await received.remove();
    await tapped.remove();
  };
}
// recipe ends
