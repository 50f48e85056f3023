/** What tabs with the same database say to each other, over a BroadcastChannel. Tabs of a release with other notes do not hear it. */
import type { Json } from "../../shared/json.ts";

export type TabNote =
  /** A commit, with its number. */
  | {
      readonly is: "rows";
      readonly rev: number;
      readonly put: readonly (readonly [string, string])[];
      readonly gone: readonly string[];
    }
  /** There was a commit that can only be read. */
  | { readonly is: "rev"; readonly rev: number }
  /** Is there a leader? */
  | { readonly is: "ping" }
  /** There is one. */
  | { readonly is: "leads"; readonly term: number }
  | { readonly is: "told"; readonly words: Json }
  | { readonly is: "asked"; readonly id: string; readonly words: Json }
  | { readonly is: "answered"; readonly id: string; readonly trouble: AskTrouble | null };

/** Why the leader could not do it. */
export interface AskTrouble {
  readonly kind: string;
  readonly what: string;
  readonly fix: string;
}

export interface TabChannel {
  post(note: TabNote): void;
  close(): void;
}

/** Raised with every change of the notes. */
const form = 1;

export function openTabChannel(name: string, onNote: (note: TabNote) => void): TabChannel {
  const channel = new BroadcastChannel(`${name}/tabs-${form}`);
  channel.onmessage = ({ data }: { readonly data: unknown }) => {
    if (isNote(data)) onNote(data);
  };
  let closed = false;
  return {
    post(note) {
      if (!closed) channel.postMessage(note);
    },
    close() {
      closed = true;
      channel.close();
    },
  };
}

/** Only pages of this origin, and of this form of the notes, can post here. */
function isNote(value: unknown): value is TabNote {
  return typeof value === "object" && value !== null && "is" in value;
}
