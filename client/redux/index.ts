/** The Redux binding: public subpath `icecore/redux`. */
export {
  type IcecoreEnhancerOptions,
  type IcecoreExtension,
  icecoreEnhancer,
  syncedType,
} from "./enhancer.ts";
