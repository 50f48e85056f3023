/** The page, the API of its one store, and the store's rollup, in one process over a bucket in a folder. */
import { createFolderBucket } from "../../bucket/folder.ts";
import { type Listening, serve } from "../../server/node/index.ts";
import type { Model } from "../../shared/model/model.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { todoModel } from "./model.ts";
import { todoStoreId } from "./places.ts";
import { createSite } from "./site.ts";

export interface ServeOptions {
  readonly platform: Platform;
  /** Where the bucket lies; made at the first write. */
  readonly folder: string;
  /** Of the built page. */
  readonly built: string;
  readonly port: number;
  /** How many ports after it may be tried, where it is taken. */
  readonly portsMore: number;
  /** The rollup failed, or a request of ours: it goes on all the same. */
  readonly onTrouble: (text: string) => void;
}

/** Serves until it is closed. Throws StoreError where the folder or no port can be had. */
export async function serveTodo({ built, folder, onTrouble, ...at }: ServeOptions): Promise<Listening> {
  const site = await createSite(built);
  return serve({
    ...at,
    bucket: await createFolderBucket(folder),
    model: todoModel as unknown as Model<unknown>,
    stores: [todoStoreId],
    // A folder has the clock of this machine: nothing that is under way can come in from the past.
    settings: { graceMs: 0 },
    // Everybody on this machine, and nobody else: it listens to no other.
    authorize: ({ storeId, intent }) => storeId === todoStoreId && (intent === "read" || intent === "write"),
    around(app) {
      site.all("*", (c) => app.fetch(c.req.raw));
      return { fetch: (request) => site.fetch(request) };
    },
    onTrouble: (_, error) => onTrouble(error instanceof Error ? error.message : String(error)),
    log: ({ status, method, route, trouble }) => {
      if (status >= 500 && trouble !== null) onTrouble(`${method} ${route}: ${trouble}`);
    },
  });
}
