import { expect, jest, test } from '@jest/globals';
import { toHex, utf8 } from '../../../../src/common/index.js';
import { xof } from '../../../../src/crypto/index.js';
import { aggregate, publicKeyOf } from '../../../../src/frost/index.js';
import { hashOfFacts } from '../../../../src/sharing/reshare/facts.js';
import { keygen, resharing, type KeyShare } from '../../../../src/sharing/index.js';
import { bytesItem, listItem } from '../../../../src/wire/index.js';
import { seededRandom, signAll, subsets } from '../../../support/builders/frost-exchange.js';
import {
  dealtSharing,
  newSharing,
  pointOf,
  runReshare,
  type HeldSharing,
  type ReshareOptions,
} from '../../../support/builders/reshare-exchange.js';
import { smallSuite, verifySmall } from '../../frost/small-suite.js';

/** Arithmetic of many parties in one process, beside whatever else the machine does. */
jest.setTimeout(60_000);

const FIVE = ['a', 'b', 'c', 'd', 'e'];
const key = (base: HeldSharing) => toHex(base.V[0] ?? new Uint8Array());

async function reshared(
  base: HeldSharing,
  options: Omit<ReshareOptions, 'sharing' | 'base'>,
): Promise<HeldSharing> {
  return newSharing(await runReshare({ sharing: smallSuite, base, ...options }));
}

/** Whether these shares of a sharing make a signature that holds under the key of `base`. */
function sign(base: HeldSharing, { V }: HeldSharing, shares: readonly KeyShare[]): boolean {
  const [V_0 = new Uint8Array()] = base.V;
  const publicKey = publicKeyOf(smallSuite, V_0) ?? new Uint8Array();
  const shared = { threshold: shares.length, V, publicKey };
  const message = utf8('a message');
  const { B, shares: signed } = signAll(smallSuite, shared, shares, message, seededRandom(5));
  if (signed.size !== shares.length) return false;
  return aggregate(smallSuite, shared, B, message, signed, (signature) =>
    verifySmall(publicKey, message, signature),
  ).ok;
}

test('a refresh: all participants end with one new sharing of the same key, and all shares are new', async () => {
  const base = dealtSharing(smallSuite, 3, FIVE);

  const made = await reshared(base, { receivers: FIVE, threshold: 3 });

  expect(key(made)).toBe(key(base));
  expect(made.V.length).toBe(3);
  expect(made.V.slice(1)).not.toContainEqual(base.V[1]);
  for (const { index, scalar } of made.shares)
    expect(scalar).not.toEqual(base.shares[index - 1]?.scalar);
  for (const set of subsets(5, 3)) {
    const shares = made.shares.filter(({ index }) => set.includes(index));
    expect(toHex(pointOf(smallSuite, shares))).toBe(key(base));
    expect(sign(base, made, shares)).toBe(true);
  }
});

test('any t of the holders can deal, whoever they are', async () => {
  const base = dealtSharing(smallSuite, 3, FIVE);

  for (const [seed, set] of subsets(5, 3).entries()) {
    const dealers = set.map((index) => FIVE[index - 1] ?? '');
    const made = await reshared(base, { dealers, receivers: FIVE, threshold: 3, seed });
    expect(toHex(pointOf(smallSuite, made.shares.slice(1, 4)))).toBe(key(base));
  }
});

test.each([
  ['2-of-4, one of them new', 2, ['b', 'c', 'e', 'f']],
  ['4-of-6', 4, [...FIVE, 'f']],
  ['2-of-2, none of them a dealer', 2, ['x', 'y']],
  ['5-of-5', 5, FIVE],
])('3-of-5 becomes %s', async (_what, threshold, receivers) => {
  const base = dealtSharing(smallSuite, 3, FIVE);

  const made = await reshared(base, { receivers, threshold });

  expect(made.holders).toEqual(receivers);
  expect(made.V.length).toBe(threshold);
  expect(key(made)).toBe(key(base));
  for (const set of subsets(receivers.length, threshold)) {
    const shares = made.shares.filter(({ index }) => set.includes(index));
    expect(toHex(pointOf(smallSuite, shares))).toBe(key(base));
    expect(toHex(pointOf(smallSuite, shares.slice(1)))).not.toBe(key(base));
  }
});

test('a dealer that gets no share ends with nothing', async () => {
  const base = dealtSharing(smallSuite, 2, FIVE);

  const { outcomes } = await runReshare({
    sharing: smallSuite,
    base,
    dealers: ['a', 'd'],
    receivers: ['b', 'c', 'd'],
    threshold: 2,
  });

  expect(outcomes[0]).toEqual({ result: undefined });
  expect(outcomes.slice(1).every((each) => typeof each === 'object' && 'result' in each)).toBe(
    true,
  );
});

