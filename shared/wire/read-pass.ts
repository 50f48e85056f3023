/** What a read pass is called by those who give, check and carry it: the API, the cache before the bucket, the client. */

/** The `www-authenticate` of an answer that asks for a pass in place of a user's token. */
export const readPassScheme = "IcecoreReadPass";

/** The `aud` of a pass: no user's token holds where a pass is asked for, and no pass where a token is. */
export const readPassAudience = "icecore-read";
