import { inverse, modulo, randomUnit } from '../../../src/crypto/index.js';
import {
  proveAlice,
  proveBob,
  proveBobWc,
  type AliceProof,
  type BobProof,
} from '../../../src/gg20/index.js';
import {
  aliceChallenge,
  aliceFirstMoves,
  aliceResponses,
  drawAliceMasks,
} from '../../../src/gg20/zk/alice.js';
import {
  bobChallenge,
  bobFirstMoves,
  bobResponses,
  drawBobMasks,
} from '../../../src/gg20/zk/bob.js';
import { crypto, gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { smallFactor } from './lattice.js';
import { answersBy, topBitOf } from './oracle.js';
import {
  answersTo,
  ATTACKER,
  attacker,
  attackersPlace,
  opened,
  q,
  random,
  set,
  freshSsid,
  taken,
  victim,
} from './pair.js';

const { key } = attacker.own;
const { key: alices, trapdoor } = victim.own;
const to = victim.facts.get(1)?.to ?? trapdoor;

const S1_OF_ALICE = gg20(
  'zk/alice.js',
  "s1 <= ranges.mask },\n        { name: 's2 is in range', holds: () => s2 <= 2n * ranges",
  "true },\n        { name: 's2 is in range', holds: () => s2 <= 2n * ranges",
);
const S1_OF_BOB = gg20(
  'zk/bob.js',
  "s1 <= ranges.mask },\n        { name: 't1 is in range'",
  "true },\n        { name: 't1 is in range'",
);
const T1_OF_BOB = gg20('zk/bob.js', 't1 <= ranges.betaMask', 'true');

/** The proof of a plaintext, whatever it is: a prover checks its ciphertext, and no range. */
function proofOf(c: bigint, m: bigint, r: bigint): AliceProof {
  const at = attackersPlace(attacker.ssid0, 1);
  return proveAlice(set, at, { key, c, to }, { m, r }, random);
}

/** Asks with a plaintext of the attacker’s choice; the victim’s mask is below q^5. */
function largeK(): Attempt {
  const k = 2n * q ** 5n;
  const r = randomUnit(key.N, random);
  const K = key.encrypt(k, r);
  const asked = answersTo(K, proofOf(K, k, r));
  if ('stopped' in asked) return asked;
  const w = key.decryptSigned(asked.answers.ch) / k;
  return unstopped(w === victim.own.w && 'w of the victim, from one answer');
}

/** s1 is alpha alone where m is 0. */
function boundaryOfS1(): Attempt {
  const r = randomUnit(key.N, random);
  const statement = { key, c: key.encrypt(0n, r), to };
  const masks = { ...drawAliceMasks(set, statement, random), alpha: q ** 3n + 1n };
  const first = aliceFirstMoves(statement, 0n, masks);
  const e = aliceChallenge(set, attackersPlace(attacker.ssid0, 1), statement, first);
  const proof = { ...first, ...aliceResponses(statement, { m: 0n, r }, masks, e) };
  const asked = answersTo(statement.c, proof);
  return 'stopped' in asked ? asked : unstopped('a proof with s1 = q^3 + 1 is taken');
}

function boundaryOfT1(): Attempt {
  const { secrets, all } = opened();
  const ssid = freshSsid();
  const honest = answersBy(ssid, all);
  const [r, x] = [randomUnit(alices.N, random), 5n];
  const c = alices.modNN.multiply(alices.power(secrets.K, x), alices.encrypt(0n, r));
  const statement = { key: alices, c1: secrets.K, c2: c, to };
  const masks = { ...drawBobMasks(set, statement, random), gamma: q ** 7n + 1n };
  const witness = { x, y: 0n, r };
  const first = bobFirstMoves(statement, witness, masks);
  const e = bobChallenge(set, attackersPlace(ssid, 2), statement, first);
  const proof: BobProof = { ...first, ...bobResponses(statement, witness, masks, e) };
  const got = taken(secrets, ssid, { ...honest, c, proof });
  return 'stopped' in got ? got : unstopped('a proof with t1 = q^7 + 1 is taken');
}

/** w + q·M, of about N/q: its product with k wraps around N/2 if k is above q/2. */
function largeFactor(): Attempt {
  const { w } = attacker.own;
  const x = w + q * (alices.N / q / q);
  return topBitOf('mu', (secrets, ssid, honest) => {
    const [y, r] = [1n, randomUnit(alices.N, random)];
    const ch = alices.modNN.multiply(alices.power(secrets.K, x), alices.encrypt(y, r));
    const statement = { key: alices, c1: secrets.K, c2: ch, to, X: victim.facts.get(2)?.W };
    const at = attackersPlace(ssid, 2);
    const proofWc = proveBobWc(set, at, statement, { x, y, r }, random);
    return { answers: { ...honest, ch, proofWc }, right: (k) => k * w + y };
  });
}

/** N/2 less what the product is at k = q/2: above it, it wraps. */
function largeAddend(): Attempt {
  const gamma = q - 2n;
  const y = alices.N / 2n - (q / 2n) * gamma;
  return topBitOf('alpha', productWith(gamma, y));
}

/** With the factor −1 and the addend q/2 the sum is negative if k is above q/2. */
function negativeFactor(): Attempt {
  return topBitOf('alpha', productWith(-1n, q / 2n));
}

function productWith(x: bigint, y: bigint): Parameters<typeof topBitOf>[1] {
  return (secrets, ssid, honest) => {
    const r = randomUnit(alices.N, random);
    const c = alices.modNN.multiply(alices.power(secrets.K, x), alices.encrypt(y, r));
    const statement = { key: alices, c1: secrets.K, c2: c, to };
    const proof = proveBob(set, attackersPlace(ssid, 2), statement, { x, y, r }, random);
    return { answers: { ...honest, c, proof }, right: (k) => x * k + y };
  };
}

/** A ciphertext that nobody encrypted: its plaintext is as long as N, and is known to whoever has the primes. */
function four(): Attempt {
  const K = 4n;
  const k = modulo(key.decryptSigned(K), key.N);
  const asked = answersTo(K, proofOf(K, k, key.nonceOf(K, k)));
  if ('stopped' in asked) return asked;
  const mu = modulo(key.decryptSigned(asked.answers.ch), key.N);
  const w = smallFactor(k, mu, key.N, q ** 4n);
  return unstopped(w === victim.own.w && 'w of the victim, from one answer');
}

/**
 * 0, N, and a number that is 0 modulo p²: with u and sp that are 0 in the same places, the equation of the ciphertext says 0 = 0
 * there.
 */
function nothingEncrypted(): Attempt {
  const { first, second } = key.primes;
  const [pp, qq] = [first.value ** 2n, second.value ** 2n];
  const half = pp * inverse(pp, qq);
  const kinds: readonly (readonly [K: bigint, zero: bigint])[] = [
    [0n, 0n],
    [key.N, 0n],
    [half, half],
  ];
  const stopped: string[] = [];
  for (const [K, zero] of kinds) {
    const statement = { key, c: K, to };
    const masks = drawAliceMasks(set, statement, random);
    const moved = aliceFirstMoves(statement, 0n, masks);
    const moves = { ...moved, u: modulo(moved.u * zero, pp * qq) };
    const e = aliceChallenge(set, attackersPlace(attacker.ssid0, 1), statement, moves);
    const answered = aliceResponses(statement, { m: 0n, r: 1n }, masks, e);
    const proof = { ...moves, ...answered, sp: modulo(answered.sp * zero, key.N) };
    const asked = answersTo(K, proof);
    if (!('stopped' in asked)) return unstopped('answers to a number that encrypts nothing');
    stopped.push(...asked.stopped);
  }
  return stoppedBy(...stopped);
}

export const LARGE_NUMBERS: readonly Gg20Attack[] = [
  {
    row: 1,
    name: 'a k above every mask makes one answer tell w',
    culprit: ATTACKER,
    stopped: 'Pi_alice: s1 is in range',
    removed: [S1_OF_ALICE],
    run: largeK,
  },
  {
    row: 1,
    name: 's1 is q^3 + 1',
    culprit: ATTACKER,
    stopped: 'Pi_alice: s1 is in range',
    removed: [S1_OF_ALICE],
    run: boundaryOfS1,
  },
  {
    row: 1,
    name: 't1 is q^7 + 1',
    culprit: ATTACKER,
    stopped: 'Pi_bob: t1 is in range',
    removed: [T1_OF_BOB],
    run: boundaryOfT1,
  },
  {
    row: 1,
    name: 'a factor of about N/q, whose product wraps for half of all k',
    culprit: ATTACKER,
    stopped: 'Pi_bob_wc: s1 is in range',
    removed: [S1_OF_BOB],
    run: largeFactor,
  },
  {
    row: 2,
    name: 'an addend of about N/2, whose sum wraps for half of all k',
    culprit: ATTACKER,
    stopped: 'Pi_bob: t1 is in range',
    removed: [T1_OF_BOB],
    run: largeAddend,
  },
  {
    row: 14,
    name: 'a factor of −1, whose sum is negative for half of all k',
    stopped: 'no answer depends on k',
    removed: [crypto('paillier.js', 'return m > this.N / 2n ? m - this.N : m;', 'return m;')],
    run: negativeFactor,
  },
  {
    row: 15,
    name: 'K = 4 makes one answer tell w',
    culprit: ATTACKER,
    stopped: 'Pi_alice: s1 is in range',
    removed: [S1_OF_ALICE],
    run: four,
  },
  {
    row: 15,
    name: 'K = 0, K = N and a multiple of p²',
    culprit: ATTACKER,
    stopped: 'Pi_alice: c is a ciphertext',
    removed: [
      gg20(
        'zk/alice.js',
        "holds: () => key.isCiphertext(c) },\n        { name: 'u and sp are units', holds: () => key.isCiphertext(u) && isUnit(sp, key.N) }",
        "holds: () => true },\n        { name: 'u and sp are units', holds: () => true }",
      ),
    ],
    run: nothingEncrypted,
  },
];
