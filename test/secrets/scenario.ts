import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import pino from 'pino';
import { createCluster, LOOPBACK } from '../../src/cli/create-cluster.js';
import { QuorateClient } from '../../src/client/index.js';
import { nodeId, utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import type { Role } from '../../src/identity/index.js';
import { Node, readConfig } from '../../src/node/index.js';
import { jsonLogger } from '../../src/machine/index.js';
import { issueCertificate, loadNodeKey } from '../../src/pki/index.js';
import { openLmdbConsensusStore } from '../../src/store/index.js';
import { loadWhole } from '../support/builders/stores.js';
import { Recorder } from './recorder.js';

/** Everything outside of processes' memory that a run left behind, by the name of the place. */
export type Traces = ReadonlyMap<string, Buffer>;

const NODES = ['node-1', 'node-2', 'node-3'].map(nodeId);
const VARIABLES = { NODE_2_KEY: '', NODE_3_WORDS: 'three small words, and another five' };
const CALL = { timeoutMs: 8_000 };

/**
 * Runs a real cluster of three in this process, one node for each source of node keys, over mutual TLS and on disks: makes a
 * key, signs, makes every kind of mistake that a caller and an operator make, restarts a node. Steps that fail are traces like
 * all others, so that a cluster with a bug in it is searched too.
 *
 * @param settings - Of all nodes, by their path.
 */
export async function runScenario(
  folder: string,
  recorder: Recorder,
  settings: Readonly<Record<string, string>> = {},
): Promise<Traces> {
  recorder.listen();
  const secrets = { ...VARIABLES, NODE_2_KEY: '5ec2e7'.repeat(10) + 'c0de' };
  recorder.add('node key', Buffer.from(secrets.NODE_2_KEY, 'hex'));
  recorder.add('passphrase', Buffer.from(secrets.NODE_3_WORDS));
  await create(folder, secrets);
  const errors: string[] = [];
  const said: string[] = [];
  const attempt = async (step: () => Promise<unknown>) => {
    try {
      said.push(inspect(await step(), { depth: 10, maxArrayLength: null }));
    } catch (error) {
      errors.push(inspect(error, { depth: 10, maxArrayLength: null }), ...trailersOf(error));
    }
  };

  const nodes = new Map<NodeId, Node>();
  const addresses = new Map<NodeId, string>();
  const clients: string[] = [];
  const open = async (id: NodeId, listens?: string) => {
    const flags = { ...settings, 'peer.listen': listens };
    const config = readConfig({
      file: join(folder, id, 'node.yaml'),
      flags,
      workingFolder: folder,
    });
    const destination = pino.destination({ dest: join(folder, `${id}.log`), sync: true });
    const node = await Node.open(config, jsonLogger('debug', { node: id }, destination), {
      ...secrets,
    });
    nodes.set(id, node);
    const { client, peer } = await node.listen();
    clients.push(client);
    addresses.set(id, peer);
    return node;
  };
  await Promise.all(NODES.map((id) => open(id)));
  await Promise.all([...nodes.values()].map((node) => node.start(addresses)));

  const operator = await clientOf(folder, 'operator', clients);
  const app = await clientOf(folder, 'app', clients);
  const ask = { keyId: 'treasury', threshold: 2, participants: NODES };
  await attempt(() => operator.generateKey(ask, { timeoutMs: 15_000 }));
  for (let n = 0; n < 8; n++) {
    const message = utf8(`payment ${n}`);
    await attempt(() => operator.sign({ keyId: 'treasury', message }, CALL));
  }
  await attempt(() => operator.generateKey(ask, CALL));
  await attempt(() => operator.generateKey({ ...ask, keyId: 'odd', threshold: 9 }, CALL));
  await attempt(() => operator.sign({ keyId: 'nobody', message: utf8('x') }, CALL));
  await attempt(() => app.sign({ keyId: 'treasury', message: utf8('x') }, CALL));
  await attempt(() => operator.sign({ keyId: 'treasury', message: utf8('x') }, { timeoutMs: 1 }));
  await attempt(() => operator.getCluster(CALL));
  await attempt(() => operator.listTasks({}, CALL));

  // A restart, and all the ways in which an operator gets its node key wrong.
  const last = nodeId('node-3');
  await nodes.get(last)?.[Symbol.asyncDispose]();
  for (const wrong of mistakesOf(folder, secrets)) await attempt(wrong);
  const again = await open(last, addresses.get(last));
  await again.start(addresses);
  for (let n = 0; n < 4; n++) {
    await attempt(() => operator.sign({ keyId: 'treasury', message: utf8(`late ${n}`) }, CALL));
  }

  for (const client of [operator, app]) client.close();
  await Promise.all([...nodes.values()].map((node) => node[Symbol.asyncDispose]()));
  await recordFiles(folder, recorder);
  return collect(folder, errors, said);
}

function planned(id: NodeId) {
  const address = '127.0.0.1:0';
  return { id, hosts: LOOPBACK, clientListen: address, peerListen: address };
}

async function create(folder: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  const [one, two, three] = NODES;
  if (one === undefined || two === undefined || three === undefined) return;
  const nodes = [
    planned(one),
    { ...planned(two), nodeKey: { kind: 'env', variable: 'NODE_2_KEY' } as const },
    { ...planned(three), nodeKey: { kind: 'passphrase', variable: 'NODE_3_WORDS' } as const },
  ];
  mkdirSync(folder, { recursive: true });
  const plan = { folder, nodes, operator: 'operator', days: 1, unsigned: true };
  await createCluster(plan, { ...secrets });
}

async function clientOf(folder: string, role: Role, endpoints: readonly string[]) {
  const file = (name: string) => readFileSync(join(folder, name), 'utf8');
  const authority = {
    certificate: file('requester-ca.pem'),
    privateKey: file('requester-ca-key.pem'),
  };
  const own = await issueCertificate(authority, { role, name: role, dns: [], ips: [], days: 1 });
  return QuorateClient.connect({
    endpoints: [...endpoints],
    ca: file('peer-ca.pem'),
    cert: own.certificate,
    key: own.privateKey,
    clusterFile: new Uint8Array(readFileSync(join(folder, 'cluster.json'))),
    // The key is the operator's: a client that would not trust it would not even ask.
    requesters: ['spiffe://quorate/operator/operator'],
  });
}

/** Each starts node-3 with a node key that is wrong, and holds a real secret in the wrong place. */
function mistakesOf(folder: string, secrets: Readonly<Record<string, string>>) {
  const file = join(folder, 'node-3', 'node.yaml');
  const { NODE_2_KEY: key = '', NODE_3_WORDS: words = '' } = secrets;
  const broken = join(folder, 'broken.key');
  writeFileSync(broken, `${key}00`, { mode: 0o600 });
  const start =
    (flags: Readonly<Record<string, string>>, environment: Record<string, string>) => async () => {
      const config = readConfig({ file, flags, workingFolder: folder });
      await using _ = await Node.open(config, undefined, environment);
    };
  return [
    start({}, {}),
    start({}, { NODE_3_WORDS: `${words}!` }),
    start({}, { NODE_3_WORDS: key }),
    start({ 'node_key.env': 'KEY' }, { KEY: key }),
    start({ 'node_key.env': 'KEY' }, { KEY: `${key}00` }),
    start({ 'node_key.env': 'KEY' }, { KEY: words }),
    start({ 'node_key.env': key }, {}),
    start({ 'node_key.passphrase_env': words }, {}),
    start({ 'node_key.file': broken }, {}),
    start({ 'node_key.file': join(folder, 'node-1', 'node.key') }, {}),
  ];
}

/** What no SecretBytes held in this process: the node key in a file, and the private keys of certificates. */
async function recordFiles(folder: string, recorder: Recorder): Promise<void> {
  const path = join(folder, 'node-1', 'node.key');
  using key = await loadNodeKey({ kind: 'file', path, where: '' }, nodeId('node-1'), {}, '');
  recorder.add('node key', key.bytes);
  for (const id of NODES) {
    const pem = readFileSync(join(folder, id, 'key.pem'), 'utf8');
    const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' });
    recorder.add('certificate key', Buffer.from(d, 'base64url'));
  }
}

async function collect(folder: string, errors: string[], said: string[]): Promise<Traces> {
  const traces = new Map<string, Buffer>();
  traces.set('errors', Buffer.from(errors.join('\n')));
  traces.set('answers', Buffer.from(said.join('\n')));
  for (const id of NODES) {
    const data = join(folder, id, 'data');
    const files = readdirSync(data, { recursive: true, withFileTypes: true });
    const parts = files
      .filter((each) => each.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name)));
    traces.set(`data of ${id}`, Buffer.concat(parts));
    traces.set(`log of ${id}`, readFileSync(join(folder, `${id}.log`)));
    const store = await openLmdbConsensusStore(join(data, 'log'));
    const { entries } = await loadWhole(store);
    traces.set(`entries of ${id}`, Buffer.concat(entries.map(({ payload }) => payload)));
    await store.close();
  }
  return traces;
}

/** The metadata of a gRPC status, byte for byte, of an error and of what caused it. */
function trailersOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const details: unknown = 'details' in error ? error.details : undefined;
  // As they were sent: what `inspect` makes of bytes are numbers.
  const sent = details instanceof Uint8Array ? Buffer.from(details).toString('latin1') : '';
  return [sent, ...trailersOf(error.cause)];
}
