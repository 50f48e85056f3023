/**
 * Places for what takes a while: updates that are being stored, live connections, long polls. Their number is bounded, and nobody alone has
 * all of them: one holder's share is a part, so that who sends slowly on purpose keeps none but themselves out.
 */
import { Refusal } from "./answers.ts";
import { nobody } from "./principal.ts";

export interface Places {
  /** Answers with how to leave; null where there is no place left, or none for this holder. */
  enter(holder: string): (() => void) | null;
}

/** A holder has at most one of so many parts. */
export function createPlaces(placesMax: number, parts: number): Places {
  const holderMax = Math.ceil(placesMax / parts);
  const holders = new Map<string, number>();
  let taken = 0;

  return {
    enter(holder) {
      const mine = holders.get(holder) ?? 0;
      if (taken >= placesMax || (holder !== nobody && mine >= holderMax)) return null;
      taken += 1;
      holders.set(holder, mine + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        taken -= 1;
        const rest = (holders.get(holder) ?? 1) - 1;
        if (rest > 0) holders.set(holder, rest);
        else holders.delete(holder);
      };
    },
  };
}

/** Places for who listens. */
export interface Stays {
  /** Answers with how to leave. Throws Refusal 429. */
  enter(holder: string): () => void;
  hold<T>(holder: string, stay: () => Promise<T>): Promise<T>;
}

export function createStays(places: Places, retryAfterMs: number): Stays {
  function enter(holder: string): () => void {
    const leave = places.enter(holder);
    if (leave !== null) return leave;
    throw new Refusal(429, {
      kind: "unavailable",
      what: "Too many clients listen at once",
      fix: "Poll instead, or listen again later.",
      retryAfterMs,
    });
  }

  return {
    enter,
    async hold(holder, stay) {
      const leave = enter(holder);
      try {
        return await stay();
      } finally {
        leave();
      }
    },
  };
}
