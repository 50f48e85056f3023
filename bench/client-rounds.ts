/**
 * Contenders in turns: each round all of them do their share, in an order that changes, so that a slow moment of the machine falls on
 * all. Medians of microseconds each, and medians of the ratios within a round.
 */

export interface Contender {
  readonly name: string;
  /** How many it does in a round: slow ones fewer. */
  readonly perRound: number;
  /** Does `count` of them; what it starts is over when it resolves. */
  run(count: number): Promise<void>;
  /** Clears up, outside of the time. */
  after?(): Promise<void>;
}

export interface Timed {
  readonly name: string;
  /** Microseconds each, a round. */
  readonly us: readonly number[];
}

export interface RoundsOptions {
  readonly rounds: number;
  /** Left out of the figures. */
  readonly warm: number;
}

export async function timeInRounds(
  contenders: readonly Contender[],
  { rounds, warm }: RoundsOptions,
): Promise<readonly Timed[]> {
  const us = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < warm + rounds; round++)
    for (let i = 0; i < contenders.length; i++) {
      const one = contenders[(i + round) % contenders.length] as Contender;
      globalThis.gc?.();
      const begun = performance.now();
      await one.run(one.perRound);
      const each = ((performance.now() - begun) * 1_000) / one.perRound;
      await one.after?.();
      if (round >= warm) us.get(one.name)?.push(each);
    }
  return [...us].map(([name, times]) => ({ name, us: times }));
}

/** Above 1 where `ours` is slower. */
export function ratioOf(ours: Timed, theirs: Timed): number {
  return median(ours.us.map((time, i) => time / (theirs.us[i] ?? Number.NaN)));
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function timedBy(name: string, all: readonly Timed[]): Timed {
  const found = all.find((one) => one.name === name);
  if (!found) throw new Error(`no contender "${name}"`);
  return found;
}

/** Uniform below a bound, the same each run. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
