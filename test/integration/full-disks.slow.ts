import { expect, jest, test } from '@jest/globals';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { QuorateError } from '../../src/client/index.js';
import type { Cluster, QuorateClient } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { DiskRoom } from '../../src/wire/index.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { ProcessCluster } from '../support/clusters/process-cluster.js';
import { SmallDisk, whyNoDisks } from '../support/builders/small-disk.js';

jest.setTimeout(600_000);

const DISK_MIB = 64;
const LONG_MS = 60_000;
const REFUSED_WITHIN_MS = 2_000;

/** Three processes, each with its data directory on a file system of its own. */
class FullDisks implements AsyncDisposable {
  readonly cluster: ProcessCluster;
  readonly disks: ReadonlyMap<NodeId, SmallDisk>;
  readonly #clients = new Map<NodeId, QuorateClient>();

  private constructor(cluster: ProcessCluster, disks: ReadonlyMap<NodeId, SmallDisk>) {
    this.cluster = cluster;
    this.disks = disks;
  }

  static async start(): Promise<FullDisks> {
    const cluster = await ProcessCluster.create(3, { probes: true });
    const disks = new Map<NodeId, SmallDisk>();
    for (const node of cluster.nodes) {
      const data = join(dirname(cluster.configFile(node)), 'data');
      const copy = `${data}-copy`;
      cpSync(data, copy, { recursive: true });
      const disk = SmallDisk.mount(data, DISK_MIB);
      if (disk === undefined) throw new Error('no disk');
      cpSync(copy, data, { recursive: true });
      disks.set(node, disk);
    }
    for (const node of cluster.nodes) cluster.start(node);
    return new FullDisks(cluster, disks);
  }

  fill(...nodes: readonly NodeId[]): void {
    for (const node of nodes) this.disks.get(node)?.fill();
  }

  makeRoom(...nodes: readonly NodeId[]): void {
    for (const node of nodes) this.disks.get(node)?.makeRoom();
  }

  /** The cluster as this node sees it. */
  view(node: NodeId): Promise<Cluster> {
    return this.at(node).getCluster({ timeoutMs: 5_000 });
  }

  /** One client of each node alone: a node takes so many connections of one address and no more. */
  at(node: NodeId): QuorateClient {
    const known = this.#clients.get(node) ?? this.cluster.client([node]);
    this.#clients.set(node, known);
    return known;
  }

  async leader(): Promise<NodeId> {
    return eventually(
      'a leader',
      async () => {
        const views = await Promise.all(this.cluster.nodes.map((node) => this.view(node)));
        const [first] = views;
        const leader = this.cluster.nodes.find((node) => node === first?.leaderId);
        if (leader === undefined || views.some(({ leaderId }) => leaderId !== leader))
          throw new Error('they do not agree');
        return leader;
      },
      LONG_MS,
    );
  }

  async roomIs(room: DiskRoom, ...nodes: readonly NodeId[]): Promise<void> {
    await eventually(
      'the nodes to see their disks',
      async () => {
        const views = await Promise.all(nodes.map((node) => this.view(node)));
        return views.every(({ diskRoom }) => diskRoom === room);
      },
      LONG_MS,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]().catch(() => undefined);
    for (const disk of this.disks.values()) disk[Symbol.dispose]();
    const [first] = this.cluster.nodes;
    if (first === undefined) return;
    const folder = dirname(dirname(this.cluster.configFile(first)));
    rmSync(folder, { recursive: true, force: true });
  }
}

function statusOf(address: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(`http://${address}${path}`, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject);
  });
}

