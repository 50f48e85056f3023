/** The client's own tuned numbers, each with its reason; what the protocol itself needs stands in shared/settings.ts. */

export interface ClientSettings {
  readonly sendDelayMs: number;
  readonly sendDelayMsMax: number;
  readonly polls: boolean;
  readonly pollDelayMs: number;
  readonly pollDelayMsMax: number;
  readonly pollGrowth: number;
  readonly retryDelayMs: number;
  readonly retryDelayMsMax: number;
  readonly tail: "poll" | "hint";
  readonly divergenceCheckMs: number;
}

export const defaultClientSettings: ClientSettings = {
  /** After an action: what else the user does at once goes out in the same update. */
  sendDelayMs: 300,
  /** A user who never stops still sees others see it within this. */
  sendDelayMsMax: 5_000,
  /** False where one user has the store alone: it is fetched at the start, sent to after each action, and left alone else. */
  polls: true,
  /** While something happens: others' changes within two seconds, at 1 GET each. */
  pollDelayMs: 2_000,
  /** When nothing happens: 1,440 conditional GETs a day, about $0.0006. */
  pollDelayMsMax: 60_000,
  /** Each quiet poll waits this much longer: idle after some nine of them. */
  pollGrowth: 1.5,
  /** After a failure; doubles. */
  retryDelayMs: 1_000,
  /** An outage ends within this of the first try after it; waking up tries at once. */
  retryDelayMsMax: 60_000,
  /** With each poll but the slowest ones, or only after a hint: where nobody hints, polls are all there is. */
  tail: "poll",
  /** Hashing a large state takes a tenth of a second: seldom enough not to be felt, often enough to be found. */
  divergenceCheckMs: 10 * 60_000,
};

const ownPace: ReadonlySet<string> = new Set(["timer", "action", "retry"]);

/** Whether a round reads the tail: after a hint or a wish always, at its own pace where polls are to bring it, and an idle one never. */
export function wantsTail(reason: string, { tail }: Pick<ClientSettings, "tail">): boolean {
  if (reason === "idle") return false;
  return tail === "poll" || !ownPace.has(reason);
}
