/** The hash port: SHA-256 of a text's UTF-8 bytes as lower-case hex. Synchronous, so that pure code can call it. */
export type Sha256 = (text: string) => string;
