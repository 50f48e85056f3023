/** Tuned numbers of direct mode's credentials, each with its reason. */

/** STS makes none that end sooner. */
export const directSecondsMin = 900;

/** A Lambda has its own role by a session already, and a role assumed from a session holds an hour at most. */
export const directSecondsMax = 3_600;

/** STS takes no session policy above so many characters. */
export const sessionPolicyCharsMax = 2_048;

/** A connection to STS in the same region is up within this; a handshake takes a tenth of it. */
export const stsConnectMs = 2_000;

/** STS answers within a fifth of a second; a person waits for this before the first sync, and the client asks again. */
export const stsAnswerMs = 5_000;

/** Asking again changes nothing: one that got lost is asked for once more, so that two time limits fit into an API's own. */
export const stsTriesMax = 2;
