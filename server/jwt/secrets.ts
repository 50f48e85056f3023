/** Shared secrets as keys: long enough, or refused when the server starts, not when the first token is forged. */
import { StoreError } from "../../shared/errors.ts";
import { secretBytesMin, secretsMax } from "./limits.ts";

/** The bytes of a secret. Throws StoreError "rejected", without the secret. */
export function requireSecret(secret: string): Uint8Array {
  const bytes = new TextEncoder().encode(secret);
  if (bytes.length >= secretBytesMin) return bytes;
  throw new StoreError({
    kind: "rejected",
    what: `The secret has ${bytes.length} bytes, and tokens can be forged with one of fewer than ${secretBytesMin}`,
    fix: 'Make one by chance, say with "openssl rand -base64 48".',
  });
}

export function requireSecrets(secrets: readonly string[]): readonly Uint8Array[] {
  if (secrets.length > 0 && secrets.length <= secretsMax) return secrets.map(requireSecret);
  throw new StoreError({
    kind: "rejected",
    what: `There are ${secrets.length} secrets`,
    fix: `Give 1 to ${secretsMax}: the present one first, and the one before while its tokens last.`,
  });
}
