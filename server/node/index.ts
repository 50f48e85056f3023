/** The API on Node's own HTTP server: public subpath `icecore/server/node`. */
export { type Listening, type ListenOptions, listen } from "./listen.ts";
export { type ServeOptions, serve } from "./serve.ts";
