/** Secrets by their id, from AWS Secrets Manager: read once a cold start, kept in memory alone, never printed. */
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { StoreError } from "../shared/errors.ts";

export type ReadSecret = (id: string) => Promise<string>;

/** Region, credentials and endpoint come by the SDK's own chain. */
export function createReadSecret(): ReadSecret {
  const client = new SecretsManagerClient({});
  return async (id) => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id })).catch((error) => {
      throw unreadable(id, nameOf(error));
    });
    if (SecretString === undefined || SecretString === "") throw unreadable(id, "it holds no text");
    return SecretString;
  };
}

/** The SDK's error may hold the request: only its name goes on. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name.slice(0, 80) : "unknown";
}

function unreadable(id: string, why: string): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `Secret ${id} cannot be read (${why})`,
    fix: "Give this function secretsmanager:GetSecretValue on it, and the secret a text as its value.",
  });
}
