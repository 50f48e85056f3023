/** `icecore serve` as a process that is killed and started again at the same port. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const root = resolve(import.meta.dirname, "../..");
const startMsMax = 60_000;

export interface ServerProcess {
  readonly endpoint: string;
  killAndRestart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startServer({
  bucket,
  store,
}: {
  readonly bucket: string;
  readonly store: string;
}): Promise<ServerProcess> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const words = [
    "serve",
    "--bucket",
    bucket,
    "--store",
    store,
    "--model",
    join(root, "test/chaos/model.ts"),
    "--port",
    String(port),
    "--open",
  ];
  const start = (): ChildProcess =>
    spawn(process.execPath, ["--import", "tsx", join(root, "cli/main.ts"), ...words], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    });
  let server = start();
  await untilUp(endpoint);
  return {
    endpoint,
    async killAndRestart() {
      const exited = once(server, "exit");
      server.kill("SIGKILL");
      await exited;
      server = start();
      await untilUp(endpoint);
    },
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const exited = once(server, "exit");
      server.kill("SIGTERM");
      await exited;
    },
  };
}

async function untilUp(endpoint: string): Promise<void> {
  const end = Date.now() + startMsMax;
  for (;;) {
    const up = await fetch(`${endpoint}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return;
    if (Date.now() > end) throw new Error("the server did not come up");
    await wait(50);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}
