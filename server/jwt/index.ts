/** Tokens and read passes by jose: public subpath `icecore/server/jwt`. */
export type { ReadPasses } from "../call.ts";
export type { Role } from "../roles.ts";
export { createJwtAuthenticate, type JwtKeys, type JwtOptions } from "./authenticate.ts";
export { newToken, type TokenOptions } from "./new-token.ts";
export type { KeysFetch } from "./platform.ts";
export { createReadPass, type ReadPassOptions } from "./read-pass.ts";
