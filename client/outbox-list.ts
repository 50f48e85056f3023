/** The outbox as an app lists it: each action, where it is, and why it goes no further. */
import type { Outbox } from "./outbox.ts";
import type { UpdateRow } from "./rows.ts";
import type { OutboxItem } from "./store.ts";

export function listOutbox({ updates, waiting, dead }: Outbox): readonly OutboxItem[] {
  return [
    ...updates.flatMap((row) =>
      row.update.actions.map((action) => ({ action, at: placeOf(row), reason: row.rejected })),
    ),
    ...waiting.map(({ action, held }) => ({
      action,
      at: held ? ("held" as const) : ("waiting" as const),
      reason: null,
    })),
    ...dead.map(({ action, reason }) => ({ action, at: "dead" as const, reason })),
  ];
}

function placeOf({ storedAt, rejected }: UpdateRow): OutboxItem["at"] {
  if (storedAt !== null) return "stored";
  return rejected === null ? "sent" : "rejected";
}
