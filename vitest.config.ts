import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Checked by tsc, not run.
    exclude: ["test/types/**", "node_modules/**"],
    pool: "forks",
    // Tests of the folder bucket start processes and wait for a disk.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // One left behind would hide all the others.
    allowOnly: false,
  },
});
