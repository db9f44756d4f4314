import { expect, test } from '@jest/globals';
import { toHex } from '../../src/common/index.js';
import {
  isPrime,
  Modulus,
  PaillierSecretKey,
  randomBelow,
  randomScalar,
  randomUnit,
  RingPedersen,
  RingPedersenTrapdoor,
  sha256,
} from '../../src/crypto/index.js';
import {
  aliceLayout,
  bobWcLayout,
  EVERYONE,
  facLayout,
  modulusChecks,
  PROFILES,
  proveAlice,
  proveBobWc,
  proveFac,
  proveMod,
  provePrm,
  proveR,
  proveS,
  rLayout,
  sLayout,
  verifyAlice,
  verifyFac,
  verifyMod,
  verifyPrm,
} from '../../src/gg20/index.js';
import { seededRandom } from '../support/builders/frost-exchange.js';
import { SET_2048, testMaterial } from '../support/builders/gg20.js';
import { TSS_LIB_PARTY_0 } from './tss-lib.js';

const { paillier, ringPedersen } = TSS_LIB_PARTY_0;
const random = seededRandom(1);
const context = { ssid: new Uint8Array(32).fill(7), prover: 1, verifier: 2, round: 1 };

test('tss-lib: moduli, factors and bases belong together by our arithmetic', () => {
  const [p, q] = [2n * ringPedersen.P + 1n, 2n * ringPedersen.Q + 1n];
  const { NTilde, H1, H2, Alpha, Beta } = ringPedersen;
  const modulus = new Modulus(NTilde);

  expect(paillier.P * paillier.Q).toBe(paillier.N);
  expect(p * q).toBe(NTilde);
  expect([p, q, ringPedersen.P, ringPedersen.Q].every(isPrime)).toBe(true);
  expect(modulus.power(H1, Alpha)).toBe(H2);
  expect(modulus.power(H2, Beta)).toBe(H1);
  expect(RingPedersenTrapdoor.of(p, q, H2, Beta, random).s).toBe(H1);
});

test('tss-lib: a Paillier key of theirs passes the checks, encrypts, and has valid proofs', () => {
  const key = new PaillierSecretKey(paillier.P, paillier.Q);
  const to = testMaterial('P2048', 1).trapdoor;
  const failed = modulusChecks(PROFILES.P2048, key.N).filter(({ holds }) => !holds());
  const mod = proveMod(SET_2048, context, { key }, random);
  const fac = proveFac(SET_2048, context, key, to, random);

  expect(failed).toEqual([]);
  expect(key.decryptSigned(key.encrypt(-12_345n, randomUnit(key.N, random)))).toBe(-12_345n);
  expect(verifyMod(SET_2048, context, { key }, mod)).toBeUndefined();
  expect(verifyFac(SET_2048, context, { N0: key.N, to }, fac)).toBeUndefined();
});

test('tss-lib: commitment bases of theirs have a valid proof, and verify a range proof', () => {
  const [p, q] = [2n * ringPedersen.P + 1n, 2n * ringPedersen.Q + 1n];
  const trapdoor = RingPedersenTrapdoor.of(p, q, ringPedersen.H2, ringPedersen.Beta, random);
  const to = new RingPedersen(ringPedersen.NTilde, ringPedersen.H1, ringPedersen.H2);
  const prm = provePrm(SET_2048, context, trapdoor, random);
  const { key } = testMaterial('P2048', 1);
  const [m, r] = [randomScalar(SET_2048.curve.group.order, random), randomUnit(key.N, random)];
  const statement = { key, c: key.encrypt(m, r), to };
  const alice = proveAlice(SET_2048, context, statement, { m, r }, random);

  expect(verifyPrm(SET_2048, context, { to }, prm)).toBeUndefined();
  expect(verifyAlice(SET_2048, context, { ...statement, to: trapdoor }, alice)).toBeUndefined();
});

/** Ours: nobody else has transcripts of these bytes. SHA-256 of proofs from fixed primes and seeded randomness. */
const OWN: Readonly<Record<string, string>> = {
  alice: '7984c2e5a6306c31e0d6e190df1fe6ec64765fec8b3261bb7dd1fffe6b79892d',
  'bob-wc': '8813d0e531e301a03b98096d4ca4b6d55b5470674d2f7ae8cab663b248c9a7ec',
  fac: 'd0ddbe27044c9ae86de7a9b5f772de56ed70ef241971580e7ed204b1f66c8651',
  R: '0ac20c200304f9e72a4937d28f529760d7242522a08777c7d00cbe617950f479',
  S: '8e773f748d636a6dc23bcabb7bbcad4f5cdf51b9d75e1ceb9a3e38d6ac8500af',
};

test('ours: proofs from fixed primes and randomness have the bytes that they had', () => {
  const fixed = seededRandom(2048);
  const { group, H } = SET_2048.curve;
  const [mine, theirs] = [testMaterial('P2048', 1), testMaterial('P2048', 2)];
  const m = randomScalar(group.order, fixed);
  const y = randomBelow(SET_2048.ranges.beta, fixed);
  const r = randomUnit(mine.key.N, fixed);
  const c = mine.key.encrypt(m, r);
  const c2 = mine.key.modNN.multiply(mine.key.power(c, m), mine.key.encrypt(y, r));
  const [R, X] = [group.multiplyBase(77n), group.multiplyBase(m)];
  const T = group.add(X, group.multiplySecret(H, 5n));
  const to = theirs.trapdoor;
  const alice = { key: mine.key, c, to };
  const bob = { key: mine.key, c1: c, c2, to: mine.trapdoor, X };
  const everyone = { ...context, verifier: EVERYONE };
  const points = { R, S: group.multiplySecret(R, m), T };
  const proofs = {
    alice: aliceLayout(SET_2048).encode(proveAlice(SET_2048, context, alice, { m, r }, fixed)),
    'bob-wc': bobWcLayout(SET_2048).encode(
      proveBobWc(SET_2048, context, bob, { x: m, y, r }, fixed),
    ),
    fac: facLayout(SET_2048).encode(proveFac(SET_2048, context, mine.key, to, fixed)),
    R: rLayout(SET_2048).encode(
      proveR(SET_2048, context, { ...alice, R, Rb: group.multiplySecret(R, m) }, { m, r }, fixed),
    ),
    S: sLayout(SET_2048).encode(proveS(SET_2048, everyone, points, { sigma: m, l: 5n }, fixed)),
  };

  const hashes = Object.entries(proofs).map(([name, bytes]) => [name, toHex(sha256(bytes))]);
  expect(Object.fromEntries(hashes)).toEqual(OWN);
});
