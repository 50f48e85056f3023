/** Tuned numbers of the Lambdas, each with its reason. */

/** With less time left no round is begun: one of 1,000 updates takes half of it. */
export const roundMsMin = 10_000;

/** With less left a round is stopped between two requests: the one that is under way, and a wait for another rollup, still end in time. */
export const stepMsMin = 6_000;

/** With less left a fold is stopped between two segments: a state of 100 MB is encoded, packed and stored in half of it. */
export const foldMsMin = 30_000;

/** Stores at work at once: a slow one holds up few, and a small Lambda has one core or less. */
export const storesAtOnce = 4;

/** Rollups whose folded state stays warm: what one instance works for in turn, at some MB each. */
export const rollupsWarmMax = 50;

/**
 * ... and how much JSON all of those may be, as a share of the function's memory: unfolded, 100,000 entities were 1 to 4.3 times as much, so they take a
 * quarter. The rest is for what is at work: four stores at once, each with its segments, and its snapshot as text, packed and unpacked.
 */
export const warmShareMax = 1 / 16;

/** An update that is not sealed yet is waited for so long; what needs longer comes again through the queue. */
export const sealWaitMsMax = 5_000;

/** The bucket's Date has whole seconds, so the seal may stand so far behind the clock, beside the grace. */
export const dateStepMs = 1_000;

/** Rounds after such a wait: the first nearly always finds it. */
export const sealTries = 2;

/** The sweep's list of stores: a new one waits no longer for its first turn, and its updates come through the queue anyway. */
export const storesKeptMs = 10 * 60_000;

/** What no head lists is collected once a day for each store: a few LISTs, and it is kept for days anyway. */
export const collectEveryMinutes = 24 * 60;

/** A raw update that is put where all is published was under way for seconds, at times for minutes: a day's collecting looks at two days. */
export const ghostsMs = 2 * 24 * 60 * 60_000;

/** ... and once in so many days at all. As long as the bucket keeps delete markers of raw updates (cdk/settings.ts): all of them are passed. */
export const wholeEveryDays = 7;

/** Lines of a stack in the log: enough to find the place. */
export const stackLinesMax = 12;

/** Characters of an error's text in the log. */
export const toldMax = 1_000;

/** Tries of an append in the API: its client is told to come later before API Gateway gives up, after 29 s. */
export const appendTriesMax = 8;

/** Of a request as a Lambda gets it: API Gateway's own limit is below it. */
export const pathLengthMax = 4_096;

/** Origins in ICECORE_CORS_ORIGINS: the environment of a Lambda holds 4 KB in all. */
export const originsMax = 50;

/** A hint that takes longer keeps somebody waiting for an answer, and polls find the news by then. */
export const hintMsMax = 2_000;

/** As the API's own tokens (server/jwt): what is longer is none, and is not looked at. */
export const authorizerTokenMax = 8 * 1024;
