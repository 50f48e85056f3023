/** Why a replica cannot go on with what the log gives it, each with what to do. */
import type { Trouble } from "../shared/errors.ts";
import type { Model } from "../shared/model/model.ts";
import { formatTimestamp, type Timestamp } from "../shared/wire/time.ts";

export function tooNew(
  model: Model<unknown>,
  at: { readonly timestamp: Timestamp; readonly modelVersion: number },
): Trouble {
  return {
    kind: "incompatible",
    what: `The update at ${formatTimestamp(at.timestamp)} was made with version ${at.modelVersion} of model "${model.name}"; this app has version ${model.version}`,
    fix: "Upgrade this app; until then it shows what was before, and keeps and sends what it makes.",
  };
}

export function otherModel(model: Model<unknown>, other: string): Trouble {
  return {
    kind: "incompatible",
    what: `The store's snapshots are of model "${other}", not "${model.name}"`,
    fix: "Give the model that the store was made with.",
  };
}
