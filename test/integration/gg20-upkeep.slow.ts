import { expect, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { systemClock, systemPrimes } from '../../src/machine/index.js';
import type { Primes, ShareStore } from '../../src/ports/index.js';
import { METHODS, preparedOf, signatureOf } from '../../src/state/index.js';
import { memoryShareStore } from '../../src/store/index.js';
import { Algorithm, encode, Gg20Profile, Hash, SignRequest } from '../../src/wire/index.js';
import type { TaskRecord } from '../../src/wire/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { quickTables, readyPrimes } from '../support/builders/gg20-cluster.js';
import { generateRequest, NODES, testGenesis, verify } from '../support/builders/ledger.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';

const [FIRST = nodeId('')] = NODES;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Four primes make one generation. */
const OF_ONE_GENERATION = 4;
const WAIT_MS = 240_000;

/** Primes that are there for the first generation, and are looked for, for one more. */
function twoGenerations(index: number): Primes {
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

type Room = {
  readonly cluster: ReplicaCluster;
  readonly shares: ReadonlyMap<NodeId, ShareStore>;
  /** Sets all clocks forward. */
  readonly jump: (ms: number) => void;
  /** From then on nothing that a node says outside of consensus is understood. */
  readonly mute: (node: NodeId) => void;
};

async function start(): Promise<Room> {
  const primes = new Map(NODES.map((node, at) => [node, twoGenerations(at + 1)]));
  const shares = new Map(NODES.map((node) => [node, memoryShareStore()]));
  let aheadMs = 0;
  const muted = new Set<NodeId>();
  const clock = {
    now: () => systemClock.now() + aheadMs,
    elapsed: () => systemClock.elapsed(),
    after: (ms: number, run: () => void) => systemClock.after(ms, run),
  };
  const cluster = await ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    primesOf: (node) => primes.get(node) ?? readyPrimes(0),
    sharesOf: (node) => Promise.resolve(shares.get(node) ?? memoryShareStore()),
    clockOf: () => clock,
    altered: (from, channel, bytes) =>
      channel === 'tasks' && muted.has(from) ? new Uint8Array(0) : bytes,
    tablesOf: () => ({ gg20: quickTables() }),
    // A set is prepared within a request, twice where its leader stops.
    answerMs: WAIT_MS,
  });
  return {
    cluster,
    shares,
    jump: (ms) => {
      aheadMs += ms;
    },
    mute: (node) => void muted.add(node),
  };
}

const generation = generateRequest('gg20-key', {
  algorithm: Algorithm.GG20_SECP256K1,
  gg20Profile: Gg20Profile.P2048,
});

function tasksOf(cluster: ReplicaCluster, node: NodeId): readonly TaskRecord[] {
  return cluster.at(node).local().tasks('', 99, false);
}

async function sign(cluster: ReplicaCluster, node: NodeId, requestId: string): Promise<boolean> {
  const request = encode(SignRequest, {
    requestId,
    keyId: 'gg20-key',
    payload: { $case: 'message', value: new Uint8Array(1) },
    derivationPath: [],
    hash: Hash.SHA256,
  });
  // The answering node has verified it.
  return signatureOf(await cluster.submit(node, METHODS.sign, request)) !== undefined;
}

test('a set’s material is made anew when it is a day old, and the old one is gone for good', async () => {
  const { cluster, shares, jump } = await start();
  await using _ = cluster;
  await cluster.submit(FIRST, METHODS.generateKey, generation);
  expect(await sign(cluster, FIRST, 'before')).toBe(true);

  jump(DAY_MS + 1);
  const isRenewed = (): boolean =>
    tasksOf(cluster, FIRST).some((task) => preparedOf(task)?.generation === 2);
  await eventually('a second generation', isRenewed, WAIT_MS);
  expect(await sign(cluster, FIRST, 'after')).toBe(true);
  for (const store of shares.values()) {
    const isDropped = async (): Promise<boolean> => {
      const { items } = await store.list({ limit: 99 });
      return items.filter(({ keyId }) => keyId.startsWith('_set-')).length === 1;
    };
    await eventually('one generation left', isDropped, WAIT_MS);
  }
}, 600_000);

test('a leader that stops while a set is prepared keeps nobody from the key for good', async () => {
  const { cluster } = await start();
  await using _ = cluster;
  const leader = await eventually('a leader', () => cluster.at(FIRST).status().leader, WAIT_MS);
  const other = NODES.find((node) => node !== leader) ?? FIRST;
  const generated = cluster.submit(other, METHODS.generateKey, generation).catch(() => undefined);
  const isBegun = (): boolean =>
    tasksOf(cluster, other).some(({ kind, attempts }) => kind === 'prepare' && attempts.length > 0);
  await eventually('an attempt', isBegun, WAIT_MS);
  await cluster.stop(leader);
  await cluster.restart(leader);
  // Its answer may have come too late for its client.
  await generated;
  const key = (): boolean => cluster.at(other).local().key('gg20-key') !== undefined;
  await eventually('the key', key, WAIT_MS);
  expect(await sign(cluster, other, 'after')).toBe(true);
}, 600_000);

test('a signer that is silent in its session is replaced', async () => {
  const { cluster, mute } = await start();
  await using _ = cluster;
  await cluster.submit(FIRST, METHODS.generateKey, generation);
  const leader = await eventually('a leader', () => cluster.at(FIRST).status().leader, WAIT_MS);
  mute(NODES.find((node) => node !== leader) ?? FIRST);
  // Two, since the leader names the others in turn.
  const signed = await Promise.all(['one', 'two'].map((id) => sign(cluster, leader, id)));
  expect(signed).toEqual([true, true]);
}, 600_000);
