import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

/** It stood at 13.6 kB in November 2026, of which aws4fetch is 2.6, and the address with the texts of errors 4.7. */
const gzipBytesMax = 15_000;

describe("A browser's bundle of the S3 bucket over fetch", () => {
  let text = "";
  let inputs: readonly string[] = [];
  beforeAll(async () => {
    const entry = new URL("../../../../bucket/s3-fetch/index.ts", import.meta.url).pathname;
    const { outputFiles, metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      platform: "browser",
      format: "esm",
      logLevel: "error",
    });
    text = outputFiles[0]?.text ?? "";
    inputs = Object.keys(metafile.inputs);
  });

  it("holds the bucket and its signer", () => {
    expect(text).toMatch(/export\s*{.*createS3FetchBucket/);
    expect(inputs.some((path) => path.includes("node_modules/aws4fetch/"))).toBe(true);
  });

  it("holds nothing of Node and nothing of the AWS SDK", () => {
    expect(text).not.toMatch(/node:|@aws-sdk|process\.env|\bBuffer\b|\brequire\(/);
    expect(inputs.filter((path) => /@aws-sdk|@smithy|bucket\/(?:s3|platform)\//.test(path))).toEqual([]);
  });

  it("is small", () => {
    const bytes = gzipSync(text, { level: 9 }).length;
    console.log(`bucket/s3-fetch in a browser: ${bytes} bytes gzip`);
    expect(bytes).toBeGreaterThan(1_000);
    expect(bytes).toBeLessThan(gzipBytesMax);
  });
});
