/** Serves the notes' store whenever nobody else at this port does. */
import { createFolderBucket } from "../../bucket/folder.ts";
import type { Listening } from "../../server/node/listen.ts";
import { serve } from "../../server/node/serve.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Model } from "../../shared/model/model.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { createSignal } from "../../shared/ports/signal.ts";
import { notesModel } from "./model.ts";

export interface ServingOptions {
  readonly platform: Platform;
  readonly port: number;
  /** The folder of the bucket. */
  readonly bucket: string;
  /** From now on this process serves. */
  readonly onBegin: () => void;
}

/** Between two tries to get the port. */
const everyMs = 1_000;

export interface KeptServing {
  /** The first try is over: somebody serves. */
  readonly tried: Promise<void>;
  stop(): Promise<void>;
}

export function keepServing({ platform, port, bucket: folder, onBegin }: ServingOptions): KeptServing {
  const { signal, abort } = createSignal();
  let listening: Listening | null = null;

  async function once(): Promise<void> {
    listening = await serve({
      bucket: await createFolderBucket(folder),
      platform,
      model: notesModel as unknown as Model<unknown>,
      stores: ["notes"],
      port,
      // A folder has the clock of this machine: nothing that is under way can come in from the past.
      settings: { graceMs: 0 },
    }).catch(takenBySomebody);
    if (listening !== null) onBegin();
  }

  async function loop(): Promise<void> {
    await tried;
    while (!signal.aborted && listening === null) {
      await platform.wait(everyMs, signal);
      if (!signal.aborted) await once();
    }
  }

  const tried = once();
  const running = loop();
  return {
    tried,
    async stop() {
      abort();
      await running;
      await listening?.close();
    },
  };
}

function takenBySomebody(error: unknown): null {
  if (error instanceof StoreError && error.kind === "unavailable") return null;
  throw error;
}