test('a chain of reshares: 3-of-5, 2-of-4, 4-of-6, and a refresh', async () => {
  const base = dealtSharing(smallSuite, 3, FIVE);

  const two = await reshared(base, { receivers: ['a', 'c', 'd', 'g'], threshold: 2, seed: 1 });
  const four = await reshared(two, { receivers: [...FIVE, 'g'], threshold: 4, seed: 2 });
  const last = await reshared(four, { receivers: four.holders, threshold: 4, seed: 3 });

  expect([two, four, last].map(key)).toEqual([base, base, base].map(key));
  expect(sign(base, last, last.shares.slice(1, 5))).toBe(true);
});

test('shares of two sharings together make no signature, and fewer than the new threshold none', async () => {
  const base = dealtSharing(smallSuite, 3, FIVE);
  const made = await reshared(base, { receivers: FIVE, threshold: 3 });
  const [, , three, four, five] = base.shares;
  if (three === undefined || four === undefined || five === undefined) throw new Error('five');

  expect(sign(base, made, made.shares.slice(0, 3))).toBe(true);
  expect(sign(base, base, [three, four, five])).toBe(true);
  expect(sign(base, made, [...made.shares.slice(0, 2), five])).toBe(false);
  expect(sign(base, base, [...made.shares.slice(0, 2), five])).toBe(false);
  expect(sign(base, made, made.shares.slice(0, 2))).toBe(false);
  expect(toHex(pointOf(smallSuite, [...made.shares.slice(0, 2), five]))).not.toBe(key(base));
});

test('the digest is over the facts and the bodies as they were signed, in order of dealers', async () => {
  const bodies = { [resharing.kinds.commit]: new Map(), [resharing.kinds.open]: new Map() };
  const base = dealtSharing(smallSuite, 2, ['a', 'b', 'c']);
  const run = await runReshare({
    sharing: smallSuite,
    base,
    dealers: ['a', 'c'],
    receivers: ['a', 'b', 'c'],
    threshold: 2,
    tamper: (from, _to, envelope) => {
      const { kind, content } = envelope;
      if (content?.$case === 'open') bodies[kind]?.set(from, content.value.body);
      return [envelope];
    },
  });
  const digests = run.outcomes.map((each) =>
    typeof each === 'object' && 'result' in each ? each.result?.digest : undefined,
  );

  const lists = Object.values(bodies).map((said) =>
    listItem([1, 3].map((dealer) => bytesItem(said.get(dealer)))),
  );
  const items = [bytesItem(run.sessionId), bytesItem(hashOfFacts(run.facts)), ...lists];
  expect(digests).toEqual(run.outcomes.map(() => xof('reshare', items, 32)));
});

test.each<[string, (facts: Parameters<typeof hashOfFacts>[0]) => Partial<typeof facts>]>([
  ['key', () => ({ keyId: 'another' })],
  ['request', () => ({ requestHash: new Uint8Array(32) })],
  ['base version', ({ base }) => ({ base: { ...base, version: 9 } })],
  ['base session', ({ base }) => ({ base: { ...base, sessionId: new Uint8Array(32) } })],
  ['threshold', () => ({ threshold: 3 })],
  ['node', ({ parties }) => ({ parties: parties.map((each) => ({ ...each, nodeId: 'x' })) })],
  ['auxiliary material', () => ({ auxDigest: new Uint8Array(32) })],
  [
    'dealer',
    ({ parties }) => ({ parties: parties.map((each) => ({ ...each, dealer: each.dealer + 1 })) }),
  ],
  [
    'receiver',
    ({ parties }) => ({
      parties: parties.map((each) => ({ ...each, receiver: each.receiver + 1 })),
    }),
  ],
  ['V', ({ base }) => ({ base: { ...base, V: base.V.toReversed() } })],
])('facts with another %s have another hash', async (_what, change) => {
  const { facts } = await runReshare({
    sharing: smallSuite,
    base: dealtSharing(smallSuite, 2, ['a', 'b', 'c']),
    receivers: ['a', 'b', 'c'],
    threshold: 2,
  });

  expect(hashOfFacts({ ...facts, ...change(facts) })).not.toEqual(hashOfFacts(facts));
});

test('lost messages only delay: repeated, they complete the sharing', async () => {
  let left = 9;
  const base = dealtSharing(smallSuite, 2, ['a', 'b', 'c']);
  const made = await reshared(base, {
    receivers: ['b', 'c', 'd'],
    threshold: 2,
    rounds: 4,
    tamper: (_from, _to, envelope) => {
      left -= 1;
      return left >= 0 ? [] : [envelope, envelope];
    },
  });

  expect(key(made)).toBe(key(base));
});

test('the kinds of its messages are no kinds of a key generation', () => {
  const kinds = Object.values(resharing.kinds);

  expect(kinds.filter((kind) => Object.values(keygen.kinds).includes(kind))).toEqual([]);
});
