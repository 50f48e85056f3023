/** Local storage of browsers: public subpath `icecore/idb`. */
export { type IdbLocalOptions, idbLocal } from "./idb.ts";
