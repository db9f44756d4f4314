import { expect, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import { Gg20Tables } from '../../src/gg20/index.js';
import { systemPrimes } from '../../src/machine/index.js';
import type { Primes } from '../../src/ports/index.js';
import { METHODS, preparedOf } from '../../src/state/index.js';
import { Algorithm, Gg20Profile } from '../../src/wire/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { quickTables, readyPrimes } from '../support/builders/gg20-cluster.js';
import { generateRequest, OPERATOR, testGenesis, verify } from '../support/builders/ledger.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';

const NODES = ['node-1', 'node-2', 'node-3'].map(nodeId);
const [FIRST = nodeId('')] = NODES;
const WAIT_MS = 240_000;
/** Primes. */
const OF_ONE_GENERATION = 4;
const OTHER = 'another';

/** The tables of a node that, once it lies, commits to its material in another session's name: nobody can open what it shows. */
class LiarTables extends Gg20Tables {
  readonly #honest = quickTables();
  lies = false;

  constructor() {
    super([]);
  }

  override parameterSet(name: string) {
    const set = this.#honest.parameterSet(name.replace(OTHER, 'secp256k1'));
    return this.lies ? { ...set, curve: { ...set.curve, name: OTHER } } : set;
  }
}

/** Primes that are there for the first generation, and are looked for, for one more. */
function primesOf(index: number): Primes {
  const ready = readyPrimes(index);
  let asked = 0;
  return {
    prime: (kind, bits) => {
      asked += 1;
      const isLater = asked > OF_ONE_GENERATION && asked <= 2 * OF_ONE_GENERATION;
      return isLater ? systemPrimes.prime(kind, bits) : ready.prime(kind, bits);
    },
  };
}

test(
  'a member that lies when a set is prepared is proved a culprit, and left out of the next attempt',
  async () => {
    const primes = new Map(NODES.map((node, at) => [node, primesOf(at + 1)]));
    const tables = new Map(NODES.map((node) => [node, new LiarTables()]));
    await using cluster = await ReplicaCluster.start({
      genesis: testGenesis(),
      verify,
      signerOf: ledgerSigner,
      primesOf: (node) => primes.get(node) ?? readyPrimes(0),
      tablesOf: (node) => ({ gg20: tables.get(node) ?? quickTables() }),
    });
    // A leader that lies may name whom it likes.
    const leader = await eventually('a leader', () => cluster.at(FIRST).status().leader, WAIT_MS);
    const honest = [leader, ...NODES.filter((node) => node !== leader).slice(0, 1)];
    const liar = NODES.find((node) => !honest.includes(node)) ?? FIRST;
    const own = tables.get(liar);
    if (own !== undefined) own.lies = true;
    const request = generateRequest('gg20-key', {
      algorithm: Algorithm.GG20_SECP256K1,
      gg20Profile: Gg20Profile.P2048,
    });
    const asked = cluster.at(FIRST).submit({
      method: METHODS.generateKey,
      request,
      requester: OPERATOR,
      expiresInMs: WAIT_MS,
      signal: AbortSignal.timeout(WAIT_MS),
    });
    asked.catch(() => undefined);
    const task = await eventually(
      'a generation without the liar',
      () =>
        cluster
          .at(FIRST)
          .local()
          .tasks('', 99, false)
          .find((each) => preparedOf(each) !== undefined),
      WAIT_MS,
    );
    expect(preparedOf(task)?.members).toEqual([...honest].sort());
    expect(task.attempts.length).toBeGreaterThan(1);
    for (const node of honest) {
      const proven = await cluster.at(node).culprits(task);
      expect(new Set(proven.map(({ culprit }) => culprit.nodeId))).toEqual(new Set([liar]));
    }
  },
  WAIT_MS + 60_000,
);
