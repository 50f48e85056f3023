/** The adapters' own tuned numbers, each with its reason; what the protocol itself needs stands in shared/settings.ts. */

/** How much of an object above `bytesMax` comes back: the port's promise. */
export const startBytes = 64 * 1024;

/**
 * Bodies up to here are read and written without leaving the thread: a copy to or from the page cache takes some 10 us
 * for the usual few KiB, a change of thread 40 us each way. Above it the copy would hold up the process.
 */
export const directBytesMax = 256 * 1024;

/** So many calls in a row may run without leaving the thread, at some 30 us each; then others get a turn. */
export const directCallsMax = 32;

/** Versions of one replaced object in one folder: listing it is a single system call. */
export const generationSize = 64;

/** A reader is overtaken by 64 swaps in a row only when it sleeps; this many times in a row means something else. */
export const readRoundsMax = 100;

/** Replaced objects whose last version is remembered, some 200 bytes each. */
export const seenVersionsMax = 1_000;

/** A list sorts up to this many names at once; of more it keeps only the first. Sorting so few takes under 1 ms. */
export const listKeptMin = 1_000;

/** A killed process's leftovers are removed after this: no write takes so long, even across a suspended laptop's night. */
export const leftoverAgeMs = 24 * 60 * 60_000;

/** S3: a connection is up within this, or the endpoint is not there; a TLS handshake across the world takes a third of it. */
export const s3ConnectMs = 3_000;

/** S3: from the request to the first byte of the answer. S3's own slow answers (a throttled partition) come within seconds. */
export const s3AnswerMs = 15_000;

/** ... and for each byte of a body that goes out before it: 256 kbit/s, a phone on a bad link; silence is watched besides. */
export const s3UploadBytesPerMs = 32;

/** S3: silence in the middle of a body. Ten times what a bad mobile link is silent for. */
export const s3SilenceMs = 20_000;

/** S3: connections of one bucket. More than parallelGets (16) and a few writers; S3 itself takes thousands. */
export const s3Connections = 64;

/** S3: tries of a read or delete before it is "unavailable": with full jitter some 7 s, and at most about 20 s. */
export const s3ReadTriesMax = 8;

/** ... and as long as this endpoint has never answered at all: a wrong address should say so within a second. */
export const s3FirstTriesMax = 3;

/** S3: no new try of a read begins after this, however many are left: a person waits no longer for one object. */
export const s3ReadMsMax = 45_000;

/** S3: empty pages in a row that say "go on": a million deleted keys; more of them are a mistake of the service. */
export const s3EmptyPagesMax = 1_000;

/** S3's own limit of one DeleteObjects request. */
export const s3DeleteKeysMax = 1_000;

/** Single deletes in flight, where the service has no DeleteObjects. */
export const s3ParallelDeletes = 16;

/** S3 over fetch: credentials are renewed so long before they end: longer than a request lasts, shorter than any session. */
export const s3RenewAheadMs = 60_000;

/** S3 over fetch: a refusal, or what came of a write: read no further. */
export const s3ErrorBytesMax = 64 * 1024;

/** S3 over fetch: one page of a list: a thousand of the longest keys, each byte as three, and what stands around them: 4 MiB. */
export const s3ListBytesMax = 8 * 1024 * 1024;
