/** The configuration of a one-machine Ceph: one monitor, one object store in memory, one gateway, all on loopback. Pure. */

export interface CephPlan {
  /** Holds everything: configuration, keys, logs, sockets. */
  readonly folder: string;
  readonly fsid: string;
  readonly monPort: number;
  readonly monPortOld: number;
  readonly gatewayPort: number;
}

/** The store holds every object in memory: enough for a long stress run, small enough for a small machine. */
const memoryBytes = 3 * 1024 ** 3;
/** A gateway that was killed holds up what is told to all gateways, say each new bucket, until its watch ends: half a minute by default. */
const watchSeconds = 5;
/** How often a gateway that lives says so. */
const watchTickSeconds = 1;

export function cephConfig({ folder, fsid, monPort, monPortOld, gatewayPort }: CephPlan): string {
  return `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${monPort}/0,v1:127.0.0.1:${monPortOld}/0]
keyring = ${folder}/keyring
run dir = ${folder}
admin socket = ${folder}/$name.asok
log file = ${folder}/$name.log
pid file = ${folder}/$name.pid
crash dir = ${folder}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail warn = 1
auth allow insecure global id reclaim = false
objecter tick interval = ${watchTickSeconds}
public addr = 127.0.0.1
[mon.a]
mon data = ${folder}/mon
keyring = ${folder}/mon.keyring
[osd.0]
osd data = ${folder}/osd
osd objectstore = memstore
osd client watch timeout = ${watchSeconds}
memstore device bytes = ${memoryBytes}
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort} tcp_nodelay=1
rgw data = ${folder}/rgw
`;
}
