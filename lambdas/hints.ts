/**
 * Wakes the clients of a store over AWS AppSync Events: one signed request that says nothing but that something may be new.
 *
 * A hint is best effort, and whoever gives one must not fail by it: every client polls all the same. So it never throws, and gives up
 * after a moment; it is awaited, because a Lambda freezes what it left behind. What is told of a trouble holds no secret.
 */
import { AwsV4Signer } from "aws4fetch";
import type { Platform } from "../shared/ports/platform.ts";
import { hintChannel } from "../shared/wire/hint-channel.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { hintMsMax } from "./limits.ts";

export interface HintCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface HintSenderOptions {
  /** The HTTP endpoint of the Events API, without a path: https://….appsync-api.eu-central-1.amazonaws.com */
  readonly url: string;
  readonly region: string;
  readonly platform: Pick<Platform, "now" | "wait">;
  /** @default those that Lambda gives this function, in its environment */
  readonly credentials?: () => HintCredentials;
  /** Told why a hint did not go out: a text for the log. @default nobody is */
  readonly onTrouble?: (why: string) => void;
}

export interface HintSender {
  /** Resolves when it went out, or did not; never rejects. */
  send(store: StoreId): Promise<void>;
}

/**
 * A sender of hints; it needs the right appsync:EventPublish on the channel namespace of ours.
 *
 * @example
 * const hints = createHintSender({ url: environment.hints.url, region: environment.hints.region, platform });
 * await hints.send(store);
 */
export function createHintSender({
  url,
  region,
  platform,
  credentials = environmentCredentials,
  onTrouble = () => undefined,
}: HintSenderOptions): HintSender {
  const address = `${url.replace(/\/+$/, "")}/event`;

  async function post(store: StoreId, signal: AbortSignal): Promise<string | null> {
    const signer = new AwsV4Signer({
      method: "POST",
      url: address,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ channel: hintChannel(store), events: ["{}"] }),
      service: "appsync",
      region,
      datetime: new Date(platform.now()).toISOString().replace(/[:-]|\.\d{3}/g, ""),
      ...given(credentials()),
    });
    const { url: to, method, headers, body = null } = await signer.sign();
    const answer = await fetch(to, { method, headers, body, signal, redirect: "error" });
    // Read to its end, so that the connection serves the next one.
    const told = await answer.text();
    if (!answer.ok) return `AppSync answered ${answer.status}`;
    return /"failed"\s*:\s*\[\s*\{/.test(told) ? "AppSync took the request and gave no hint" : null;
  }

  return {
    async send(store) {
      const ending = new AbortController();
      const done = new AbortController();
      const late = platform.wait(hintMsMax, done.signal).then(() => ending.abort());
      try {
        const trouble = await post(store, ending.signal);
        if (trouble !== null) onTrouble(`No hint of store "${store}": ${trouble}`);
      } catch (error) {
        const why = ending.signal.aborted ? `nothing came within ${hintMsMax} ms` : nameOf(error);
        onTrouble(`No hint of store "${store}": ${why}`);
      } finally {
        done.abort();
        await late;
      }
    },
  };
}

function environmentCredentials(): HintCredentials {
  const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_SESSION_TOKEN } = process.env;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
  };
}

function given({ accessKeyId, secretAccessKey, sessionToken }: HintCredentials) {
  const session = sessionToken === undefined || sessionToken === "" ? {} : { sessionToken };
  return { accessKeyId, secretAccessKey, ...session };
}

/** A code or a class: an error's text may repeat a header. */
function nameOf(error: unknown): string {
  const { name, cause } = error as { readonly name?: unknown; readonly cause?: { readonly code?: unknown } };
  const found = [cause?.code, name].find((one) => typeof one === "string" && /^\w{3,60}$/.test(one));
  return String(found ?? "it failed");
}
