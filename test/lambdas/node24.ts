/** Node 24, the runtime that the bundles are made for: this process's own, or the one of npm's package `node`. */
import { execFileSync } from "node:child_process";
import { describe } from "vitest";
import { describeS3 } from "../ceph/s3-tests.ts";

/** Its path; null where npm cannot give it. Asked for once a process. */
export const node24: string | null = findNode24();

function findNode24(): string | null {
  if (process.versions.node.startsWith("24.")) return process.execPath;
  try {
    const words = ["--yes", "--package", "node@24", "--", "node", "--print", "process.execPath"];
    const path = execFileSync("npx", words, { encoding: "utf8", stdio: "pipe", timeout: 120_000 }).trim();
    return execFileSync(path, ["--version"], { encoding: "utf8" }).startsWith("v24.") ? path : null;
  } catch {
    return null;
  }
}

/** A suite that needs Node 24 beside a real S3 server; one that is skipped says by its title what is missing. */
export function describeLambdas(title: string, suite: () => void): void {
  if (node24 === null) describe.skip(`${title}: npm has given no Node 24 [needs s3]`, suite);
  else describeS3(title, suite);
}
