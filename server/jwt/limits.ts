/** The tuned numbers of tokens and key sets, each with its reason. */

/** A token in characters: it comes with each request, and Node takes 16 KiB of headers. */
export const tokenLengthMax = 8 * 1024;
/** HS256 needs a key as long as its hash; a shorter one can be guessed from a single token. */
export const secretBytesMin = 32;
/** While a secret is changed there are two; each more is one more hash for each forged token. */
export const secretsMax = 4;
/** Clocks of servers that follow NTP lie well within it; seconds. */
export const clockToleranceDefault = 5;
/** More tolerance than this hides a wrong clock; seconds. */
export const clockToleranceMax = 300;
/** A stolen token is of use for so long, seconds: a day covers an app that signs in each morning. */
export const lifeSecondsMaxDefault = 86_400;
/** A read pass in seconds: long enough that swaps are rare (one a store and client), short enough to take reading away soon. */
export const passLifeSecondsDefault = 300;
/** Seconds: a pass cannot be taken back, so it ends within the hour whatever is asked for. */
export const passLifeSecondsMax = 3_600;

/** A key set is read again after this, so that a key that was withdrawn ends. */
export const keysMsMax = 10 * 60_000;
/** From this age on it is read beside: a busy server never waits for it. */
export const keysAheadMs = 9.5 * 60_000;
/** A key set that cannot be read again is used for so long: an issuer that is down for longer issues no tokens either. */
export const keysStaleMsMax = 60 * 60_000;
/** Tokens with keys that nobody knows make the server read the key set again no more often than this. */
export const unknownKeyGapMs = 30_000;
/** After a failed read of the key set, so that a server that is down is not asked by every request. */
export const failedGapMs = 5_000;
/** An address that failed within this is down: old keys are used without waiting for it. A process that slept longer waits once. */
export const downMs = 60_000;
/** An issuer answers in a fraction of it; the request that waits for it must not time out itself. */
export const keysTimeoutMs = 4_000;
/** Real key sets have two to ten keys of some 500 bytes each. */
export const keysBytesMax = 256 * 1024;
/** ... so that more of them are a mistake. */
export const keysCountMax = 50;
/**
 * Keys that are tried for a token that names none, or several: issuers without key ids have one or two of a type, and each try of a
 * forged token costs up to 0.3 ms.
 */
export const keysTriedMax = 4;
