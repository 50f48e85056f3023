/**
 * The contract of the Local port as a vitest suite. Every adapter runs it, and so may a user's own: what the protocol relies on
 * (docs/protocol.md, "What is assumed", A4) is asked here of the real thing. Power cuts and killed processes cannot be asked for
 * through a port: an adapter shows those in tests of its own.
 */
import { afterAll, beforeAll, describe } from "vitest";
import type { Local } from "../client/local/local.ts";
import { describeCommits } from "./local-contract-commits.ts";
import { describeOpening } from "./local-contract-opening.ts";
import { describeRows } from "./local-contract-rows.ts";

export interface OpenedLocal {
  readonly local: Local;
  /**
   * The same storage as another process would come to it. Leave it out where there is no such way: memory.
   * @default gives `local` again
   */
  readonly again?: () => Promise<Local>;
  readonly close?: () => Promise<void>;
}

/**
 * Runs the whole contract against the storage that `open` gives, which must be empty.
 *
 * @example
 * describeLocalContract("my storage", async () => ({ local: createMyStorage() }));
 */
export function describeLocalContract(name: string, open: () => Promise<OpenedLocal>): void {
  describe(`${name} keeps the contract of the Local port`, () => {
    let opened: OpenedLocal | undefined;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => opened?.close?.());

    const ofTest = (): OpenedLocal => {
      if (!opened) throw new Error("the storage did not open");
      return opened;
    };
    const local = (): Local => ofTest().local;
    const again = async (): Promise<Local> => (await ofTest().again?.()) ?? local();
    describeRows(local);
    describeCommits(local);
    describeOpening(local, again);
  });
}
