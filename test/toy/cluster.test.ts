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
      tables: {
        kinds: toyTables(),
        schemes: { ...SCHEMES, [TOY_ALGORITHM]: toyScheme },
        verifiers: { ...VERIFIERS, [TOY_ALGORITHM]: toyVerifier },
      },
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
