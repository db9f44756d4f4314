import { describe, expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import { toHex } from '../../../../src/common/index.js';
import { inverse, modulo } from '../../../../src/crypto/index.js';
import { presignBodies, type PresignFailure } from '../../../../src/gg20/index.js';
import { SET_2048, smallSet } from '../../../support/builders/gg20.js';
import {
  presignAll,
  type PresignOutcome,
  type PresignTamper,
  type Sent,
} from '../../../support/builders/gg20-presign.js';
import { dealSigners, type TestKey } from '../../../support/builders/gg20-signers.js';

const set = smallSet();
const { group } = set.curve;
const q = group.order;

function secretsOf({ set: { curve } }: { set: typeof set }, secret: Uint8Array) {
  const k = curve.group.decodeScalar(secret.subarray(0, 32)) ?? 0n;
  const sigma = curve.group.decodeScalar(secret.subarray(32)) ?? 0n;
  return { k, sigma };
}

function presignatures(outcomes: ReadonlyMap<PartyIndex, PresignOutcome>) {
  return [...outcomes.values()].map((outcome) => {
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
    return outcome;
  });
}

function failuresOf(outcomes: ReadonlyMap<PartyIndex, PresignOutcome>) {
  return new Map(
    [...outcomes].flatMap(([i, outcome]): [PartyIndex, PresignFailure][] =>
      outcome.ok ? [] : [[i, outcome.failure]],
    ),
  );
}

describe.each<[string, readonly PartyIndex[]]>([
  ['two signers', [1, 2]],
  ['three signers', [1, 2, 3]],
  ['three signers of four, not the first', [2, 3, 4]],
])('%s', (_, signers) => {
  const key = dealSigners(set, 'small', signers);
  const made = presignatures(presignAll(key));

  test('come to one presignature with the same id', () => {
    expect(made).toHaveLength(signers.length);
    const ids = made.map(({ presignature }) => toHex(presignature.presigId));
    expect(new Set(ids).size).toBe(1);
  });

  test('share k and k·x: R is G/k, and each Rb and S is that of its signer', () => {
    const secrets = made.map(({ secret }) => secretsOf({ set }, secret));
    const k = modulo(
      secrets.reduce((sum, each) => sum + each.k, 0n),
      q,
    );
    const sigma = modulo(
      secrets.reduce((sum, each) => sum + each.sigma, 0n),
      q,
    );
    const presignature = made[0]?.presignature;
    if (presignature === undefined) throw new Error('a presignature');
    expect(presignature.R).toEqual(group.multiplyBase(inverse(k, q)));
    expect(sigma).toBe(modulo(k * key.x, q));
    for (const [at, j] of signers.entries()) {
      const points = presignature.points.get(j);
      expect(points?.Rb).toEqual(group.multiplyPublic(presignature.R, secrets[at]?.k ?? 0n));
      expect(points?.S).toEqual(group.multiplyPublic(presignature.R, secrets[at]?.sigma ?? 0n));
    }
  });

  test('with other randomness make another presignature', () => {
    const [again] = presignatures(presignAll(key, undefined, { seed: 10 }));
    expect(again?.presignature.presigId).not.toEqual(made[0]?.presignature.presigId);
    expect(again?.presignature.R).not.toEqual(made[0]?.presignature.R);
  });
});

const key = dealSigners(set, 'small', [1, 2, 3]);

/** Signer 2 sends something else in one message. */
function lies<N extends keyof Sent>(
  name: N,
  change: (value: Sent[N], to: PartyIndex) => Partial<Sent[N]>,
): PresignTamper {
  return (sent, from, to, value) => {
    const isIt: boolean = name === (sent as string);
    if (!isIt || from !== 2) return value;
    return { ...value, ...change(value as unknown as Sent[N], to) };
  };
}

const plus = (point: unknown): unknown => group.add(point, group.base);
const flipped = (hash: Uint8Array): Uint8Array =>
  hash.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
const NN = [...key.sessions.values()][1]?.own.key.modNN.value ?? 0n;

describe('a signer whose message fails a check is named, by every signer that can see it', () => {
  const everyone = [1, 3];
  test.each<[string, string, PresignTamper, readonly number[]]>([
    [
      'K of another k',
      'Pi_alice: the ciphertext opens',
      lies('round1', ({ K }) => ({ K: (K * 4n) % NN })),
      everyone,
    ],
    [
      'a wrong Pi_alice for one',
      'Pi_alice: s1 is in range',
      lies('round1Each', ({ proof }, to) =>
        to === 3 ? { proof: { ...proof, s1: 2n ** 183n + proof.s1 } } : {},
      ),
      [3],
    ],
    [
      'another commitment to Gamma',
      'Gamma opens its commitment',
      lies('round1', ({ commitment }) => ({ commitment: flipped(commitment) })),
      everyone,
    ],
    [
      'a product with gamma that its proof is not for',
      'Pi_bob: the commitment to x opens',
      lies('round2Each', ({ c }, to) => (to === 1 ? { c: c - 1n } : {})),
      [1],
    ],
    [
      'a product with w that its proof is not for',
      'Pi_bob_wc: the commitment to x opens',
      lies('round2Each', ({ ch }, to) => (to === 1 ? { ch: ch - 1n } : {})),
      [1],
    ],
    [
      'another T',
      'Pi_T: the commitment opens',
      lies('round3', ({ T }) => ({ T: plus(T) })),
      everyone,
    ],
    [
      'a list with another hash of round 1',
      'its private message of round 1 is the listed one',
      lies('round3', ({ hashes1: [a, b] }) => ({
        hashes1: [a ?? new Uint8Array(32), flipped(b ?? new Uint8Array(32))],
      })),
      [3],
    ],
    [
      'a list with another hash of round 2',
      'its private message of round 2 is the listed one',
      lies('round3', ({ hashes2: [a, b] }) => ({
        hashes2: [flipped(a ?? new Uint8Array(32)), b ?? new Uint8Array(32)],
      })),
      [1],
    ],
    [
      'another Gamma',
      'Gamma opens its commitment',
      lies('round4', ({ Gamma }) => ({ Gamma: plus(Gamma) })),
      everyone,
    ],
    [
      'another salt',
      'Gamma opens its commitment',
      lies('round4', ({ salt }) => ({ salt: flipped(salt) })),
      everyone,
    ],
    [
      'a Gamma whose logarithm is not shown',
      'Gamma: the logarithm is known',
      lies('round4', ({ proof }) => ({ proof: { ...proof, z: (proof.z + 1n) % q } })),
      everyone,
    ],
    [
      'another Rb',
      'Pi_R: the ciphertext opens',
      lies('round5', ({ Rb }) => ({ Rb: plus(Rb) })),
      everyone,
    ],
    ['another S', 'Pi_S: S opens', lies('round6', ({ S }) => ({ S: plus(S) })), everyone],
    [
      'a list with another hash of round 5',
      'its private message of round 5 is the listed one',
      lies('round6', ({ hashes5: [a, b] }) => ({
        hashes5: [a ?? new Uint8Array(32), flipped(b ?? new Uint8Array(32))],
      })),
      [3],
    ],
  ])('%s: “%s”', (_, check, tamper, seenBy) => {
    const failures = failuresOf(presignAll(key, tamper));
    expect([...failures.keys()].filter((i) => i !== 2)).toEqual(seenBy);
    for (const i of seenBy) {
      expect(failures.get(i)).toEqual({ kind: 'faults', faults: [{ culprit: 2, check }] });
    }
  });
});

describe('sums that are wrong though every message is right by itself', () => {
  test('a wrong delta is found when the Rb do not add up to G: type 5', () => {
    const tamper = lies('round3', ({ delta }) => ({ delta: (delta + 1n) % q }));
    expect([...failuresOf(presignAll(key, tamper)).values()]).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'type-5' })),
    );
  });

  test('deltas that add up to 0 are of type 5 at once', () => {
    const deltas = new Map<PartyIndex, bigint>();
    presignAll(key, (name, from, _, value) => {
      if (name === 'round3') deltas.set(from, (value as Sent['round3']).delta);
      return value;
    });
    const rest = (deltas.get(1) ?? 0n) + (deltas.get(3) ?? 0n);
    const tamper = lies('round3', () => ({ delta: modulo(-rest, q) }));
    expect([...failuresOf(presignAll(key, tamper)).values()]).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'type-5' })),
    );
  });

  test('S that do not add up to the key are of type 7', () => {
    const other = group.multiplyBase(5n);
    const sessions = [...key.sessions].map(
      ([i, session]) => [i, { ...session, PK: other }] as const,
    );
    const wrong: TestKey = { ...key, sessions: new Map(sessions) };
    expect([...failuresOf(presignAll(wrong)).values()]).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'type-7' })),
    );
  });
});

