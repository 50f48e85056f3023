import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { browserProject, browserTests } from "./scripts/browser-project.ts";
import { SpreadOrder } from "./scripts/test-order.ts";

const shared = {
  pool: "forks",
  // Tests of the folder bucket start processes and wait for a disk, on machines that others use as well.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // What is waited for comes; how soon depends on who else is at work.
  expect: { poll: { timeout: 20_000 } },
} as const;
const s3Tests = "test/**/*.s3.test.ts";
const pageTests = "test/pages/**/*.page.test.ts";

export default defineConfig({
  test: {
    // One left behind would hide all the others.
    allowOnly: false,
    // Most tests wait for a server, a browser or a disk: one more than the two cores of a small machine keeps these busy.
    maxWorkers: Math.max(3, availableParallelism()),
    sequence: { sequencer: SpreadOrder },
    projects: [
      {
        test: {
          ...shared,
          name: "local",
          include: ["test/**/*.test.ts"],
          // test/types is checked by tsc, not run.
          exclude: ["test/types/**", s3Tests, ...browserTests, pageTests, "node_modules/**"],
        },
      },
      {
        test: {
          ...shared,
          name: "s3",
          include: [s3Tests],
          // A real server is slower than a folder, and is killed on purpose.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          globalSetup: "test/ceph/global-setup.ts",
        },
      },
      browserProject(shared),
      {
        test: {
          ...shared,
          // Node drives a browser from outside: whole pages, several tabs, reloads. On a busy machine each takes a while.
          name: "pages",
          include: [pageTests],
          // More than any one thing that is waited for: what did not come is then said by its name.
          testTimeout: 240_000,
          hookTimeout: 240_000,
          globalSetup: "test/pages/global-setup.ts",
        },
      },
    ],
  },
});
