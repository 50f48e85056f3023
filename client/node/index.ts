/** What a client on Node has besides: public subpath `icecore/client/node`. */
export { folderLocal } from "./folder.ts";
