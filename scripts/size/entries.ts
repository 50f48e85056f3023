/**
 * What an app in a browser may import, and the bytes that it may cost.
 *
 * A limit is a ratchet: the size on the day it was set, and about 2 % for what a change may cost unnoticed. Nothing grows beyond it without
 * an edit of this file that says why. When a size has fallen, `npm run size` says so: lower its limit then. The budgets are those of the
 * design ("client bundle, gzip, everything counted but the app's own schemas"); they are what the limits are to come down to.
 */

export interface SizeEntry {
  readonly name: string;
  /** A module as the app writes it. */
  readonly code: string;
  /** Minified and gzip, for everything that the module brings along. */
  readonly limitBytes: number;
  /** What the design asks for. */
  readonly budgetBytes?: number;
}

const client = 'export { createWebPlatform, httpRemote, memoryLocal, openStore } from "icecore/client";';
const model = 'export { defineModel, table } from "icecore";';
const react = 'export { createStoreHooks } from "icecore/react";';
const idb = 'export { idbLocal } from "icecore/idb";';

/**
 * Limits set in November 2026; raised twice: for read passes at the edge, hints over other services, and a database that is made anew; then for own work that never flickers, a client that heals, older
 * heads told, mistakes in models told at once, and actions without effect told to their author, while what only tabs need left the first entry. The design's budgets count the model's types as well: the
 * third entry is what its 16 kB are about.
 */
export const sizeEntries: readonly SizeEntry[] = [
  { name: "client: memory + HTTP", code: client, limitBytes: 39_200, budgetBytes: 12_000 },
  { name: "… and IndexedDB", code: client + idb, limitBytes: 47_400, budgetBytes: 16_000 },
  { name: "… and a model of tables", code: client + idb + model, limitBytes: 55_200, budgetBytes: 16_000 },
  { name: "… and the React binding", code: client + idb + model + react, limitBytes: 55_900 },
  {
    name: "client: memory + S3 by fetch",
    code: `export { bucketRemote, createWebPlatform, memoryLocal, openStore } from "icecore/client";
      export { createS3FetchBucket } from "icecore/bucket/s3-fetch";`,
    limitBytes: 48_900,
  },
  { name: "icecore, all of it", code: 'export * from "icecore";', limitBytes: 17_000 },
  { name: "icecore/react alone", code: 'export * from "icecore/react";', limitBytes: 1_090 },
  { name: "icecore/redux alone", code: 'export * from "icecore/redux";', limitBytes: 37_500 },
  { name: "icecore/devtools alone", code: 'export * from "icecore/devtools";', limitBytes: 4_700 },
];
