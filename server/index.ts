/** The HTTP API: public subpath `icecore/server`. */

export type { DirectGrant, ReadPass } from "../shared/wire/http-access.ts";
export { type App, type AppOptions, createApp } from "./app.ts";
export {
  type Asked,
  type Authenticate,
  type Authorize,
  type Claims,
  type Intent,
  openToAll,
} from "./auth.ts";
export type { DirectAccess, ReadPasses } from "./call.ts";
export { openApiDocument } from "./openapi.ts";
export type { PrincipalOf } from "./principal.ts";
export type { Rate } from "./rate.ts";
export type { RequestEntry, RequestLog } from "./request-log.ts";
export { authorizeByRole } from "./roles.ts";
export { createRollupLoop, type RollupLoop, type RollupLoopOptions } from "./rollup-loop.ts";
export { defaultServerSettings, type ServerSettings } from "./settings.ts";
