/** The Redux DevTools as a window on a store: public subpath `icecore/devtools`. */
export { connectDevTools, type DevToolsOptions } from "./connect.ts";
export type { DevToolsConnection, DevToolsExtension, DevToolsNote } from "./extension.ts";
