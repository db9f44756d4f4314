import { expect, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import { generatedKeyOf, METHODS } from '../../src/state/index.js';
import { TASK_DRIVERS } from '../../src/tasks/index.js';
import { GenerateKeyLeader } from '../../src/tasks/kinds/generate-key/leader.js';
import { Algorithm, Gg20Profile } from '../../src/wire/index.js';
import { THIS_BUILD } from '../../src/node/builds.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { quickTables, readyPrimes } from '../support/builders/gg20-cluster.js';
import { generateRequest, NODES, testGenesis, verify } from '../support/builders/ledger.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';

const NODE = nodeId('node-1');

class Ungated extends GenerateKeyLeader {
  override checkReach(): undefined {
    return undefined;
  }
}

const kinds = {
  ...THIS_BUILD.kinds,
  drivers: {
    ...TASK_DRIVERS,
    'generate-key': {
      ...TASK_DRIVERS['generate-key'],
      leader: (context: never) => new Ungated(context),
    },
  },
};

test('a GG20 key is made when its participants have prepared their material', async () => {
  await using cluster = await ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    primesOf: (node) => readyPrimes(NODES.indexOf(node) + 1),
    tablesOf: () => ({ gg20: quickTables(), kinds }),
  });
  const asked = generateRequest('gg20-key', {
    algorithm: Algorithm.GG20_SECP256K1,
    gg20Profile: Gg20Profile.P2048,
  });
  const generated = await cluster.submit(NODE, METHODS.generateKey, asked);
  expect(generatedKeyOf(generated)?.publicKey).toHaveLength(33);
});
