/** A sync status as what a person wants to know: does it work, what waits, what can I do. Pure. */
import type { SyncPhase, SyncStatus } from "../../../client/index.ts";
import type { StoreError } from "../../../shared/index.ts";
import { countWords } from "./time-words.ts";

export interface SyncWords {
  /** Chooses the colour: what needs a person is loud, what will pass is calm. */
  readonly tone: "good" | "busy" | "calm" | "loud";
  /** In the badge. */
  readonly short: string;
  /** Told to screen readers when it changes: without counts, or they would talk at every key. */
  readonly spoken: string;
  /** In the details. */
  readonly long: string;
}

/** `online`: this browser has a network. */
export function syncWords(status: SyncStatus, online: boolean): SyncWords {
  const { pending, dead } = status;
  const wait = pending === 0 ? "" : ` · ${countWords(pending, "change")} waiting`;
  // Whatever the server does: this would be lost with the page.
  if (!status.savedLocally && status.phase !== "closed")
    return loud("Not saved", status.error?.message ?? "");
  switch (settledPhase(status)) {
    case "starting":
      return { tone: "busy", short: "Opening…", spoken: "", long: "What this browser keeps is being read." };
    case "offline":
      return {
        tone: "calm",
        short: `Offline${wait}`,
        spoken: `${online ? "The server does not answer" : "You are offline"}. Changes are kept here.`,
        long: `${online ? "The server does not answer as it should" : "You are offline"}. Go on: what you do is kept in this browser and sent later.`,
      };
    case "unauthorized":
      return loud(`Signed out${wait}`, "Sign in again to synchronise. What you do is kept in this browser.");
    case "upgrade":
      return loud(
        `Update needed${wait}`,
        "The list has changes of a newer version. Reload the page to see them.",
      );
    case "corrupt":
      return loud("Something is damaged", status.error?.message ?? "");
    case "closed":
      return { tone: "calm", short: "Closed", spoken: "", long: "This list was closed." };
    default:
      if (status.syncedAt === null && !status.error)
        return {
          tone: "busy",
          short: pending === 0 ? "Connecting…" : countWords(pending, "change"),
          spoken: "",
          long: "The server is being asked what is new.",
        };
      if (status.error) return loud("Trouble", status.error.message);
      if (dead > 0)
        return loud(
          `${countWords(dead, "change")} refused`,
          "The server did not take them; the others went on.",
        );
      if (pending > 0)
        return {
          tone: "busy",
          short: countWords(pending, "change"),
          spoken: "",
          long: "On the way to the server.",
        };
      return {
        tone: "good",
        short: "Synced",
        spoken: "Synchronised.",
        long: "Everything here is in the store's log.",
      };
  }
}

function loud(short: string, long: string): SyncWords {
  return { tone: "loud", short, spoken: `${short}. ${long}`, long };
}

const phaseOf: Partial<Record<StoreError["kind"], SyncPhase>> = {
  unauthorized: "unauthorized",
  incompatible: "upgrade",
  corrupt: "corrupt",
  unavailable: "offline",
};

/** Each new try is a phase of its own; until it went through, what the last one met still holds. */
function settledPhase({ phase, error }: SyncStatus): SyncPhase {
  return phase === "syncing" && error ? (phaseOf[error.kind] ?? "offline") : phase;
}
