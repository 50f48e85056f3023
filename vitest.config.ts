import { defineConfig } from "vitest/config";

const shared = {
  pool: "forks",
  // Tests of the folder bucket start processes and wait for a disk.
  testTimeout: 30_000,
  hookTimeout: 30_000,
} as const;
const s3Tests = "test/**/*.s3.test.ts";

export default defineConfig({
  test: {
    // One left behind would hide all the others.
    allowOnly: false,
    projects: [
      {
        test: {
          ...shared,
          name: "local",
          include: ["test/**/*.test.ts"],
          // test/types is checked by tsc, not run.
          exclude: ["test/types/**", s3Tests, "node_modules/**"],
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
    ],
  },
});
