/** The React binding: public subpath `icecore/react`. */
export { type IsEqual, shallowEqual } from "./equal.ts";
export { createStoreHooks, type StoreHooks, type StoreProviderProps } from "./hooks.ts";
