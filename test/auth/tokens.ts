/**
 * Tokens as an issuer and as a forger make them, signed by Node's own crypto: jose, which the server checks them by, has no part in it.
 */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { JSONWebKeySet } from "jose";

export type TokenClaims = Readonly<Record<string, unknown>>;
export type TokenHeader = Readonly<Record<string, unknown>>;

export interface Signer {
  readonly alg: string;
  readonly kid: string | null;
  /** What a forger knows of it: as PEM; empty for a secret. */
  readonly publicPem: string;
  sign(input: string): Buffer;
}

export function secretSigner(secret: string): Signer {
  const mac = (input: string) => createHmac("sha256", secret).update(input).digest();
  return { alg: "HS256", kid: null, publicPem: "", sign: mac };
}

export interface KeyPair extends Signer {
  /** The public half, as a key set has it. */
  readonly jwk: JSONWebKeySet["keys"][number];
}

export function rsaSigner(kid: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  return keyPair("RS256", kid, { publicKey, sign: (input) => sign("sha256", input, privateKey) });
}

export function ecSigner(kid: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const raw = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
  return keyPair("ES256", kid, { publicKey, sign: (input) => sign("sha256", input, raw) });
}

export function edSigner(kid: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return keyPair("EdDSA", kid, { publicKey, sign: (input) => sign(null, input, privateKey) });
}

interface Halves {
  readonly publicKey: KeyObject;
  readonly sign: (input: Buffer) => Buffer;
}

function keyPair(alg: string, kid: string, { publicKey, sign: by }: Halves): KeyPair {
  const publicPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const jwk = { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" } as KeyPair["jwk"];
  return { alg, kid, publicPem, jwk, sign: (input) => by(Buffer.from(input)) };
}

export function encodePart(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** `header` goes over what the signer says of itself. */
export function signToken(signer: Signer, claims: unknown, header: TokenHeader = {}): string {
  const named = {
    alg: signer.alg,
    typ: "JWT",
    ...(signer.kid === null ? {} : { kid: signer.kid }),
    ...header,
  };
  const input = `${encodePart(named)}.${encodePart(claims)}`;
  return `${input}.${signer.sign(input).toString("base64url")}`;
}
