/**
 * Starts a bundled Lambda in a process of Node 24 and calls it as AWS would: one event at a time, frozen between two of them, with nothing in its
 * environment but what it is given, killed when its time is up.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { node24 } from "./node24.ts";

export interface SentRequest {
  readonly method: string;
  readonly path: string;
}

export interface InvocationOptions {
  /** @default 30,000 */
  readonly timeoutMs?: number;
  /** Killed before it sends the request of this number, from 1. */
  readonly dieAtRequest?: number;
}

export interface Invoked<T> {
  readonly answer: T;
  /** Over HTTP, in the order in which they were begun. */
  readonly requests: readonly SentRequest[];
  /** Lines of its log, parsed. */
  readonly log: readonly LogEntry[];
  /** Its metrics, if it gave any: name -> value. */
  readonly metrics: Readonly<Record<string, number>> | null;
}

export type LogEntry = Readonly<Record<string, unknown>> & {
  readonly level: string;
  readonly message: string;
};

export class InvocationError extends Error {
  override readonly name = "InvocationError";
}

export interface LambdaProcess {
  /** Throws InvocationError where the function threw, or its process ended. */
  invoke<T = unknown>(event: unknown, options?: InvocationOptions): Promise<Invoked<T>>;
  /** Requests of the cold start. */
  readonly startRequests: readonly SentRequest[];
  /** Everything it has printed. */
  text(): string;
  /** Requests that were not awaited when an answer was given, in all. */
  leftOpen(): number;
  /** False where it was killed. */
  alive(): boolean;
  stop(): Promise<void>;
}

const childFile = fileURLToPath(new URL("./lambda-child.ts", import.meta.url));

type Word =
  | { readonly is: "ready"; readonly requests: readonly SentRequest[] }
  | { readonly is: "broken"; readonly error: Told }
  | {
      readonly is: "answer";
      readonly answer: unknown;
      readonly open: number;
      readonly requests: readonly SentRequest[];
    }
  | { readonly is: "failed"; readonly error: Told; readonly open: number };

interface Told {
  readonly name: string;
  readonly message: string;
}

const running = new Set<ChildProcess>();

/** Of all Lambdas that this test has started. */
export async function stopLambdas(): Promise<void> {
  await Promise.all([...running].map(end));
}

export async function startLambda(
  file: string,
  environment: Readonly<Record<string, string>>,
): Promise<LambdaProcess> {
  const child = spawn(node24 ?? "", [childFile, file], {
    env: {
      PATH: process.env.PATH ?? "",
      AWS_LAMBDA_FUNCTION_NAME: "icecore-test",
      AWS_REGION: "eu-central-1",
      AWS_EC2_METADATA_DISABLED: "true",
      NODE_OPTIONS: "--enable-source-maps --disable-warning=ExperimentalWarning",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let text = "";
  let seen = 0;
  let leftOpen = 0;
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => {
      text += chunk;
    });

  const first = await nextWord(child);
  if (first.is !== "ready") {
    await end(child);
    throw new InvocationError(`the bundle cannot be imported: ${JSON.stringify(first)}; ${text}`);
  }
  child.kill("SIGSTOP");

  return {
    startRequests: first.requests,
    text: () => text,
    leftOpen: () => leftOpen,
    alive: () => isAlive(child),
    stop: () => end(child),
    async invoke<T>(event: unknown, { timeoutMs = 30_000, dieAtRequest }: InvocationOptions = {}) {
      if (!isAlive(child)) throw new InvocationError("the process has ended");
      child.kill("SIGCONT");
      const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
      const requestId = `request-${seen}`;
      child.send({ event, requestId, timeoutMs, dieAtRequest });
      const word = await nextWord(child).finally(() => clearTimeout(timer));
      await settle();
      child.kill("SIGSTOP");
      const lines = text.slice(seen).split("\n");
      seen = text.length;
      if ("open" in word) leftOpen += word.open;
      if (word.is !== "answer") throw new InvocationError(JSON.stringify(word));
      const entries = lines
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as LogEntry);
      return {
        answer: word.answer as T,
        requests: word.requests,
        log: entries.filter((entry) => !("_aws" in entry)),
        metrics: metricsOf(entries),
      };
    },
  };
}

/** What a process has printed before its answer arrives after it, by another way. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function nextWord(child: ChildProcess): Promise<Word> {
  const ended = new AbortController();
  const exit = once(child, "exit", { signal: ended.signal }).then(() => {
    throw new InvocationError(`the process was ended by ${child.signalCode ?? child.exitCode}`);
  });
  try {
    const [word] = await Promise.race([once(child, "message", { signal: ended.signal }), exit]);
    return word as Word;
  } finally {
    ended.abort();
    exit.catch(() => undefined);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** By kind, as budgets name them: a POST of many keys to delete is a DELETE. */
export function countRequests(requests: readonly SentRequest[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const request of requests) {
    const kind = kindOf(request);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function kindOf({ method, path }: SentRequest): string {
  if (method === "GET" && /[?&]list-type=2/.test(path)) return "LIST";
  return method === "POST" && /[?&]delete(?:=|&|$)/.test(path) ? "DELETE" : method;
}

interface Emf {
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
}

/** Checks what CloudWatch would make of it: one namespace, and no dimension but the service. */
function metricsOf(entries: readonly object[]): Readonly<Record<string, number>> | null {
  const emf = entries.filter((entry) => "_aws" in entry) as readonly (Emf & Record<string, unknown>)[];
  if (emf.length === 0) return null;
  const metrics: Record<string, number> = {};
  for (const entry of emf)
    for (const { Namespace, Dimensions, Metrics } of entry._aws?.CloudWatchMetrics ?? []) {
      if (Namespace !== "icecore" || JSON.stringify(Dimensions) !== '[["service"]]')
        throw new Error(`metrics of ${Namespace} by ${JSON.stringify(Dimensions)}`);
      for (const { Name } of Metrics) metrics[Name] = entry[Name] as number;
    }
  return metrics;
}
