/** Every tuned number of what is deployed, its unit in its name and its reason beside it. */
export const cdkSettings = {
  /** Lambda gives CPU by memory: at 512 MB a request of the API spends its time waiting for S3, not computing. */
  apiMemoryMb: 512,
  /** 1,769 MB are one whole CPU: a rollup folds and unzips, and has the app's state in memory. */
  rollupMemoryMb: 1_769,
  /** Handing out credentials is one signature to check and one call to STS. */
  credentialsMemoryMb: 256,
  /** HTTP APIs give up after 30 s; one second before, the function itself can still say why. */
  apiTimeoutSeconds: 29,
  /** Folds are stopped half a minute before and rounds some seconds before (lambdas/limits.ts); what is left goes on in the next call. */
  rollupTimeoutSeconds: 120,
  /** Fifty stores that are idle need some 5 s; a store with news takes its rounds. The next sweep comes in a minute, and two at once are safe. */
  sweepTimeoutSeconds: 120,
  credentialsTimeoutSeconds: 15,
  /** One token to check, as above. */
  listenMemoryMb: 256,
  /** AppSync itself waits ten seconds. */
  listenTimeoutSeconds: 10,
  /** Added to the grace before a rollup looks: earlier it would find nothing that it may seal. */
  queueDelayAfterGraceSeconds: 1,
  /** SQS waits at most so long. */
  queueDelaySecondsMax: 900,
  /** AWS's own advice: the time in which all tries of a batch that is throttled surely end. */
  visibilityTimeouts: 6,
  /** One call of the rollup gathers so many news: those of one store become one round. */
  rollupBatchMax: 100,
  /** How long a batch is gathered; Lambda wants at least one second for more than ten. */
  rollupBatchWindowSeconds: 1,
  /** Rollups at once: S3 and the account's other functions are left alone. Stores are independent, so more only means sooner. */
  rollupsAtOnceMax: 10,
  /** After so many tries a person should look. Delivery does not depend on it: the sweep visits the store anyway. */
  receivesMax: 5,
  /** As long as SQS keeps anything. */
  deadLetterDays: 14,
  /** EventBridge Scheduler's smallest rate. */
  sweepEveryMinutes: 1,
  /** Checked by one sweep: with 1,000 stores each is seen every 20 minutes. News come by the queue; this only catches what it lost. */
  sweepStores: 50,
  /** A sweep that could not begin in this time is of no use: the next one has begun. Scheduler's least. */
  sweepAgeSecondsMax: 60,
  /** STS gives a role that was assumed from a role one hour at most. */
  directSeconds: 3_600,
  /** Noncurrent versions are how a mistake is undone (docs/operations.md); a month is long enough to notice it. */
  oldVersionsDays: 30,
  /**
   * Of raw updates, each of which a rollup deletes seconds after it was stored: what is in them is in a segment by then. As long as delete markers
   * are there, a LIST from the very beginning passes them; a week is enough to undo a deletion by hand.
   */
  oldUpdatesDays: 7,
  /** No object of icecore is written in parts; what began so is somebody's mistake. */
  partUploadDays: 1,
  /** All clients together; 1,000 clients that poll every 2 s past the cache. The account's own limit is 10,000. */
  requestsPerSecond: 500,
  /** Clients that come back after an outage come at once. */
  requestsBurst: 1_000,
  /** One principal in one warm function: a busy person's tabs send some 2 requests a second. */
  principalPerSecond: 20,
  principalBurst: 100,
  /** A browser asks again after this whether it may ask. Chrome keeps such an answer for 2 hours at most. */
  corsAgeSeconds: 7_200,
  /** Long enough for every browser's list of sites that are never asked over http. */
  httpsOnlyDays: 365,
  /** At most one (docs/protocol.md, "Facts about S3"). None, because an error of the API would be kept by its path alone: one user's 403 would be another's. */
  errorCacheSeconds: 0,
  /** Heads say so themselves (s-maxage); this is the upper bound whatever they say. */
  headCacheSeconds: 1,
  /** Immutable objects say a year. */
  objectCacheDays: 365,
  secretChars: 64,
  /** A sweep comes each minute and publishes what is left: 5 minutes are several in a row that could not. */
  oldestUnpublishedAlarmMs: 300_000,
  /** A store that cannot be published is seen by one sweep in so many: the alarm stays on between them, for up to 750 stores. */
  oldestUnpublishedMinutes: 15,
  /** No sweep in this time: the schedule is off or broken. */
  sweepSilenceMinutes: 5,
  /** Errors are counted over so long: an alarm soon enough, and few periods without any request. */
  errorMinutes: 5,
  /** Errors of the API in that time; each one is seen by a client, which tries again. */
  apiErrorsAlarm: 5,
} as const;
