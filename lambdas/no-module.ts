/** Exports nothing: stands for `icecore-app/model` and `icecore-app/auth` until bundleLambda puts the app's own files in their place. */
export {};
