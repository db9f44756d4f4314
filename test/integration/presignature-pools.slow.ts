import { expect, test } from '@jest/globals';
import { nodeId, utf8 } from '../../src/common/index.js';
import { sha256 } from '../../src/crypto/index.js';
import { smallVerifier } from '../simulation/gg20/curve.js';
import { METHODS } from '../../src/state/index.js';
import { encode, RetireKeyRequest } from '../../src/wire/index.js';
import { reshareRequest } from '../support/builders/resharing.js';
import { NODES } from '../support/builders/ledger.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import {
  generatePresigned,
  heldBy,
  PRESIGNED_KEY,
  signingOperator,
  signPresigned,
  startPresigning,
} from '../support/clusters/presigning-cluster.js';

const [FIRST = nodeId(''), SECOND = nodeId(''), THIRD = nodeId('')] = NODES;
/** As much as a busy machine takes. */
const WAIT_MS = 60_000;
const TEST_MS = 600_000;
const POOL = 3;
/** Each presignature is held by its two signers. */
const FULL = 2 * POOL;

const DIGEST = sha256(utf8('hello'));

test(
  'presignatures that a restarted node held are gone, and pools fill again',
  async () => {
    await using cluster = await startPresigning(POOL);
    const publicKey = await generatePresigned(cluster);
    await eventually('the pool is full', () => heldBy(cluster) === FULL, WAIT_MS);

    await cluster.stop(THIRD);
    await cluster.restart(THIRD);
    expect(heldBy(cluster, [THIRD])).toBe(0);
    await eventually('the pool is full again', () => {
      const levels = NODES.map((node) => heldBy(cluster, [node]));
      // What the others held together with the earlier run is still there, and is of no use.
      return levels[2] !== 0 && levels.reduce((sum, each) => sum + each, 0) >= FULL;
    });
    const { result, named } = await signPresigned(cluster, THIRD, 'one');
    expect(named.at(-1)).toHaveLength(32);
    expect(smallVerifier.verify(publicKey, DIGEST, result.signature)).toBe(true);
  },
  TEST_MS,
);

test(
  'a new leader names presignatures that were made under the one before',
  async () => {
    await using cluster = await startPresigning(POOL);
    const publicKey = await generatePresigned(cluster);
    await eventually('the pool is full', () => heldBy(cluster) === FULL, WAIT_MS);
    const leader = cluster.at(FIRST).status().leader ?? FIRST;
    const others = NODES.filter((node) => node !== leader);
    const [other = SECOND] = others;

    await cluster.stop(leader);
    await eventually('another node leads', () => {
      const { leader: next, caughtUp } = cluster.at(other).status();
      return next !== undefined && next !== leader && caughtUp;
    });
    const { result, named } = await signPresigned(cluster, other, 'one');
    expect(result.signers).toEqual(others);
    expect(named.at(-1)).toHaveLength(32);
    expect(smallVerifier.verify(publicKey, DIGEST, result.signature)).toBe(true);
  },
  TEST_MS,
);

test(
  'a key that is retired, or shared anew, keeps no presignature, and its next version gets some',
  async () => {
    const { genesis, order } = await signingOperator();
    await using cluster = await startPresigning(POOL, { genesis });
    const publicKey = await generatePresigned(cluster);
    await eventually('the pool is full', () => heldBy(cluster) === FULL, WAIT_MS);
    const before = NODES.flatMap((node) => cluster.at(node).status().presignatures.pools);
    expect(new Set(before.map(({ version }) => version))).toEqual(new Set([1]));

    await order(cluster, METHODS.reshareKey, reshareRequest(PRESIGNED_KEY));
    await eventually('the pool of the next version is full', () => {
      const pools = NODES.flatMap((node) => cluster.at(node).status().presignatures.pools);
      const held = pools.filter(({ version }) => version === 2).map((pool) => pool.held);
      return held.reduce((sum, each) => sum + each, 0) === FULL && heldBy(cluster) === FULL;
    });
    const { result, named } = await signPresigned(cluster, SECOND, 'one');
    expect([result.keyVersion, named.at(-1)?.length]).toEqual([2, 32]);
    expect(smallVerifier.verify(publicKey, DIGEST, result.signature)).toBe(true);

    const retire = RetireKeyRequest.fromPartial({ requestId: 'retire', keyId: PRESIGNED_KEY });
    await order(cluster, METHODS.retireKey, encode(RetireKeyRequest, retire));
    await eventually('nothing is held', () => heldBy(cluster) === 0, WAIT_MS);
  },
  TEST_MS,
);
