import { expect, test } from '@jest/globals';
import { nodeId, utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { Gg20Tables } from '../../src/gg20/index.js';
import { taskIdOf } from '../../src/identity/index.js';
import { METHODS } from '../../src/state/index.js';
import { Algorithm, encode, Gg20Profile, Hash, SignRequest } from '../../src/wire/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { quickTables, readyPrimes } from '../support/builders/gg20-cluster.js';
import {
  generateRequest,
  NODES,
  OPERATOR,
  testGenesis,
  verify,
} from '../support/builders/ledger.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';

/**
 * Tables whose masks are four times as large on the liar: half of what it proves with them is beyond the bound, and it accepts
 * all that others prove.
 */
function tablesOf(node: NodeId, isLiar: (node: NodeId) => boolean): Gg20Tables {
  const set = quickTables().parameterSet('secp256k1/P2048');
  const { openingMask } = set.ranges;
  const ranges = {
    ...set.ranges,
    get openingMask() {
      return isLiar(node) ? 4n * openingMask : openingMask;
    },
  };
  return new Gg20Tables([{ ...set, ranges }]);
}

test('a signer that lies in a session is proved to have by its own messages, on every other node', async () => {
  let liar: NodeId | undefined;
  await using cluster = await ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    primesOf: (node) => readyPrimes(NODES.indexOf(node) + 1),
    tablesOf: (node) => ({ gg20: tablesOf(node, (each) => each === liar) }),
  });
  const generate = generateRequest('gg20-key', {
    algorithm: Algorithm.GG20_SECP256K1,
    gg20Profile: Gg20Profile.P2048,
    // Every participant signs, or there is no signature.
    threshold: 3,
    allowNoRedundancy: true,
  });
  await cluster.submit(nodeId('node-1'), METHODS.generateKey, generate);

  // A leader that lies proves nothing against itself.
  const { leader } = cluster.at(nodeId('node-1')).status();
  const honest = NODES.find((node) => node === leader) ?? nodeId('node-1');
  liar = NODES.find((node) => node !== honest);
  const request = encode(SignRequest, {
    requestId: 'one',
    keyId: 'gg20-key',
    payload: { $case: 'message', value: utf8('hello') },
    derivationPath: [],
    hash: Hash.SHA256,
  });
  // All participants are needed, so it is asked for again and again, and there is no outcome to wait for.
  const asking = new AbortController();
  const { signal } = asking;
  const asked = { method: METHODS.sign, request, requester: OPERATOR, expiresInMs: 20_000, signal };
  const answer = cluster.at(honest).submit(asked);
  const id = taskIdOf(OPERATOR, 'one');
  const others = NODES.filter((node) => node !== liar).map((node) => cluster.at(node));
  const found = await eventually('the liar to be proved', async () => {
    const tasks = others.map((replica) => replica.local().task(id));
    const shown = await Promise.all(
      others.map(async (replica, at) => {
        const task = tasks[at];
        return task === undefined ? [] : replica.culprits(task);
      }),
    );
    return shown.every((each) => each.length > 0) && shown.flat();
  });

  const proved = new Set(found.map(({ culprit }) => `${culprit.nodeId} ${culprit.reason}`));
  expect([...proved]).toEqual([`${liar} WRONG_MESSAGE`]);
  asking.abort();
  await expect(answer).rejects.toThrow('The outcome is not known yet');
});
