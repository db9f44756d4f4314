import { afterEach, expect, jest, test } from '@jest/globals';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QuorateClient } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { parseGenesis } from '../../src/identity/index.js';
import { jsonLogger } from '../../src/machine/index.js';
import { Node, readConfig } from '../../src/node/index.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { quorate } from '../unit/cli/fake-context.js';
import {
  LEAVES,
  PEER_MIDDLE,
  PEER_ROOT,
  REQUESTER_MIDDLE,
  REQUESTER_ROOT,
} from '../vectors/own-authority.js';

jest.setTimeout(120_000);

const NODES = ['node-1', 'node-2', 'node-3'];
const ANY_PORT = { 'client.listen': '127.0.0.1:0', 'peer.listen': '127.0.0.1:0' };

let folder = '';
const running: Node[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node[Symbol.asyncDispose]()));
  rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  folder = mkdtempSync(join(tmpdir(), 'quorate-own-'));
  return folder;
}

/** Runs a command that must succeed. */
async function run(...argv: string[]): Promise<string> {
  const ran = await quorate(argv, { folder });
  expect(ran).toMatchObject({ status: 0 });
  return ran.err;
}

/** Starts a node on each of the folders, and gives the addresses for clients. */
async function start(folders: readonly string[]): Promise<string[]> {
  const peers = new Map<NodeId, string>();
  const clients: string[] = [];
  for (const each of folders) {
    const file = join(each, 'node.yaml');
    const config = readConfig({ file, flags: ANY_PORT, workingFolder: folder });
    const node = await Node.open(config, jsonLogger('error', {}, { write: () => undefined }), {});
    running.push(node);
    const { client, peer } = await node.listen();
    peers.set(config.nodeId, peer);
    clients.push(client);
  }
  await Promise.all(running.map((node) => node.start(peers)));
  return clients;
}

/** Makes a key of all nodes and signs with it, as the operator whose files are in a folder. */
async function signAs(operator: string, endpoints: readonly string[]): Promise<void> {
  const file = (name: string) => readFileSync(join(operator, name), 'utf8');
  const client = QuorateClient.connect({
    endpoints,
    ca: file('ca.pem'),
    cert: file('cert.pem'),
    key: file('key.pem'),
    clusterFile: utf8(file('cluster.json')),
  });
  try {
    await eventually('a leader', () => client.listKeys({ limit: 1 }, { timeoutMs: 1_000 }), 60_000);
    const request = { keyId: 'treasury', threshold: 2, participants: NODES };
    await client.generateKey(request, { timeoutMs: 30_000 });
    const { signature } = await client.sign(
      { keyId: 'treasury', message: utf8('payment') },
      { timeoutMs: 30_000 },
    );
    expect(signature).toHaveLength(64);
  } finally {
    client.close();
  }
}

/** Names of files below a folder that hold a secret of a node. */
function secretsIn(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(^|\/)(key\.pem|node\.key|identity\.key|data\.mdb)$/.test(name),
  );
}

test('nodes that made their own keys, each in a place of its own, form a cluster and sign', async () => {
  newFolder();
  for (const id of NODES) {
    const next = await run('node', 'init', '--node-id', id, '--out', `machines/${id}`);
    expect(next).toContain(`certs init --member machines/${id}/member.json`);
  }
  const home = (id: string) => join(folder, 'machines', id);

  const next = await run(
    'certs',
    'init',
    '--limit',
    'keys_max=7',
    '--member',
    ...NODES.map((id) => `machines/${id}/member.json`),
  );

  expect(next).toContain('Copy the files of each folder into the folder');
  const genesis = parseGenesis(new Uint8Array(readFileSync(join(folder, 'cluster/cluster.json'))));
  expect(genesis.limits.keysMax).toBe(7);
  for (const id of NODES) {
    expect(secretsIn(join(folder, 'cluster', id))).toEqual([]);
    cpSync(join(folder, 'cluster', id), home(id), { recursive: true });
  }
  const endpoints = await start(NODES.map(home));
  await signAs(join(folder, 'cluster', 'operator'), endpoints);
});

test('nodes and requesters with chains of an authority of the owner’s own form a cluster and sign', async () => {
  newFolder();
  writeFileSync(join(folder, 'peers.pem'), PEER_ROOT);
  writeFileSync(join(folder, 'requesters.pem'), REQUESTER_ROOT);

  const next = await run(
    'certs',
    'init',
    '--operator',
    'ann',
    '--peer-ca',
    'peers.pem',
    '--requester-ca',
    'requesters.pem',
  );

  expect(next).toContain('node-2  spiffe://quorate/tee/node-2');
  expect(next).toContain('operator  spiffe://quorate/operator/ann');
  const cluster = join(folder, 'cluster');
  expect(readdirSync(cluster).filter((name) => name.endsWith('-key.pem'))).toEqual([]);
  const put = (place: string, leaf: keyof typeof LEAVES, middle: string) => {
    const { certificate, privateKey } = LEAVES[leaf];
    writeFileSync(join(cluster, place, 'cert.pem'), certificate + middle);
    writeFileSync(join(cluster, place, 'key.pem'), privateKey, { mode: 0o600 });
  };
  for (const id of ['node-1', 'node-2', 'node-3'] as const) put(id, id, PEER_MIDDLE);
  put('operator', 'ann', REQUESTER_MIDDLE);
  const endpoints = await start(NODES.map((id) => join(cluster, id)));
  await signAs(join(cluster, 'operator'), endpoints);
});
