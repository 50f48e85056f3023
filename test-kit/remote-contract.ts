/**
 * The contract of the Remote port as a vitest suite: what a client relies on, whether it talks to a server or straight to a bucket. It
 * asks one store of one remote, in apps of its own per test, and leaves its updates there.
 */
import { afterAll, beforeAll, describe } from "vitest";
import type { Remote } from "../client/remote/remote.ts";
import type { Json } from "../shared/json.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { describeGets } from "./remote-contract-gets.ts";
import { type AskedRemote, createAsked } from "./remote-contract-parts.ts";
import { describeSends } from "./remote-contract-sends.ts";
import { describeTails } from "./remote-contract-tails.ts";

export interface OpenedRemote {
  readonly remote: Remote;
  /** A store that was just made. */
  readonly store: StoreId;
  /** Runs rollups of the store until everything that was stored is published. */
  readonly rollup: () => Promise<void>;
  /** An action that the store takes. @default `put` of a key and a value */
  readonly action?: (i: number) => { readonly name: string; readonly data: Json };
  readonly close?: () => Promise<void>;
}

/**
 * Runs the whole contract against the remote that `open` gives.
 *
 * @example
 * describeRemoteContract("my remote", async () => ({ remote: createMyRemote(url), store, rollup: () => runRollup(store) }));
 */
export function describeRemoteContract(name: string, open: () => Promise<OpenedRemote>): void {
  describe(`${name} keeps the contract of the Remote port`, () => {
    let opened: OpenedRemote | undefined;
    let asked: AskedRemote | undefined;
    beforeAll(async () => {
      opened = await open();
      asked = createAsked(opened);
    });
    afterAll(async () => opened?.close?.());

    const ofTest = (): AskedRemote => {
      if (!asked) throw new Error("the remote did not open");
      return asked;
    };
    describeGets(ofTest);
    describeSends(ofTest);
    describeTails(ofTest);
  });
}
