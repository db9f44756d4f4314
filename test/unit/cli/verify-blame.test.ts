import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evidenceOfMessages } from '../../../src/blame/index.js';
import { evidenceFile } from '../../../src/cli/blame.js';
import { fromHex, nodeId } from '../../../src/common/index.js';
import {
  encodeGenesis,
  parseGenesis,
  requestHash,
  sessionIdOf,
} from '../../../src/identity/index.js';
import { signEnvelope } from '../../../src/mpc/index.js';
import { sealEntry } from '../../../src/raft/index.js';
import { encodeCommand, METHODS } from '../../../src/state/index.js';
import { testSigner } from '../../support/builders/frost-exchange.js';
import { fill, generateRequest, testGenesis } from '../../support/builders/ledger.js';
import { quorate } from './fake-context.js';
import { keygen } from '../../../src/sharing/index.js';
import { Attempt } from '../../../src/wire/index.js';

const TASK = 'a'.repeat(26);
const liar = testSigner('node-3');
const genesis = parseGenesis(
  encodeGenesis({
    ...testGenesis(),
    members: ['node-1', 'node-2', 'node-3'].map((name) => ({
      nodeId: nodeId(name),
      role: 'tee' as const,
      identityKey: name === 'node-3' ? liar.publicKey : testSigner(name).publicKey,
    })),
  }),
);

/** Two different keygen/commit that node-3 signed for one session. */
function evidence(bodies: readonly [Uint8Array, Uint8Array]): Uint8Array {
  const request = generateRequest('treasury');
  const attempt = {
    taskId: TASK,
    number: 1,
    version: 1,
    sharingSession: new Uint8Array(),
    requestHash: requestHash(METHODS.generateKey, request),
    assignment: {
      $case: 'boots' as const,
      value: {
        nodes: ['node-1', 'node-2', 'node-3'].map((id) => ({ nodeId: id, boot: fill(1, 16) })),
      },
    },
  };
  const payload = encodeCommand({ $case: 'attempt', value: Attempt.fromPartial(attempt) });
  const previousHash = fill(7);
  const entry = sealEntry(previousHash, { index: 9, term: 2, kind: 'command', timeMs: 5, payload });
  const session = fromHex(sessionIdOf(genesis.clusterId, entry.hash)) ?? new Uint8Array();
  const messages = bodies.map((body) =>
    signEnvelope(liar, session, keygen.kinds.commit, 3, 0, body),
  );
  const basis = { entry: { ...entry, previousHash }, method: METHODS.generateKey, request };
  return evidenceOfMessages(basis, 'node-3', messages) ?? new Uint8Array();
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-blame-'));
  writeFileSync(join(folder, 'cluster.json'), genesis.bytes);
  writeFileSync(join(folder, 'other.json'), testGenesis().bytes);
  const right = evidence([fill(1), fill(2)]);
  writeFileSync(join(folder, 'blame.json'), evidenceFile([right]));
  writeFileSync(join(folder, 'same.json'), evidenceFile([evidence([fill(1), fill(1)])]));
  writeFileSync(join(folder, 'both.json'), evidenceFile([right, right.slice(1)]));
  writeFileSync(join(folder, 'none.json'), evidenceFile([]));
  writeFileSync(join(folder, 'odd.json'), '{"format":1,"evidence":["0"]}');
});
afterAll(() => rmSync(folder, { recursive: true }));

const judged = (file: string, ...more: string[]) =>
  quorate(['verify-blame', file, '--cluster-file', 'cluster.json', ...more], { folder });

test('verify-blame names the proven liar and the lie without any cluster, and exits with 0', async () => {
  const ran = await judged('blame.json');
  expect(ran.status).toBe(0);
  expect(ran.err).toBe('');
  expect(ran.out).toMatch(/^node-3 is to blame: TWO_MESSAGES, it signed two different messages/);
  expect(ran.out).toContain(TASK);
});

test.each(['same.json', 'none.json'])(
  'verify-blame says that %s proves nothing, and exits with 8',
  async (file) => {
    expect(await judged(file)).toEqual({ status: 8, out: 'The evidence proves nothing', err: '' });
  },
);

test('evidence of another cluster proves nothing', async () => {
  const argv = ['verify-blame', 'blame.json', '--cluster-file', 'other.json'];
  expect((await quorate(argv, { folder })).status).toBe(8);
});

test('verify-blame --json prints one JSON object', async () => {
  const ran = await judged('both.json', '--json');
  expect(ran.status).toBe(0);
  expect(JSON.parse(ran.out)).toMatchObject({
    proven: true,
    culprits: [{ node_id: 'node-3', reason: 'TWO_MESSAGES', task_id: TASK }],
    unproven: 1,
  });
  expect(JSON.parse((await judged('none.json', '--json')).out)).toEqual({
    proven: false,
    culprits: [],
    unproven: 0,
  });
});

test.each([
  ['a file that is not there', ['verify-blame', 'gone.json', '--cluster-file', 'cluster.json']],
  ['a file of another kind', ['verify-blame', 'cluster.json', '--cluster-file', 'cluster.json']],
  ['half a byte', ['verify-blame', 'odd.json', '--cluster-file', 'cluster.json']],
  ['no genesis', ['verify-blame', 'blame.json']],
  ['a genesis that is none', ['verify-blame', 'blame.json', '--cluster-file', 'odd.json']],
])('verify-blame refuses %s and exits with 2', async (_, argv) => {
  const ran = await quorate(argv, { folder });
  expect(ran.status).toBe(2);
  expect(ran.err).not.toBe('');
});