test('the bodies of one presignature have their sizes, at 2048 bits and three signers', () => {
  const bodies = presignBodies(SET_2048, 3);
  const sizes = Object.fromEntries(
    Object.entries(bodies).map(([name, { byteLength }]) => [name, byteLength]),
  );
  expect(sizes).toEqual({
    round1: 639,
    round1Each: 1779,
    round2Each: 6770,
    round3: 371,
    round4: 193,
    round5: 78,
    round5Each: 1812,
    round6: 290,
  });
});

test('a body is read only as it is written', () => {
  const bodies = presignBodies(set, 3);
  const round1 = {
    commitment: new Uint8Array(32).fill(1),
    K: 77n,
    rid: new Uint8Array(32).fill(2),
  };
  const bytes = bodies.round1.encode(round1);
  expect(bodies.round1.decode(bytes)).toEqual(round1);
  expect(bodies.round1.decode(bytes.subarray(1))).toBeUndefined();
  expect(bodies.round1.decode(Uint8Array.of(...bytes, 0))).toBeUndefined();
  const otherLabel = presignBodies(set, 3).round5.encode({ Rb: group.base });
  expect(bodies.round1.decode(otherLabel)).toBeUndefined();
  // Every byte before an item is fixed: prefix, label, count, tag and length.
  const heads = bytes.length - 32 - 256 - 32;
  let refused = 0;
  for (const at of bytes.keys()) {
    const changed = bytes.map((byte, i) => (i === at ? byte ^ 0x40 : byte));
    if (bodies.round1.decode(changed) === undefined) refused += 1;
  }
  expect(refused).toBe(heads);
});
