import { createNodePlatform } from "../../bucket/platform/node.ts";
import { httpRemote } from "../../client/remote/http.ts";
import { describeRemoteContract } from "../../test-kit/remote-contract.ts";
import { startApi } from "../fixtures/api-server.ts";

describeRemoteContract("The remote over HTTP", async () => {
  const { url, store, rollup, close } = await startApi();
  return { remote: httpRemote(url, { platform: createNodePlatform() }), store, rollup, close };
});
