/** The HTTP API: public subpath `icecore/server`. */
export { type App, type AppOptions, createApp } from "./app.ts";
export {
  type Asked,
  type Authenticate,
  type Authorize,
  type Claims,
  type Intent,
  openToAll,
} from "./auth.ts";
export { openApiDocument } from "./openapi.ts";
export type { RequestEntry, RequestLog } from "./request-log.ts";
export { createRollupLoop, type RollupLoop, type RollupLoopOptions } from "./rollup-loop.ts";
export { defaultServerSettings, type ServerSettings } from "./settings.ts";
