/**
 * `s3://bucket/prefix?endpoint=…&region=…`: the address of a bucket, parsed. Pure. Credentials never stand in it: they come by the
 * SDK's own chain (environment, profile, role) or from the app, so an address may be printed, logged and kept in a script.
 */
import { StoreError } from "../../shared/errors.ts";
import { isKey } from "../key-rules.ts";

export interface S3Location {
  /** The address again, for people. */
  readonly name: string;
  readonly bucket: string;
  /** Before each key: "" or ending in a slash. */
  readonly prefix: string;
  /** Null: AWS itself. */
  readonly endpoint: string | null;
  /** Null: from the environment or the profile. */
  readonly region: string | null;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. @default true with an endpoint */
  readonly pathStyle: boolean;
  /** When the SDK adds checksums of its own. @default "required" with an endpoint, as many services refuse them */
  readonly checksums: "supported" | "required";
}

const form = "s3://BUCKET/PREFIX?endpoint=URL&region=NAME";
const parameters = ["endpoint", "region", "pathStyle", "checksums"] as const;
/** Taken apart by hand: the URL parser drops line breaks and resolves "..", so that it would read another address than was written. */
const addressShape = /^s3:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?$/;
/** S3's rule for names, and the underscores and capitals that older and other services allow. */
const bucketShape = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;
const regionShape = /^[A-Za-z0-9-]{1,40}$/;
/** A mistyped parameter is repeated, but not what may be a key that stands in its place. */
const nameShape = /^[A-Za-z][A-Za-z_-]{0,23}$/;
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Parses the address of a bucket. Throws StoreError "rejected" with what is wrong; nothing of a secret in it is repeated.
 *
 * @example
 * parseS3Location("s3://notes/team?endpoint=http://127.0.0.1:7480").prefix; // "team/"
 */
export function parseS3Location(text: string): S3Location {
  const { bucket, path, query } = takeApart(text);
  if (!bucketShape.test(bucket))
    throw refused(`${quoted(bucket)} is no bucket's name`, `Write it as ${form}.`);
  if (bucket.endsWith("--x-s3"))
    throw refused(
      `${bucket} is a directory bucket (S3 Express One Zone), whose lists have no order`,
      "Use a general purpose bucket.",
    );
  const given = readParameters(new URLSearchParams(query));
  const endpoint = readEndpoint(given.endpoint);
  return {
    name: text,
    bucket,
    prefix: readPrefix(path),
    endpoint,
    region: readRegion(given.region),
    pathStyle:
      readChoice("pathStyle", given.pathStyle, ["true", "false"], String(endpoint !== null)) === "true",
    checksums: readChoice(
      "checksums",
      given.checksums,
      ["supported", "required"],
      endpoint === null ? "supported" : "required",
    ),
  };
}

interface Pieces {
  readonly bucket: string;
  readonly path: string;
  readonly query: string;
}

function takeApart(text: string): Pieces {
  const [, bucket, path = "", query = ""] = addressShape.exec(text) ?? [];
  if (bucket === undefined || /\p{Cc}/u.test(text))
    throw refused("This is no s3:// address", `Write it as ${form}, with # as %23.`);
  // A secret key may hold slashes: then the @ stands further behind.
  if (text.includes("@") && (bucket.includes("@") || bucket.includes(":")))
    throw refused(
      "A bucket's address must not hold credentials",
      "Take them out and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
    );
  if (bucket.includes(":")) throw refused("A bucket's name has no port", `Write it as ${form}.`);
  return { bucket, path, query };
}

type Given = Partial<Record<(typeof parameters)[number], string>>;

function readParameters(search: URLSearchParams): Given {
  const given: Given = {};
  for (const [name, value] of search) {
    const known = parameters.find((one) => one === name);
    if (known === undefined)
      throw refused(
        `${nameShape.test(name) ? quoted(name) : "One of them"} is no parameter of a bucket's address`,
        `Use ${parameters.join(", ")}; credentials come from the environment (AWS_ACCESS_KEY_ID …) or AWS_PROFILE.`,
      );
    if (given[known] !== undefined) throw refused(`${known} is given twice`, "Give it once.");
    given[known] = value;
  }
  return given;
}

function readPrefix(pathname: string): string {
  const prefix = decode(pathname).replace(/^\/+|\/+$/g, "");
  if (prefix === "") return "";
  if (!isKey(prefix))
    throw refused(
      `${quoted(prefix)} cannot stand before keys`,
      "Use parts of printable ASCII characters between single slashes, none of them beginning with a dot or ending in .versions.",
    );
  return `${prefix}/`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused("The prefix is not well encoded", `Write it as ${form}, with % as %25.`);
  }
}

function readEndpoint(text: string | undefined): string | null {
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !["http:", "https:"].includes(url.protocol))
    throw refused(
      "The endpoint is no web address",
      "Give it with its scheme: endpoint=https://s3.example.org",
    );
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw refused(
      "An endpoint has no credentials and no query",
      "Give only its scheme, host, port and path.",
    );
  if (url.protocol === "http:" && !loopback.test(url.hostname))
    throw refused(
      `The endpoint ${url.origin} is not encrypted, so everybody on the way could read and change the store`,
      "Use https://; plain http:// is taken for this machine only (127.0.0.1, localhost).",
    );
  return url.href.replace(/\/+$/, "");
}

function readRegion(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (regionShape.test(text)) return text;
  throw refused(`${quoted(text)} is no region`, "Give its name, such as region=eu-central-1.");
}

function readChoice<T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
  otherwise: NoInfer<T> | string,
): T {
  const choice = choices.find((one) => one === (text ?? otherwise));
  if (choice !== undefined) return choice;
  throw refused(`${name} is ${quoted(text ?? "")}`, `Give ${choices.join(" or ")}.`);
}

/** Shortened and without control characters. */
function quoted(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return JSON.stringify(short.replace(/\p{Cc}/gu, "?"));
}

function refused(what: string, fix: string): StoreError {
  return new StoreError({ kind: "rejected", what, fix });
}
