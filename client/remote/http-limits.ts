/** Tuned numbers of the HTTP remote, each with its reason. */

/** From a request to the beginning of its answer, and the longest silence within one: an append alone may wait 15 s at the server. */
export const timeoutMsDefault = 30_000;

/** Where a body does not come in pieces: until all of it is there, in timeouts. A large snapshot over a bad mobile link. */
export const wholeBodyTimeouts = 10;

/** A refusal, or what became of an update without its head: read no further. */
export const errorBytesMax = 64 * 1024;

/** What became of an update, with the head: four times the largest head, for its inline segment's escapes. */
export const sentBytesMax = 256 * 1024;

/** A tail: twice what the server gives of its updates, 4 MiB. */
export const tailBytesMax = 8 * 1024 * 1024;

/** How much of an object above `bytesMax` comes back: the Bucket port's promise. */
export const startBytes = 64 * 1024;

/** Characters of what a server says that go into an error. */
export const toldMax = 500;

/** A live connection that ended is made again after this, then after twice as long, up to the second. */
export const reconnectMs = 1_000;
export const reconnectMsMax = 60_000;

/** A connection that held this long was a good one. */
export const goodLiveMs = 20_000;

/** Silence on a live connection: three of the server's heartbeats missed, and it is made again. */
export const liveSilenceMs = 80_000;

/** Where the server says that it gives no hints: asked again after this, at a request an hour, in case it does after an upgrade. */
export const noHintsMs = 60 * 60_000;

/** Hints within this of one another are one: whoever gives more of them makes nobody poll more often. */
export const hintGapMs = 1_000;

/** Characters of what a hint service says; a hint has some hundred, and longer words are not read. */
export const hintLengthMax = 16 * 1024;

/** Silence on a hint service's connection, where it promised none: what AppSync Events promises, and a little. */
export const hintSilenceMsMax = 330_000;

/** A read pass is renewed this long before it ends: a request that waits as long for its answer still has one that holds. */
export const passAheadMs = 30_000;

/** Where answers do not come in pieces: the server keeps a request for an unchanged head so long. */
export const waitSeconds = 25;

/** In a header: who says 0, or a time that is over, is asked again no sooner than this, or a busy gateway would meet a loop. */
export const retryAfterMsMin = 1_000;

/** The longest that a server or a gateway may ask to wait before the next send: whoever says more is asked again after this. */
export const retryAfterMsMax = 10 * 60_000;
