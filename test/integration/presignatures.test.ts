import { expect, test } from '@jest/globals';
import { nodeId, utf8 } from '../../src/common/index.js';
import { sha256 } from '../../src/crypto/index.js';
import { smallVerifier } from '../simulation/gg20/curve.js';
import { NODES } from '../support/builders/ledger.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import {
  generatePresigned,
  heldBy,
  signPresigned,
  startPresigning,
} from '../support/clusters/presigning-cluster.js';

const [FIRST = nodeId(''), SECOND = nodeId(''), THIRD = nodeId('')] = NODES;
/** As much as a busy machine takes. */
const WAIT_MS = 60_000;
const TEST_MS = 120_000;
const POOL = 3;
/** Each presignature is held by its two signers. */
const FULL = 2 * POOL;

const DIGEST = sha256(utf8('hello'));

test(
  'pools fill by themselves, a Sign uses a presignature once, and a bare digest none',
  async () => {
    await using cluster = await startPresigning(POOL);
    const publicKey = await generatePresigned(cluster);
    await eventually('the pool is full', () => heldBy(cluster) === FULL, WAIT_MS);

    const one = await signPresigned(cluster, FIRST, 'one');
    expect(one.named.map((id) => id?.length)).toEqual([32]);
    expect(smallVerifier.verify(publicKey, DIGEST, one.result.signature)).toBe(true);
    await eventually('the pool is full again', () => heldBy(cluster) === FULL, WAIT_MS);

    const two = await signPresigned(cluster, SECOND, 'two');
    expect(two.named.map((id) => id?.length)).toEqual([32]);
    expect(two.named).not.toEqual(one.named);

    const digest = { payload: { $case: 'digest', value: DIGEST } } as const;
    const bare = await signPresigned(cluster, THIRD, 'three', digest);
    expect(bare.named).toEqual([undefined]);
  },
  TEST_MS,
);
