/** The core in an engine that has next to nothing: a stand-in for React Native and its like. */
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import type { BareReport } from "../fixtures/bare-client.ts";

/** What engines of browsers and servers have and this one does not. */
const absent = [
  "TextEncoder,TextDecoder,AbortController,AbortSignal,URL,URLSearchParams,console,process,Buffer,performance,structuredClone",
  "queueMicrotask,setInterval,setImmediate,navigator,document,window,self,location,localStorage,indexedDB,WebSocket,EventSource",
  "BroadcastChannel,Blob,Response,Request,Headers,ReadableStream,CompressionStream,DecompressionStream,Event,EventTarget,require",
  "WebAssembly,SharedArrayBuffer,Atomics,Intl",
].flatMap((names) => names.split(","));

function createBareEngine(): object {
  const given = {
    fetch: () => Promise.reject(new Error("no network")),
    setTimeout,
    clearTimeout,
    crypto: { getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes) },
  };
  const context = createContext(given);
  // V8 gives each context some of its own.
  runInContext(absent.map((name) => `delete globalThis.${name};`).join(""), context);
  return context;
}

describe("The core in a bare engine", () => {
  let source = "";
  let report: BareReport;
  const context = createBareEngine();

  beforeAll(async () => {
    const entry = new URL("../fixtures/bare-client.ts", import.meta.url).pathname;
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      globalName: "bareClient",
      logLevel: "error",
    });
    source = outputFiles[0]?.text ?? "";
    runInContext(source, context);
    report = await (runInContext("bareClient.run()", context) as Promise<BareReport>);
  });

  it("really is bare: nothing is there but the language, fetch, timeouts and secure randomness", () => {
    const found = absent.filter((name) => runInContext(`typeof ${name}`, context) !== "undefined");
    expect(found).toEqual([]);
    expect(runInContext("Object.keys(crypto).join()", context)).toBe("getRandomValues");
  });

  it("shows an action at once, and refuses one that its schema does not take", () => {
    expect(report.shown).toBe("Schnee 🧊");
    expect(report.refused).toMatch(/^StoreError: Action "addNote" was refused: text is missing/);
  });

  it("carries an action to another client and tells its listeners", () => {
    expect(report.received).toBe("Schnee 🧊");
    expect(report.seen).toEqual(["Schnee 🧊"]);
  });

  it("sees its action in the log after a rollup, once", () => {
    expect(report).toMatchObject({ confirmed: 1, pending: 0, phase: "idle" });
  });

  it("starts again from its local storage", () => {
    expect(report.again).toBe(1);
  });

  it("holds nothing of Node", () => {
    expect(source).not.toMatch(/node:|require\(/);
  });
});
