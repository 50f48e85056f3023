/** Numbers that look random and are the same for the same seed: for tests that must run the same way again. */

export interface SeededRandom {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** 16 characters of lower-case base 32. */
  nonce(): string;
}

const letters = "0123456789abcdefghjkmnpqrstvwxyz";
const nonceLetters = 16;

/** The generator known as mulberry32: small, even, and good enough for jitter. */
export function createRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const letter = (): string => letters.charAt(Math.floor(fraction() * letters.length));
  return { fraction, nonce: () => Array.from({ length: nonceLetters }, letter).join("") };
}
