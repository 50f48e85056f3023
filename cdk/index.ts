/** icecore/cdk: the construct that puts stores into an AWS account. */
export { IcecoreStore } from "./icecore-store.ts";
export type { IcecoreStoreProps } from "./props.ts";
