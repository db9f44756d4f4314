import { expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMES } from '../../src/algorithms/index.js';
import { nodeId, utf8 } from '../../src/common/index.js';
import { VERIFIERS } from '../../src/machine/index.js';
import { generatedKeyOf, METHODS, signatureOf } from '../../src/state/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import {
  generateRequest,
  NODES,
  signRequest,
  testGenesis,
  verify,
} from '../support/builders/ledger.js';
import { temporaryDirectory } from '../support/builders/stores.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';
import { openFileShareStore } from './file-share-store.js';
import { twoFaced, wrongValue, type Lie } from './lie.js';
import { TOY_BYTES } from './protocol.js';
import { TOY_METHOD, toyRequest } from './rules.js';
import { TOY_ALGORITHM, toyScheme, toyVerifier } from './scheme.js';
import { toyTables } from './tables.js';

const NODE = nodeId('node-1');

test('a kind of task, an algorithm and a store that no room of src/ knows work together in one cluster', async () => {
  const { path, remove } = await temporaryDirectory();
  const folderOf = (node: string): string => join(path, node);
  {
    await using cluster = await ReplicaCluster.start({
      genesis: testGenesis(),
      verify,
      signerOf: ledgerSigner,
      tablesOf: () => ({
        kinds: toyTables(),
        schemes: { ...SCHEMES, [TOY_ALGORITHM]: toyScheme },
        verifiers: { ...VERIFIERS, [TOY_ALGORITHM]: toyVerifier },
      }),
      sharesOf: (node) => openFileShareStore(folderOf(node)),
    });

    const generated = await cluster.submit(NODE, METHODS.generateKey, generateRequest('toy-key'));
    const message = utf8('hello');
    const asked = signRequest('toy-key', 'toy-sign', message);
    const signed = await cluster.submit(NODE, METHODS.sign, asked);
    const drawn = await cluster.submit(NODE, TOY_METHOD, toyRequest('toy-draw', NODES.length));

    const { publicKey } = generatedKeyOf(generated) ?? { publicKey: message };
    const { signature } = signatureOf(signed) ?? { signature: message };
    expect(toyVerifier.verify(publicKey, message, signature)).toBe(true);
    expect(VERIFIERS[TOY_ALGORITHM].verify(publicKey, message, signature)).toBe(false);
    expect(drawn.kind).toBe('toy');
    expect(drawn.outcome).toMatchObject({ $case: 'result' });
    for (const node of NODES) expect(readdirSync(folderOf(node))).toHaveLength(1);
    for (const node of NODES) {
      const reader = await cluster.at(node).read(AbortSignal.timeout(5_000));
      expect(reader.task(drawn.taskId)?.outcome).toEqual(drawn.outcome);
    }
  }
  await remove();
});

const OTHER = new Uint8Array(TOY_BYTES).fill(7);

test.each<[string, Lie, string]>([
  ['commits to two values', twoFaced(1, OTHER), 'TWO_MESSAGES'],
  ['opens another value than it committed to', wrongValue(1, OTHER), 'WRONG_OPENING'],
])('a participant that %s is proved to have lied, by its own messages', async (_, lie, reason) => {
  const liar = nodeId('node-3');
  const lies = [lie];
  await using cluster = await ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    // It lies in the first attempt. In the next it is needed, and honest.
    tablesOf: (node) => ({
      kinds: toyTables(node === liar ? { lieIn: () => lies.shift() } : {}),
    }),
  });

  const drawn = await cluster.submit(NODE, TOY_METHOD, toyRequest('toy-draw', NODES.length));

  expect(drawn.outcome).toMatchObject({ $case: 'result' });
  expect(drawn.attempts.length).toBeGreaterThan(1);
  for (const node of NODES.filter((each) => each !== liar)) {
    const proven = await cluster.at(node).culprits(drawn);
    expect(proven.map(({ culprit }) => `${culprit.nodeId} ${culprit.reason}`)).toContain(
      `${liar} ${reason}`,
    );
    expect(new Set(proven.map(({ culprit }) => culprit.nodeId))).toEqual(new Set([liar]));
  }
});
