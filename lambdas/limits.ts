/** Tuned numbers of the Lambdas, each with its reason. */

/** With less time left no round is begun: the longest one measured, a cold fold with its snapshot, takes half of it. */
export const roundMsMin = 10_000;

/** Stores at work at once: a slow one holds up few, and a small Lambda has one core or less. */
export const storesAtOnce = 4;

/** Rollups whose folded state stays warm: what one instance works for in turn, at some MB each. */
export const rollupsWarmMax = 50;

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
