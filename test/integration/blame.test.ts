import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { keygen } from '../../src/sharing/index.js';
import { encodeGenesis, parseGenesis } from '../../src/identity/index.js';
import type { Genesis, Role } from '../../src/identity/index.js';
import { signEnvelope } from '../../src/mpc/index.js';
import { nodeVerify } from '../../src/machine/index.js';
import { createAuthority, issueCertificate } from '../../src/pki/index.js';
import type { Credential } from '../../src/pki/index.js';
import type { Signer } from '../../src/ports/index.js';
import { presentTask } from '../../src/api/present.js';
import { METHODS } from '../../src/state/index.js';
import {
  decodeTaskMessage,
  encode,
  encodeTaskMessage,
  GetTaskResponse,
} from '../../src/wire/index.js';
import type { Task, TaskRecord } from '../../src/wire/index.js';
import { testSigner } from '../support/builders/frost-exchange.js';
import { openingFor, SALT } from '../support/adversary/keygen-liar.js';
import { generateRequest, NODES, testGenesis } from '../support/builders/ledger.js';
import { ScriptedNode } from '../support/adversary/scripted-node.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';
import { quorate } from '../unit/cli/fake-context.js';
import { ed25519Suite } from '../support/builders/schemes.js';

const LIAR = nodeId('node-3');
const signers = new Map(NODES.map((node) => [node, testSigner(node)]));

let genesis: Genesis;
let cluster: ReplicaCluster;
let folder = '';
let node: ScriptedNode;
/** What the node answers to GetTask. */
let shown: Task | undefined;

beforeAll(async () => {
  const authority = await createAuthority('test', 365);
  genesis = parseGenesis(
    encodeGenesis({
      ...testGenesis(),
      members: NODES.map((each) => ({
        nodeId: each,
        role: 'tee' as const,
        identityKey: signerOf(each).publicKey,
      })),
      peerCa: authority.certificate,
      requesterCa: authority.certificate,
    }),
  );
  cluster = await ReplicaCluster.start({
    genesis,
    verify: nodeVerify,
    signerOf,
    altered: (from, channel, bytes) => (from === LIAR && channel === 'tasks' ? lied(bytes) : bytes),
  });
  folder = mkdtempSync(join(tmpdir(), 'quorate-blame-'));
  const tls = await issued(authority, 'tee', 'node-1');
  const mine = await issued(authority, 'operator', 'alice');
  const ca = authority.certificate;
  node = await ScriptedNode.open(
    { ca, cert: tls.certificate, key: tls.privateKey },
    {
      '/quorate.v1.TaskService/GetTask': async () => encode(GetTaskResponse, { task: shown }),
    },
  );
  writeFileSync(join(folder, 'ca.pem'), ca);
  writeFileSync(join(folder, 'cert.pem'), mine.certificate);
  writeFileSync(join(folder, 'key.pem'), mine.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'cluster.json'), genesis.bytes);
  const client = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', cluster_file: 'cluster.json' };
  writeFileSync(
    join(folder, 'client.json'),
    JSON.stringify({ endpoints: [node.address], ...client }),
  );
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function issued(authority: Credential, role: Role, name: string): Promise<Credential> {
  const request = { role, name, dns: ['localhost'], ips: ['127.0.0.1'], days: 1 };
  return issueCertificate(authority, request);
}

function signerOf(self: NodeId): Signer {
  const signer = signers.get(self);
  if (signer === undefined) throw new Error(`no signer ${self}`);
  return signer;
}

/** What node-3 says instead: another opening than it has committed to. */
function lied(bytes: Uint8Array): Uint8Array {
  const message = decodeTaskMessage(bytes)?.message;
  if (message?.$case !== 'envelope' || message.value.kind !== keygen.kinds.open) return bytes;
  const { sessionId, kind, from, to } = message.value;
  const body = keygen.rounds.open.all.encode({
    ...openingFor(ed25519Suite, sessionId, 3),
    salt: SALT,
  });
  const value = signEnvelope(signerOf(LIAR), sessionId, kind, from, to, body);
  return encodeTaskMessage({ message: { $case: 'envelope', value } });
}

function generate(keyId: string): Promise<TaskRecord> {
  return cluster.submit(nodeId('node-2'), METHODS.generateKey, generateRequest(keyId));
}

const run = (...argv: readonly string[]) =>
  quorate([...argv, '--client-file', join(folder, 'client.json')], { folder });

test('a participant that lies in a key generation is named by every node, in the task and offline', async () => {
  const task = await generate('treasury');

  expect(task.outcome).toMatchObject({ $case: 'failed', value: { reason: 'CULPRIT_PROVED' } });
  const honest = ['node-1', 'node-2'].map((each) => cluster.at(nodeId(each)));
  for (const replica of honest) {
    const named = (await replica.culprits(task)).map(({ culprit }) => culprit);
    expect(named.map(({ nodeId: who, reason }) => `${who} ${reason}`)).toContain(
      'node-3 WRONG_OPENING',
    );
    expect(named.every(({ nodeId: who }) => who === LIAR)).toBe(true);
  }
  shown = presentTask(task, await honest[0]?.culprits(task));
  const got = await run('tasks', 'get', task.taskId, '--evidence', 'blame.json');
  expect(got).toMatchObject({ status: 0, err: '' });
  expect(got.out).toContain('WRONG_OPENING');
  const argv = ['verify-blame', 'blame.json', '--cluster-file', 'cluster.json'];
  const judged = await quorate(argv, { folder });
  expect(judged.status).toBe(0);
  expect(judged.out).toMatch(/^node-3 is to blame: WRONG_OPENING/);
});

test('a node’s statement on culprits without proof is not shown', async () => {
  const task = await generate('other');
  const [proven] = await cluster.at(nodeId('node-1')).culprits(task);
  if (proven === undefined) throw new Error('there is a culprit');
  const slander = { ...proven, culprit: { ...proven.culprit, nodeId: nodeId('node-1') } };
  shown = presentTask(task, [slander, { ...proven, evidence: proven.evidence.slice(1) }]);

  const got = await run('tasks', 'get', task.taskId, '--json');
  expect(got.status).toBe(0);
  expect(JSON.parse(got.out)).not.toHaveProperty('culprits');
  expect(got.err).toContain('The node blames node-1, but its evidence does not: left out.');
  const none = await run('tasks', 'get', task.taskId, '--evidence', 'none.json');
  expect(none.status).toBe(3);
  expect(() => readFileSync(join(folder, 'none.json'))).toThrow('ENOENT');
});
