/** What can be wrong with a token, and what the API has to say of each: the list that the matrix is made from. */
import { createReadPass } from "../../server/jwt/read-pass.ts";
import { testStoreId } from "../fixtures/store-host.ts";
import {
  encodePart,
  type KeyPair,
  type Signer,
  secretSigner,
  signToken,
  type TokenClaims,
} from "./tokens.ts";

export interface Minting {
  readonly keys: "secret" | "jwks";
  readonly signer: Signer;
  /** Another one of the same algorithm: a forger's own, under the same key id. */
  readonly forger: Signer;
  readonly secret: string;
  /** The other app's id, and the caller's own. */
  readonly apps: { readonly own: string; readonly others: string };
}

/** `unauthorized`: 401 wherever a token is asked for. `forbidden`: 403. `appForbidden`: 403 where an app id is used. */
export type Gives = "valid" | "unauthorized" | "forbidden" | "appForbidden";

export interface TokenFault {
  readonly name: string;
  readonly gives: Gives | ((keys: Minting["keys"]) => Gives);
  /** The body names the app id of somebody else. */
  readonly othersApp?: true;
  /** The Authorization header; null: none. */
  header(minting: Minting, claims: TokenClaims): string | null | Promise<string>;
}

export const audience = "notes";
export const issuer = "https://login.example.com";

const nowSeconds = () => Math.floor(Date.now() / 1_000);

/** Of a token that holds. */
export function goodClaims(subject: string, role: string | null): TokenClaims {
  const iat = nowSeconds();
  const may = { ...(role === null ? {} : { role }), stores: ["auth-main", "auth-new-*"] };
  return { iss: issuer, aud: audience, sub: subject, ...may, iat, exp: iat + 600 };
}

type Change = TokenClaims | ((now: number) => TokenClaims);

/** Signed as it should be, with other claims; `undefined` takes one away. */
function claiming(name: string, gives: TokenFault["gives"], change: Change): TokenFault {
  const changes = () => (typeof change === "function" ? change(nowSeconds()) : change);
  return {
    name,
    gives,
    header: ({ signer }, claims) => bearer(signToken(signer, { ...claims, ...changes() })),
  };
}

function forged(name: string, make: (minting: Minting, claims: TokenClaims) => string): TokenFault {
  return { name, gives: "unauthorized", header: (minting, claims) => bearer(make(minting, claims)) };
}

function sending(name: string, header: (good: string) => string | null): TokenFault {
  return { name, gives: "unauthorized", header: ({ signer }, claims) => header(signToken(signer, claims)) };
}

const bearer = (token: string) => `Bearer ${token}`;
const day = 86_400;

function flipLast(token: string): string {
  const at = token.lastIndexOf(".") + 5;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
}

function unsigned(alg: unknown, claims: TokenClaims): string {
  return `${encodePart({ alg, typ: "JWT" })}.${encodePart(claims)}.`;
}

