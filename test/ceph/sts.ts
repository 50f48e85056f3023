/**
 * Ceph's own STS: a second gateway to the same objects, with one role. The first one stays without: with STS on, Ceph 16 answers
 * "AccessDenied" to keys that it does not know, where it else says "InvalidAccessKeyId" as S3 does.
 */
import { admin, daemon, end, endWell, freePorts, untilUp } from "./ceph.ts";

export interface Sts {
  /** Of S3 and STS, which is one in Ceph. */
  readonly endpoint: string;
  /** May do everything in all buckets, so that whatever a session may not do its policy has refused. */
  readonly roleArn: string;
  stop(): Promise<void>;
}

/** What session tokens are encrypted with: 16 characters, for as long as the tests run. */
const stsKey = "icecore-loopback";

/** In the Ceph that lives in `folder`; takes two or three seconds. */
export async function startSts(folder: string): Promise<Sts> {
  const ceph = { folder };
  const [port = 0] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  const name = `sts-${port}`;
  const gateway = daemon(
    ceph,
    "radosgw",
    "--name=client.rgw",
    `--rgw-frontends=beast endpoint=127.0.0.1:${port} tcp_nodelay=1`,
    "--rgw-s3-auth-use-sts=true",
    `--rgw-sts-key=${stsKey}`,
    ...["admin-socket", "log-file", "pid-file"].map((file) => `--${file}=${folder}/${name}.${file}`),
  );
  try {
    await untilUp(gateway, endpoint, ceph);
    return { endpoint, roleArn: await makeRole(folder, name), stop: () => endWell(gateway) };
  } catch (error) {
    await end(gateway);
    throw error;
  }
}

async function makeRole(folder: string, name: string): Promise<string> {
  const role = `--role-name=${name}`;
  const trusted = policyOf({
    Principal: { AWS: ["arn:aws:iam:::user/icecore"] },
    Action: ["sts:AssumeRole"],
  });
  await admin({ folder }, "role", "create", role, "--path=/", `--assume-role-policy-doc=${trusted}`);
  const all = policyOf({ Action: ["s3:*"], Resource: ["arn:aws:s3:::*"] });
  await admin({ folder }, "role-policy", "put", role, "--policy-name=all", `--policy-doc=${all}`);
  return `arn:aws:iam:::role/${name}`;
}

function policyOf(allowed: object): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...allowed }] });
}
