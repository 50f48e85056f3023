/** Places for those who stay: live connections and long polls. When all are taken, who comes is asked to come later. */
import { Refusal } from "./answers.ts";

export interface Places {
  /** Answers with how to leave. Throws Refusal 429. */
  enter(): () => void;
  hold<T>(stay: () => Promise<T>): Promise<T>;
}

export function createPlaces(placesMax: number, retryAfterMs: number): Places {
  let taken = 0;

  function enter(): () => void {
    if (taken >= placesMax)
      throw new Refusal(429, {
        kind: "unavailable",
        what: "Too many clients listen at once",
        fix: "Poll instead, or listen again later.",
        retryAfterMs,
      });
    taken += 1;
    let left = false;
    return () => {
      if (!left) taken -= 1;
      left = true;
    };
  }

  return {
    enter,
    async hold(stay) {
      const leave = enter();
      try {
        return await stay();
      } finally {
        leave();
      }
    },
  };
}