export const tokenFaults: readonly TokenFault[] = [
  claiming("none", "valid", {}),
  claiming("ended 2 s ago, within the tolerance", "valid", (now) => ({ exp: now - 2 })),
  claiming("audience in a list", "valid", { aud: ["other", audience] }),
  {
    ...claiming("scheme in lower case", "valid", {}),
    header: ({ signer }, claims) => `bearer ${signToken(signer, claims)}`,
  },
  sending("no token", () => null),

  claiming("expired", "unauthorized", (now) => ({ iat: now - 900, exp: now - 60 })),
  claiming("not yet valid", "unauthorized", (now) => ({ nbf: now + 600, exp: now + 900 })),
  claiming("made in the future", "unauthorized", (now) => ({ iat: now + 3_600, exp: now + 4_000 })),
  claiming("no exp", "unauthorized", { exp: undefined }),
  claiming("exp is a text", "unauthorized", (now) => ({ exp: String(now + 600) })),
  claiming("exp is null", "unauthorized", { exp: null }),
  claiming("exp is out of range", "unauthorized", { exp: 1e308 }),
  claiming("life too long", "unauthorized", (now) => ({ exp: now + day + 60 })),
  claiming("life too long, without iat", "unauthorized", (now) => ({ iat: undefined, exp: now + day + 60 })),
  claiming("wrong audience", "unauthorized", { aud: "notes2" }),
  claiming("no audience", "unauthorized", { aud: undefined }),
  claiming("audience is an object", "unauthorized", { aud: { [audience]: true } }),
  claiming("wrong issuer", "unauthorized", { iss: "https://login.example.org" }),
  claiming("no issuer", "unauthorized", { iss: undefined }),

  forged("forged signature", ({ signer }, claims) => flipLast(signToken(signer, claims))),
  forged("signed by another key", ({ forger }, claims) => signToken(forger, claims)),
  forged("claims changed after signing", ({ signer }, claims) => {
    const [header, , signature] = signToken(signer, claims).split(".");
    return `${header}.${encodePart({ ...claims, role: "admin", stores: ["*"] })}.${signature}`;
  }),
  forged("signature left out", ({ signer }, claims) => signToken(signer, claims).replace(/[^.]*$/, "")),
  forged("alg none", (_, claims) => unsigned("none", claims)),
  forged("alg None", (_, claims) => unsigned("None", claims)),
  forged("alg is null", (_, claims) => unsigned(null, claims)),
  forged("alg none over a real signature", ({ signer }, claims) =>
    signToken(signer, claims, { alg: "none" }),
  ),
  forged("alg confusion: HS256 with the public key as PEM", ({ signer, forger }, claims) =>
    signToken(secretSigner(signer.publicPem || forger.publicPem || "-"), claims, { kid: signer.kid ?? "k" }),
  ),
  forged("alg confusion: HS256 with the public key's text", ({ signer }, claims) =>
    signToken(secretSigner(signer.publicPem.trim().replace(/\n/g, "")), claims, { kid: signer.kid ?? "k" }),
  ),
  forged("another algorithm's name over a real signature", ({ signer }, claims) =>
    signToken(signer, claims, { alg: signer.alg === "HS256" ? "RS256" : "HS256" }),
  ),
  forged("key in the token's own header", ({ forger }, claims) =>
    signToken(forger, claims, { jwk: (forger as Partial<KeyPair>).jwk ?? { kty: "oct", k: "AA" } }),
  ),
  forged("key address in the token's own header", ({ forger }, claims) =>
    signToken(forger, claims, { jku: "http://127.0.0.1:9/jwks.json" }),
  ),
  forged("unknown critical header", ({ signer }, claims) => signToken(signer, claims, { crit: ["x"], x: 1 })),
  {
    ...forged("unknown kid", ({ signer }, claims) => signToken(signer, claims, { kid: "nobody" })),
    // A secret has no key id, so none is looked at.
    gives: (keys) => (keys === "jwks" ? "unauthorized" : "valid"),
  },
  {
    name: "a read pass as a token",
    gives: "unauthorized",
    async header({ secret }) {
      const pass = createReadPass({ secret, platform: { now: Date.now } });
      return bearer((await pass.newPass(testStoreId("auth-main"))).pass);
    },
  },

  claiming("oversize", "unauthorized", { padding: "x".repeat(8_000) }),
  sending("garbage", () => "Bearer not-a-token"),
  sending("garbage with dots", () => "Bearer a.b.c"),
  sending("garbage of other letters", (good) => `Bearer ${good}%00'"`),
  sending("of five parts", (good) => `Bearer ${good}.${good.split(".").slice(0, 2).join(".")}`),
  sending("an empty Bearer", () => "Bearer "),
  sending("without its scheme", (good) => good),
  sending("under another scheme", (good) => `Basic ${Buffer.from(good).toString("base64")}`),
  sending("two tokens", (good) => `Bearer ${good}, Bearer ${good}`),
  forged("claims are a list", ({ signer }) => signToken(signer, ["admin"])),
  forged("claims are no JSON", ({ signer }) => signToken(signer, "{role:admin}")),

  claiming("token for another store", "forbidden", { stores: ["auth-main2", "main", "auth-new"] }),
  claiming("a prefix that ends before the store", "forbidden", { stores: ["auth-mai", "auth-maim*"] }),
  claiming("no stores", "forbidden", { stores: undefined }),
  claiming("an empty list of stores", "forbidden", { stores: [] }),
  claiming("stores as a text", "forbidden", { stores: "*" }),
  claiming("one malformed store among them", "forbidden", { stores: ["*", "../etc"] }),
  claiming("a pattern among the stores", "forbidden", { stores: ["*", "a*b"] }),
  claiming("more stores than are taken", "forbidden", { stores: Array.from({ length: 101 }, () => "*") }),
  claiming("role in a list", "forbidden", { role: ["admin"] }),
  claiming("role is a member of every object", "forbidden", { role: "constructor" }),

  { ...claiming("app id of somebody else", "appForbidden", {}), othersApp: true },
  {
    name: "app claim of another app",
    gives: "appForbidden",
    header: ({ signer, apps }, claims) => bearer(signToken(signer, { ...claims, app: apps.others })),
  },
  {
    name: "app claim of the own app",
    gives: "valid",
    header: ({ signer, apps }, claims) => bearer(signToken(signer, { ...claims, app: apps.own })),
  },
  claiming("app claim is no text", "appForbidden", { app: { $ne: null } }),
  claiming("no subject", "appForbidden", { sub: undefined }),
];
