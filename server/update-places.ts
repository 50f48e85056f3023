/** Places for updates that are being stored: each holds up to a body in memory and a request to the bucket. */
import type { AppId } from "../shared/wire/ids.ts";
import type { Update } from "../shared/wire/update.ts";
import { createPlaces } from "./places.ts";
import type { ServerSettings } from "./settings.ts";

export interface AppPlace {
  /** Another update of this app was at work when it came, which no client does that waits for its answers. */
  readonly isBesideAnother: boolean;
  readonly leave: () => void;
}

export interface UpdatePlaces {
  /** Before its body takes up room. Answers with how to leave, or null when there are too many, of all or of this holder. */
  enter(holder: string): (() => void) | null;
  /** Null when there are too many of the app. */
  enterApp(update: Update): AppPlace | null;
}

export function createUpdatePlaces(settings: ServerSettings): UpdatePlaces {
  const { enter } = createPlaces(settings.updatesAtOnceMax, settings.holderParts);
  const apps = new Map<AppId, readonly number[]>();
  return {
    enter,
    enterApp({ app, seq }) {
      const mine = apps.get(app) ?? [];
      if (mine.length >= settings.appUpdatesAtOnceMax) return null;
      apps.set(app, [...mine, seq]);
      return {
        isBesideAnother: mine.some((other) => other !== seq),
        leave() {
          const atWork = apps.get(app) ?? [];
          const left = atWork.toSpliced(atWork.indexOf(seq), 1);
          if (left.length > 0) apps.set(app, left);
          else apps.delete(app);
        },
      };
    },
  };
}
