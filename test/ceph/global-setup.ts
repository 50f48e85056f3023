/** One Ceph for all S3 tests of a run; started only when one of them is to run, absent where the machine has none. */
import type { TestProject } from "vitest/node";
import { type Ceph, hasCeph, startCeph } from "./ceph.ts";

export interface ProvidedS3 {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Where Ceph lives. */
  readonly folder: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    readonly s3: ProvidedS3 | null;
  }
}

let ceph: Ceph | undefined;

export async function setup(project: TestProject): Promise<void> {
  if (hasCeph()) ceph = await startCeph();
  project.provide("s3", ceph ? { endpoint: ceph.endpoint, ...ceph.keys, folder: ceph.folder } : null);
}

export async function teardown(): Promise<void> {
  await ceph?.stop();
}
