import { expect, jest, test } from '@jest/globals';
import { toHex, utf8 } from '../../../src/common/index.js';
import { lagrangeAtZero, modulo, xof } from '../../../src/crypto/index.js';
import { aggregate, type Suite } from '../../../src/frost/index.js';
import { inlineCompute } from '../../../src/machine/index.js';
import { PARTICIPANTS_MAX } from '../../../src/identity/index.js';
import { generateKey, type KeyShare, keygen } from '../../../src/sharing/index.js';
import { bytesItem, listItem } from '../../../src/wire/index.js';
import {
  keysOf,
  runKeygen,
  seededRandom,
  signAll,
  subsets,
  verifyEd25519,
} from '../../support/builders/frost-exchange.js';
import { smallSuite, verifySmall } from '../frost/small-suite.js';
import { ed25519Suite } from '../../support/builders/schemes.js';

/** Arithmetic of many parties in one process, beside whatever else the machine does. */
jest.setTimeout(60_000);

/** f(0)·G from t shares: the point of the secret that nobody has. */
function publicKeyOf<P>({ group }: Suite<P>, shares: readonly KeyShare[]): Uint8Array {
  const indices = shares.map(({ index }) => index);
  const secret = shares.reduce((sum, { index, scalar }) => {
    const value = group.decodeScalar(scalar) ?? 0n;
    return modulo(sum + lagrangeAtZero(group.order, indices, index) * value, group.order);
  }, 0n);
  return group.encode(group.multiplyBase(secret));
}

test.each([
  [2, 3],
  [3, 5],
])(
  '%i-of-%i: all participants end with one key, and any t shares are its secret',
  async (threshold, count) => {
    const keys = keysOf(await runKeygen({ suite: ed25519Suite, threshold, count }));

    const [first] = keys;
    if (first === undefined) throw new Error('there is a key');
    const { V, publicKey, chainCode, digest } = first;
    expect(V.length).toBe(threshold);
    expect(publicKey).toEqual(V[0]);
    for (const [at, key] of keys.entries())
      expect(key).toEqual({
        share: { ...key.share, index: at + 1 },
        V,
        publicKey,
        chainCode,
        digest,
      });
    for (const set of subsets(count, threshold)) {
      const shares = keys.map(({ share }) => share).filter(({ index }) => set.includes(index));
      expect(toHex(publicKeyOf(ed25519Suite, shares))).toBe(toHex(publicKey));
    }
  },
);

test('a generated key signs, and node:crypto verifies', async () => {
  const keys = keysOf(await runKeygen({ suite: ed25519Suite, threshold: 2, count: 3, seed: 4 }));
  const [one, , three] = keys;
  if (one === undefined || three === undefined) throw new Error('there are three');
  const key = { threshold: 2, V: one.V, publicKey: one.publicKey };
  const message = utf8('a message');

  const { B, shares } = signAll(
    ed25519Suite,
    key,
    [one.share, three.share],
    message,
    seededRandom(5),
  );
  const result = aggregate(ed25519Suite, key, B, message, shares, (signature) =>
    verifyEd25519(key.publicKey, message, signature),
  );

  expect(result.ok).toBe(true);
});

test('digest and chain code hash the bodies as they were signed, in order of index', async () => {
  const bodies: Record<string, Uint8Array[]> = {
    [keygen.kinds.commit]: [],
    [keygen.kinds.open]: [],
  };
  const run = await runKeygen({
    suite: smallSuite,
    threshold: 2,
    count: 3,
    tamper: (from, _to, envelope) => {
      const said = bodies[envelope.kind];
      if (said && envelope.content?.$case === 'open') said[from - 1] = envelope.content.value.body;
      return [envelope];
    },
  });
  const [key] = keysOf(run);

  const lists = [bodies[keygen.kinds.commit], bodies[keygen.kinds.open]].map((list) =>
    listItem((list ?? []).map(bytesItem)),
  );
  const id = bytesItem(run.sessionId);
  expect(key?.digest).toEqual(xof('keygen', [id, ...lists], 32));
  expect(key?.chainCode).toEqual(xof('cc', [id, bytesItem(key?.publicKey ?? id)], 32));
});

test('the protocol runs in another group unchanged', async () => {
  const keys = keysOf(await runKeygen({ suite: smallSuite, threshold: 14, count: 20 }));
  const [first] = keys;
  if (first === undefined) throw new Error('there is a key');
  const key = { threshold: 14, V: first.V, publicKey: first.publicKey };
  const signers = keys.slice(3, 17).map(({ share }) => share);
  const message = utf8('a message');

  const { B, shares } = signAll(smallSuite, key, signers, message, seededRandom(6));
  const result = aggregate(smallSuite, key, B, message, shares, (signature) =>
    verifySmall(key.publicKey, message, signature),
  );

  expect(result.ok).toBe(true);
});

test('lost messages only delay: repeated, they complete the key', async () => {
  let left = 7;
  const run = await runKeygen({
    suite: smallSuite,
    threshold: 2,
    count: 3,
    rounds: 3,
    tamper: (_from, _to, envelope) => {
      left -= 1;
      return left >= 0 ? [] : [envelope, envelope];
    },
  });

  expect(keysOf(run).length).toBe(3);
});

test('two runs with other randomness make other keys', async () => {
  const [a, b] = [
    keysOf(await runKeygen({ suite: smallSuite, threshold: 2, count: 2, seed: 1 })),
    keysOf(await runKeygen({ suite: smallSuite, threshold: 2, count: 2, seed: 2 })),
  ];

  expect(a[0]?.publicKey).not.toEqual(b[0]?.publicKey);
});

test('a threshold below 2 or above n, and more than 20 participants, are mistakes of the caller', async () => {
  const party = {
    index: 1,
    count: 3,
    sessionId: new Uint8Array(32),
    sealKey: new Uint8Array(32),
    round: () => Promise.reject(new Error('never')),
    heard: () => Promise.reject(new Error('never')),
    senders: () => [],
    attested: () => undefined,
    broadcasts: () => [],
    privates: () => [],
    originals: () => [],
  };
  const random = seededRandom(1);
  const nowhere = inlineCompute(new Map());

  for (const threshold of [0, 1, 4])
    await expect(generateKey(smallSuite, party, threshold, random, nowhere)).rejects.toThrow(
      'threshold',
    );
  const many = { ...party, count: PARTICIPANTS_MAX + 1 };
  await expect(generateKey(smallSuite, many, 2, random, nowhere)).rejects.toThrow('20');
});
