/**
 * A real S3 server for tests: Ceph's object gateway from Debian's packages, started on loopback in a temporary folder, stopped by pid.
 *
 * Everything is in memory: killing the gateway keeps the objects (they are in the object store process), stopping the whole empties
 * it. The processes die with the one that started them, however that ends.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { type CephPlan, cephConfig } from "./config.ts";

export interface CephKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Ceph {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly keys: CephKeys;
  /** Where it lives: for a second gateway (sts.ts). */
  readonly folder: string;
  /** kill -9 of the gateway: connections are reset, objects stay. */
  killGateway(): Promise<void>;
  startGateway(): Promise<void>;
  /** Takes the keys away, as an expiry would, and gives them back. */
  removeKeys(): Promise<void>;
  restoreKeys(): Promise<void>;
  stop(): Promise<void>;
}

const programs = ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "ceph-authtool", "monmaptool"];
const startMsMax = 60_000;
const leaveMsMax = 10_000;
const keys: CephKeys = { accessKeyId: "icecore", secretAccessKey: "icecore-on-loopback" };
const call = promisify(execFile);

/** True when this machine has all that is needed. */
export function hasCeph(): boolean {
  const folders = (process.env.PATH ?? "").split(":");
  return programs.every((program) => folders.some((folder) => existsSync(join(folder, program))));
}

/** Starts a whole new Ceph; takes about ten seconds. */
export async function startCeph({ port }: { readonly port?: number } = {}): Promise<Ceph> {
  const folder = await mkdtemp(join(tmpdir(), "icecore-ceph-"));
  const [monPort = 0, monPortOld = 0, gatewayPort = 0] = await freePorts(3);
  const plan: CephPlan = {
    folder,
    fsid: randomUUID(),
    monPort,
    monPortOld,
    gatewayPort: port ?? gatewayPort,
  };
  const running: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all([...running].reverse().map((child) => end(child)));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await prepare(plan);
    running.push(daemon(plan, "ceph-mon", "-i", "a"));
    running.push(await startStore(plan));
    const gateway = { process: await startGateway(plan) };
    running.push(gateway.process);
    await admin(plan, "user", "create", "--uid=icecore", "--display-name=icecore", ...keyWords());
    return {
      endpoint: endpointOf(plan),
      keys,
      folder,
      async killGateway() {
        running.splice(running.indexOf(gateway.process), 1);
        await end(gateway.process);
      },
      async startGateway() {
        gateway.process = await startGateway(plan);
        running.push(gateway.process);
      },
      removeKeys: () => admin(plan, "key", "rm", "--uid=icecore", `--access-key=${keys.accessKeyId}`),
      restoreKeys: () => admin(plan, "key", "create", "--uid=icecore", "--key-type=s3", ...keyWords()),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function keyWords(): readonly string[] {
  return [`--access-key=${keys.accessKeyId}`, `--secret=${keys.secretAccessKey}`];
}

function endpointOf({ gatewayPort }: CephPlan): string {
  return `http://127.0.0.1:${gatewayPort}`;
}

/** Keys, the monitor's map and its empty database. */
async function prepare(plan: CephPlan): Promise<void> {
  const { folder, fsid, monPort, monPortOld } = plan;
  for (const name of ["mon", "osd", "rgw"]) await mkdir(join(folder, name));
  await writeFile(join(folder, "ceph.conf"), cephConfig(plan));
  const run = (program: string, ...words: readonly string[]) => call(program, words, { cwd: folder });
  const all = ["--cap", "mon", "allow *", "--cap", "osd", "allow *"];
  await run(
    "ceph-authtool",
    "mon.keyring",
    "--create-keyring",
    "--gen-key",
    "-n",
    "mon.",
    "--cap",
    "mon",
    "allow *",
  );
  await run("ceph-authtool", "keyring", "--create-keyring", "--gen-key", "-n", "client.admin", ...all);
  for (const name of ["client.rgw", "osd.0"])
    await run("ceph-authtool", "keyring", "--gen-key", "-n", name, ...all);
  await run("ceph-authtool", "mon.keyring", "--import-keyring", "keyring");
  const addresses = `[v2:127.0.0.1:${monPort},v1:127.0.0.1:${monPortOld}]`;
  await run("monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a", addresses, "monmap");
  await run(
    "ceph-mon",
    "-c",
    "ceph.conf",
    "--mkfs",
    "-i",
    "a",
    "--monmap",
    "monmap",
    "--keyring",
    "mon.keyring",
  );
}

async function startStore(plan: CephPlan): Promise<ChildProcess> {
  const { folder } = plan;
  const id = randomUUID();
  await call("ceph", ["-c", "ceph.conf", "--connect-timeout", "30", "osd", "new", id, "0"], { cwd: folder });
  const make = ["-c", "ceph.conf", "-i", "0", "--mkfs", "--osd-uuid", id, "--no-mon-config"];
  await call("ceph-osd", make, { cwd: folder });
  return daemon(plan, "ceph-osd", "-i", "0");
}

async function startGateway(plan: CephPlan): Promise<ChildProcess> {
  const gateway = daemon(plan, "radosgw", "-n", "client.rgw");
  await untilUp(gateway, endpointOf(plan), plan);
  return gateway;
}

export async function untilUp(
  gateway: ChildProcess,
  endpoint: string,
  { folder }: Pick<CephPlan, "folder">,
): Promise<void> {
  const end = Date.now() + startMsMax;
  while (!(await answers(endpoint))) {
    if (gateway.exitCode !== null || Date.now() > end)
      throw new Error(`radosgw did not come up; its log is in ${folder}`);
    await wait(50);
  }
}

/** In the foreground, so that it is ours; it gets SIGKILL when this process ends. */
export function daemon(
  { folder }: Pick<CephPlan, "folder">,
  program: string,
  ...words: readonly string[]
): ChildProcess {
  const line = ["--pdeathsig", "KILL", program, "-f", "-c", "ceph.conf", ...words];
  return spawn("setpriv", line, { cwd: folder, stdio: "ignore" });
}

export async function admin(
  { folder }: Pick<CephPlan, "folder">,
  ...words: readonly string[]
): Promise<void> {
  await call("radosgw-admin", ["-c", "ceph.conf", ...words], { cwd: folder });
}

async function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.status < 500,
    () => false,
  );
}

export async function end(child: ChildProcess, signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}

/** Lets it take leave of the others, who need not wait for it then. */
export async function endWell(child: ChildProcess): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), leaveMsMax);
  await end(child, "SIGTERM");
  clearTimeout(timer);
}

/** Ports that nobody listens at now, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
