import { expect, test } from '@jest/globals';
import { getCluster } from '../../../src/api/cluster.js';
import type { Backend, Call } from '../../../src/api/index.js';
import { nodeId } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { parseSpiffe } from '../../../src/identity/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import type { SessionFailureCount } from '../../../src/tasks/index.js';
import { NO_MONITOR } from '../../support/builders/monitor-status.js';
import { Gg20Profile, SigningFailuresState } from '../../../src/wire/index.js';
import type { Cluster } from '../../../src/wire/index.js';

const self = nodeId('node-1');
const other = nodeId('node-2');
const third = nodeId('node-3');
const participants = [self, other, third].map((id) => ({ nodeId: id }));

type Heard = {
  readonly caller?: string;
  readonly failures?: readonly SessionFailureCount[];
  /** Those that can sign with the key: all participants where it is not said. */
  readonly signers?: readonly NodeId[];
  readonly present: boolean;
  readonly leader: NodeId | undefined;
  readonly agoMs: number;
};

/** The count of keys that can sign, by node-1. */
async function ableToSign(heard: Heard): Promise<number> {
  return (await shown(heard))?.keysAbleToSign ?? NaN;
}

/** The cluster by node-1, which has streams to both others and one key of 2 of 3. */
async function shown({
  present,
  leader,
  agoMs,
  signers = [self, other, third],
  caller = 'spiffe://quorate/app/a',
  failures = [],
}: Heard): Promise<Cluster | undefined> {
  const peer = { heardAgoMs: agoMs, match: undefined };
  const backend = {
    local: () => ({
      totals: () => ({ timeMs: 0n, keyCount: 1n, open: [] }),
      keysAfter: () => [{ participants, threshold: 2 } as unknown as ActiveKey],
      signersOf: () => signers,
      members: () => [],
      takesUnsigned: () => false,
      revocationCount: () => 0,
    }),
    status: () => ({
      nodeId: self,
      leader,
      term: 1,
      commit: 1,
      applied: 1,
      builds: new Map(),
      primeStocks: [
        { profile: 'P2048', ready: 1, making: true },
        { profile: 'of a test', ready: 0, making: false },
      ],
      presignatures: {
        pools: [{ keyId: 'ether', version: 1, held: 2, wanted: 16 }],
        held: 3,
      },
      monitor: NO_MONITOR,
      openSecrets: { open: 2, bytes: 1_200, hits: 30, misses: 4 },
      connected: [other, third],
      standing: 'undisputed',
      forks: [],
      log: {
        front: 10,
        last: 90,
        bytes: 70_000,
        memoryBytes: 8_000,
        checkpoint: { index: 40, stateBytes: 900, bytesSince: 5_000, dueBytes: 60_000 },
      },
    }),
    signingFailures: () => failures,
    quorum: () => ({
      present,
      heard: 1,
      needed: 2,
      peers: new Map([other, third].map((id) => [id, peer])),
    }),
  } as unknown as Backend;
  const call = { bytes: new Uint8Array(0), caller: parseSpiffe(caller) };
  const node = {
    nowMs: () => 0,
    addressOf: () => undefined,
    certificateEndMs: () => undefined,
    certifiedBy: () => undefined,
    curveBackends: {},
  };
  const context = { backend: () => backend, softwareVersion: '0', node, genesis: {} as never };
  const { cluster } = await getCluster(context, call as unknown as Call);
  return cluster;
}

test('a key can sign where its participants answer the leader', async () => {
  expect(await ableToSign({ present: true, leader: self, agoMs: 50 })).toBe(1);
});

test('a participant that is no member of its set’s generation signs nothing', async () => {
  const heard = { present: true, leader: self, agoMs: 50 };
  expect(await ableToSign({ ...heard, signers: [self, third] })).toBe(1);
  expect(await ableToSign({ ...heard, signers: [third] })).toBe(0);
});

test('a stream to a participant that does not answer its leader makes no signature', async () => {
  expect(await ableToSign({ present: true, leader: self, agoMs: 5_000 })).toBe(0);
});

test('a follower, which hears only the leader, goes by its streams', async () => {
  expect(await ableToSign({ present: true, leader: other, agoMs: 5_000 })).toBe(1);
});

test('without a quorum no key can sign', async () => {
  expect(await ableToSign({ present: false, leader: undefined, agoMs: 50 })).toBe(0);
});

test('the primes that the node has ready are shown by their profile', async () => {
  const cluster = await shown({ present: true, leader: self, agoMs: 50 });
  expect(cluster?.primeStocks).toEqual([
    { profile: Gg20Profile.P2048, ready: 1, making: true },
    { profile: Gg20Profile.UNSPECIFIED, ready: 0, making: false },
  ]);
});

test('pools of presignatures are shown to operators and auditors, and to an app how many are held', async () => {
  const heard = { present: true, leader: self, agoMs: 50 };
  const pool = { keyId: 'ether', version: 1, held: 2, wanted: 16 };
  const seenBy = async (role: string) =>
    await shown({ ...heard, caller: `spiffe://quorate/${role}/a` });
  for (const role of ['operator', 'auditor']) {
    const seen = await seenBy(role);
    expect([seen?.presignaturePools, seen?.presignaturesHeld]).toEqual([[pool], 3]);
  }
  const app = await seenBy('app');
  expect([app?.presignaturePools, app?.presignaturesHeld]).toEqual([[], 3]);
});

test('the open secrets of the node are shown with how often one was needed', async () => {
  const cluster = await shown({ present: true, leader: self, agoMs: 50 });
  expect(cluster?.openSecrets).toEqual({ count: 2, bytes: 1_200n, hits: 30n, misses: 4n });
});

test('the sizes of the node’s log are shown, and what it keeps of the state', async () => {
  const cluster = await shown({ present: true, leader: self, agoMs: 50 });
  expect(cluster?.logSizes).toEqual({
    frontIndex: 10n,
    lastIndex: 90n,
    bytes: 70_000n,
    memoryBytes: 8_000n,
    checkpointIndex: 40n,
    checkpointBytes: 900n,
    bytesSinceCheckpoint: 5_000n,
    checkpointDueBytes: 60_000n,
  });
});

test('failed sessions are shown to operators and auditors, and not to an app', async () => {
  const heard = { present: true, leader: self, agoMs: 50 };
  const subject = { kind: 'version', keyId: 'treasury', version: 2 } as const;
  const failures = [{ subject, count: 32, sinceMs: 5, standing: 'ended' } as const];
  const seenBy = async (role: string) =>
    (await shown({ ...heard, failures, caller: `spiffe://quorate/${role}/a` }))?.signingFailures;
  const seen = {
    keyId: 'treasury',
    version: 2,
    silentNodeId: '',
    failures: 32,
    sinceTimeMs: 5n,
    state: SigningFailuresState.LOCKED,
  };
  expect(await seenBy('operator')).toEqual([seen]);
  expect(await seenBy('auditor')).toEqual([seen]);
  expect(await seenBy('app')).toEqual([]);
});
