/** Sends of which the client heard nothing and which arrive later, between other requests: what a network does with a slow packet. */

export interface HeldSends {
  hold(send: () => Promise<unknown>): void;
  /** One more request was made: lets those arrive that are due. */
  passCall(): Promise<void>;
  /** Lets all arrive, in random order. */
  landAll(): Promise<void>;
  count(): number;
}

interface Held {
  readonly send: () => Promise<unknown>;
  callsLeft: number;
}

/** @param callsMax after at most so many requests each arrives */
export function createHeldSends(random: () => number, callsMax: number): HeldSends {
  let held: readonly Held[] = [];

  async function land(due: readonly Held[]): Promise<void> {
    held = held.filter((one) => !due.includes(one));
    const shuffled = due.map((one) => ({ one, order: random() })).sort((a, b) => a.order - b.order);
    // One that fails has nobody to tell.
    for (const { one } of shuffled) await one.send().catch(() => undefined);
  }

  return {
    hold(send) {
      held = [...held, { send, callsLeft: 1 + Math.floor(random() * callsMax) }];
    },
    async passCall() {
      for (const one of held) one.callsLeft -= 1;
      await land(held.filter((one) => one.callsLeft <= 0));
    },
    landAll: () => land(held),
    count: () => held.length,
  };
}
