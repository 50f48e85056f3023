/** The settings of this example that differ from the defaults, each with its reason. */
import { newSettings, type Settings } from "../../shared/settings.ts";
import { contentBytesMax } from "./contents.ts";

const kib = 1024;

/** Room for a path and the members' names beside the contents. */
const besidesContentBytes = 10 * kib;

/** A file of 256 KiB that is no text takes 342 KiB in base 64: just enough for it, as one action. */
const actionBytesMax = Math.ceil(contentBytesMax / 3) * 4 + besidesContentBytes;

export const settings: Settings = newSettings({
  actionBytesMax,
  /** One such action and the update around it. Far below storedActionsBytesMax, above which publish sets an object aside. */
  updateBytesMax: actionBytesMax + 16 * kib,
  /**
   * Writer and rollup share one process and one clock, so the seal need not stay 2 s behind: a PUT to a disk lands within
   * this, and one that does not is put again under a new timestamp. It also lets the last round run at once.
   */
  graceMs: 50,
});

/** How often the rollup looks while the writer writes: often enough for many segments, seldom enough to leave it the time. */
export const rollupDelayMs = 300;

/** Requirement G1: a timestamp lies this near to the time at which its update was stored. */
export const nearMs = 5_000;
