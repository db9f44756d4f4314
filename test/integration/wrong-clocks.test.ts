import { expect, jest, test } from '@jest/globals';
import { nodeId, utf8 } from '../../src/common/index.js';
import type { Millis, NodeId } from '../../src/common/index.js';
import { systemClock } from '../../src/machine/index.js';
import { CLOCK_JUMP_HELD_MS } from '../../src/raft/steady-clock.js';
import { METHODS, signatureOf, timeCorrectedOf } from '../../src/state/index.js';
import { CorrectTimeRequest, encode } from '../../src/wire/index.js';
import type { Request } from '../../src/wire/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import {
  generateRequest,
  NODES,
  signRequest,
  testGenesis,
  verify,
} from '../support/builders/ledger.js';
import { RequesterAuthority } from '../support/builders/requester.js';
import type { Requester } from '../support/builders/requester.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';

jest.setTimeout(120_000);

const DAY = 86_400_000;
/** The machine may be busy with other tests. */
const PATIENCE_MS = 30_000;
const NODE_IDS = NODES.map(nodeId);
const [ONE = nodeId('node-1'), TWO = nodeId('node-2'), THREE = nodeId('node-3')] = NODE_IDS;

/** Clocks of the nodes that a test sets. */
class Clocks {
  readonly #ahead = new Map<NodeId, Millis>();
  #passedMs = 0;

  of(node: NodeId): typeof systemClock {
    return {
      ...systemClock,
      now: () => systemClock.now() + this.#passedMs + (this.#ahead.get(node) ?? 0),
      elapsed: () => systemClock.elapsed() + this.#passedMs,
    };
  }

  set(node: NodeId, aheadMs: Millis): void {
    this.#ahead.set(node, aheadMs);
  }

  /** The time of day as the right clocks show it. */
  now(): Millis {
    return systemClock.now() + this.#passedMs;
  }

  pass(ms: Millis): void {
    this.#passedMs += ms;
  }
}

/** A request as its requester signs it, by the right time unless another is given. */
function signedBy(
  requester: Requester,
  cluster: ReplicaCluster,
  method: string,
  request: Uint8Array,
  nowMs: Millis,
): Request {
  const { clusterId } = cluster.at(ONE).status();
  const value = requester.sign({ clusterId, method, expireTimeMs: nowMs + 60_000, request });
  return {
    method,
    request,
    authorization: { by: { $case: 'signed', value } },
    firstAttempt: undefined,
  };
}

/** The clocks are right, and each node has seen so for long enough to believe it. */
async function rightAgain(clocks: Clocks, cluster: ReplicaCluster): Promise<void> {
  for (const node of NODE_IDS) clocks.set(node, 0);
  // A read has each node look at its clock: it notices the jump, and later that it has lasted.
  await allRead(cluster);
  clocks.pass(CLOCK_JUMP_HELD_MS + 1_000);
  await allRead(cluster);
}

async function allRead(cluster: ReplicaCluster): Promise<void> {
  for (const node of NODE_IDS) {
    await eventually(
      `a read at ${node}`,
      async () => {
        await cluster.at(node).read(AbortSignal.timeout(2_000));
        return true;
      },
      PATIENCE_MS,
    );
  }
}

test('a cluster that began with two wrong clocks of three signs honest requests once an operator has corrected its time', async () => {
  const clocks = new Clocks();
  for (const node of [ONE, TWO]) clocks.set(node, DAY);
  const authority = await RequesterAuthority.create(Date.now() - 60_000);
  const [operator, app] = [
    await authority.requester('operator', 'alice'),
    await authority.requester('app', 'shop'),
  ];
  await using cluster = await ReplicaCluster.start({
    genesis: testGenesis({ requesterCa: authority.credential.certificate }),
    verify,
    signerOf: ledgerSigner,
    clockOf: (node) => clocks.of(node),
  });
  // Node 3 has the right clock, refuses the first entries, and takes what the others have applied: all three must sign.
  await eventually(
    'node-3 to follow the log',
    () => cluster.at(THREE).status().timeMs > Date.now() + DAY / 2,
    PATIENCE_MS,
  );
  const generated = await cluster.submit(
    THREE,
    METHODS.generateKey,
    generateRequest('treasury', { allowedSigners: [app.spiffeId] }),
  );
  expect(generated.outcome?.$case).toBe('result');
  const asked = (id: string): Request =>
    signedBy(app, cluster, METHODS.sign, signRequest('treasury', id, utf8('pay')), clocks.now());
  await expect(cluster.signed(ONE, asked('expired'))).rejects.toMatchObject({
    reason: 'REQUEST_EXPIRED',
  });

  await rightAgain(clocks, cluster);
  await expect(cluster.signed(ONE, asked('expired-still'))).rejects.toMatchObject({
    reason: 'REQUEST_EXPIRED',
  });
  const { timeMs: seenMs, timeCorrections } = cluster.at(ONE).status();
  const nowMs = clocks.now();
  expect(seenMs - nowMs).toBeGreaterThan(DAY - 120_000);
  const correction = encode(CorrectTimeRequest, {
    requestId: 'correct-1',
    number: timeCorrections + 1,
    seenTimeMs: BigInt(seenMs),
    timeMs: BigInt(nowMs),
    allowRepeats: false,
  });
  const corrected = await cluster.signed(
    TWO,
    signedBy(operator, cluster, METHODS.correctTime, correction, nowMs),
  );

  expect(timeCorrectedOf(corrected)).toEqual({ number: 1, backMs: BigInt(seenMs - nowMs) });
  // Until a node has applied the correction, it still refuses what its state says is expired.
  await eventually(
    'all nodes to have applied the correction',
    () => NODE_IDS.every((node) => cluster.at(node).status().timeCorrections === 1),
    PATIENCE_MS,
  );
  for (const node of NODE_IDS) {
    const signed = await cluster.signed(node, asked(`by-${node}`));
    expect(signatureOf(signed)?.signature).toHaveLength(64);
  }
  await eventually(
    'the time of all nodes to be that of the clocks',
    () =>
      NODE_IDS.every((node) => {
        const { timeMs } = cluster.at(node).status();
        return Math.abs(timeMs - clocks.now()) < 20_000;
      }),
    PATIENCE_MS,
  );
});