test('disks of a follower, of the leader and of all fill: no node ends, nothing that was acknowledged is lost, and all goes on when there is room', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-'));
  const skipped = whyNoDisks(folder);
  rmSync(folder, { recursive: true, force: true });
  if (skipped !== undefined) {
    process.stderr.write(`skipped: ${skipped}\n`);
    return;
  }
  await using full = await FullDisks.start();
  const { cluster } = full;
  const client = cluster.client();
  await full.leader();
  const { key } = await client.generateKey(
    { keyId: 'treasury', threshold: 2 },
    { timeoutMs: LONG_MS },
  );
  const pids = cluster.nodes.map((node) => cluster.pid(node));
  const signed: { readonly requestId: string; readonly signature: Uint8Array }[] = [];
  const sign = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      const requestId = `sign-${signed.length}`;
      // A leader that has just found its disk full refuses, until it has handed leadership over.
      const { signature } = await eventually(
        requestId,
        () =>
          client.sign(
            { keyId: 'treasury', message: utf8(requestId), requestId },
            { timeoutMs: LONG_MS },
          ),
        LONG_MS,
      );
      expect(opensslVerifies(key.publicKey, utf8(requestId), signature)).toBe(true);
      signed.push({ requestId, signature });
    }
  };
  await sign(3);

  // A follower: the others sign, it says that it is not ready, and catches up by itself.
  const before = await full.leader();
  const follower = cluster.nodes.find((node) => node !== before) ?? before;
  full.fill(follower);
  await full.roomIs(DiskRoom.NONE, follower);
  await sign(20);
  expect(await statusOf(cluster.probes(follower), '/ready')).toBe(503);
  expect(await statusOf(cluster.probes(follower), '/live')).toBe(200);
  full.makeRoom(follower);
  await full.roomIs(DiskRoom.ENOUGH, follower);
  await caughtUp(full, cluster.nodes);
  expect(await statusOf(cluster.probes(follower), '/ready')).toBe(200);

  // The leader: another leads, and the requests that come meanwhile are signed.
  const leader = await full.leader();
  full.fill(leader);
  await sign(20);
  await eventually('another leader', async () => (await full.leader()) !== leader, LONG_MS);
  full.makeRoom(leader);
  await full.roomIs(DiskRoom.ENOUGH, leader);

  // All of them: what is new is refused. Who leads goes on to; whoever is elected then cannot write that it leads.
  full.fill(...cluster.nodes);
  await full.roomIs(DiskRoom.NONE, ...cluster.nodes);
  for (const node of cluster.nodes) expect(await isRefused(full.at(node))).toBe(true);
  expect(cluster.nodes.map((node) => cluster.pid(node))).toEqual(pids);
  full.makeRoom(...cluster.nodes);
  await full.roomIs(DiskRoom.ENOUGH, ...cluster.nodes);
  await sign(5);

  await caughtUp(full, cluster.nodes);
  for (const node of cluster.nodes) {
    const own = full.at(node);
    const { key: known } = await own.getKey('treasury', { timeoutMs: LONG_MS });
    expect(known.publicKey).toEqual(key.publicKey);
    for (const { requestId, signature } of signed) {
      const again = await own.sign(
        { keyId: 'treasury', message: utf8(requestId), requestId },
        { timeoutMs: LONG_MS },
      );
      expect(again.signature).toEqual(signature);
    }
  }
  expect(cluster.nodes.map((node) => cluster.pid(node))).toEqual(pids);
  expect(cluster.troubles().filter((line) => !isAuditWithoutRoom(line))).toEqual([]);
  for (const node of cluster.nodes) {
    const lines = cluster.logLines(node);
    const last = lines.findLastIndex(isAuditWithoutRoom);
    const mended = lines.findLastIndex((line) => line.includes('audit log can be written again'));
    expect(mended).toBeGreaterThanOrEqual(last);
  }
});

/** A disk that fills between two writes of the audit log is an error that the node says, and the only one. */
function isAuditWithoutRoom(line: string): boolean {
  return line.includes('The audit log cannot be written') && line.includes('ENOSPC');
}

/** Claims that a request, asked once, is refused. */
async function isRefused(client: QuorateClient): Promise<boolean> {
  return client
    .sign({ keyId: 'treasury', message: utf8('asked once') }, { timeoutMs: REFUSED_WITHIN_MS })
    .then(
      () => false,
      (error: unknown) => error instanceof QuorateError,
    );
}

async function caughtUp(full: FullDisks, nodes: readonly NodeId[]): Promise<void> {
  await eventually(
    'the nodes to have applied as much',
    async () => {
      const views = await Promise.all(nodes.map((node) => full.view(node)));
      const applied = new Set(views.map(({ appliedIndex }) => appliedIndex));
      return applied.size === 1 && views.every(({ caughtUp: is }) => is);
    },
    LONG_MS,
  );
}
