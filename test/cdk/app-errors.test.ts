/** The deployable app: what was typed wrong is told in a line, without a stack. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("A context that cannot be used is one line and exit code 1.", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "cdk/app.ts"], {
    encoding: "utf8",
    env: { ...process.env, CDK_CONTEXT_JSON: '{"stage":"Bad Stage!"}' },
  });
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    /^error: What -c gave cannot be used: stage must be .*\. Give it as in: npm run cdk -- synth .*\n$/,
  );
});
