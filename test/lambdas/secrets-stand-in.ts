/** AWS Secrets Manager on loopback, as far as the Lambdas use it: GetSecretValue by id; what was asked for is counted. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface SecretsStandIn {
  readonly url: string;
  /** Ids in the order in which they were asked for. */
  readonly asked: readonly string[];
  set(id: string, value: string): void;
  close(): Promise<void>;
}

export async function startSecrets(values: Readonly<Record<string, string>>): Promise<SecretsStandIn> {
  const secrets = new Map(Object.entries(values));
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const { SecretId = "" } = JSON.parse(await text(request)) as { SecretId?: string };
    asked.push(SecretId);
    const value = secrets.get(SecretId);
    response.setHeader("content-type", "application/x-amz-json-1.1");
    if (value === undefined) {
      response.writeHead(400, { "x-amzn-errortype": "ResourceNotFoundException" });
      response.end(JSON.stringify({ __type: "ResourceNotFoundException", message: "not found" }));
    } else response.end(JSON.stringify({ Name: SecretId, SecretString: value }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    set: (id, value) => void secrets.set(id, value),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
