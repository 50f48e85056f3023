import { createMemoryBucket } from "../../bucket/memory.ts";
import { rawOrigin } from "../fixtures/raw-bucket.ts";
import { describeFront } from "./front-suite.ts";

describeFront("One address, with the edge function before a bucket in memory", async () => {
  const inner = createMemoryBucket();
  return { inner, origin: rawOrigin(inner), root: "" };
});
