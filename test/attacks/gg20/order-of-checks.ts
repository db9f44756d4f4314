import { inverse, modulo, PaillierSecretKey } from '../../../src/crypto/index.js';
import { bobChallenge, bobFirstMoves, drawBobMasks } from '../../../src/gg20/zk/bob.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { combined, groundProof } from './ground.js';
import { answersBy } from './oracle.js';
import {
  answersTo,
  ATTACKER,
  attacker,
  attackersPlace,
  freshSsid,
  opened,
  random,
  sessionOf,
  set,
  taken,
  THIRD,
  victim,
} from './pair.js';

/** Their product is above q. */
const PRIMES = [1019n, 1031n, 1039n, 1051n, 1063n, 1087n, 1091n];

/**
 * One proof of K for all, under the commitments of a third party, who gives its trapdoor away: an r-th root of s makes 1/r look like a
 * small number. The answer to it tells w modulo r.
 */
function proofForAnother(): Attempt {
  const { key } = attacker.own;
  const { trapdoor } = sessionOf(THIRD).own;
  const place = { ...attackersPlace(victim.ssid0, 1), verifier: THIRD };
  const remainders: [bigint, bigint][] = [];
  for (const r of PRIMES) {
    const root = trapdoor.power(trapdoor.t, trapdoor.lambda * inverse(r, trapdoor.phi));
    const { K, proof } = belowOwn(() =>
      groundProof({
        place,
        key,
        to: trapdoor,
        r,
        k: inverse(r, key.N),
        root,
        response: (e) => e / r,
      }),
    );
    const asked = answersTo(K, proof);
    if ('stopped' in asked) return asked;
    const sum = modulo(r * key.decryptSigned(asked.answers.ch), key.N);
    remainders.push([modulo(sum, r), r]);
  }
  const isRight = combined(remainders) === victim.own.w;
  return unstopped(isRight && `w of the victim, from ${PRIMES.length} answers`);
}

/** Made again until its first moves are below the victim’s Nh too, which another’s are half of the time. */
function belowOwn(make: () => ReturnType<typeof groundProof>): ReturnType<typeof groundProof> {
  const { Nh } = victim.own.trapdoor;
  for (;;) {
    const made = make();
    if (made.proof.z < Nh && made.proof.w < Nh) return made;
  }
}

/** An answer of 0, with 0 where the equation of the ciphertext would tell: what is decrypted is no ciphertext. */
function zeroAnswer(): Attempt {
  const { secrets, all } = opened();
  const ssid = freshSsid();
  const { key, trapdoor } = victim.own;
  const statement = { key, c1: secrets.K, c2: 0n, to: trapdoor };
  const masks = drawBobMasks(set, statement, random);
  const first = { ...bobFirstMoves(statement, { x: 0n, y: 0n, r: 1n }, masks), v: 0n };
  const e = bobChallenge(set, attackersPlace(ssid, 2), statement, first);
  const { alpha, gamma, rho, rho1, sigma, tau } = masks;
  const [s2, t2] = [e * rho + rho1, e * sigma + tau];
  const proof = { ...first, sp: 0n, s1: alpha, s2, t1: gamma, t2 };
  try {
    const got = taken(secrets, ssid, { ...answersBy(ssid, all), c: 0n, proof });
    return 'stopped' in got ? got : unstopped('0 is decrypted');
  } catch (error) {
    return unstopped(`an end without a culprit: ${String(error)}`);
  }
}

/** The key of a victim who counts what it decrypts. */
class CountingKey extends PaillierSecretKey {
  decrypted = 0;

  override decryptSigned(c: bigint): bigint {
    this.decrypted += 1;
    return super.decryptSigned(c);
  }
}

/** The second of two proofs is wrong: the first product is not decrypted for its sake. */
function secondProofWrong(): Attempt {
  const { first, second } = victim.own.key.primes;
  const key = new CountingKey(first.value, second.value);
  const session = { ...victim, own: { ...victim.own, key } };
  const { secrets, all } = opened(session);
  const ssid = freshSsid();
  const honest = answersBy(ssid, all);
  const proofWc = { ...honest.proofWc, s1: honest.proofWc.s1 + 1n };
  const got = taken(secrets, ssid, { ...honest, proofWc }, session);
  const decrypted = key.decrypted > 0 && `${key.decrypted} plaintexts before the proofs held`;
  return decrypted !== false || !('stopped' in got)
    ? unstopped(decrypted)
    : stoppedBy(...got.stopped);
}

export const ORDER_OF_CHECKS: readonly Gg20Attack[] = [
  {
    row: 38,
    name: 'one proof of K under the commitments of another verifier makes seven answers tell w',
    culprit: ATTACKER,
    stopped: 'Pi_alice: the ciphertext opens',
    removed: [
      gg20(
        'presign/round2.js',
        'c: K, to: own.trapdoor };\n    const check = verifyAlice(set, place(ssid0, j, index, 1)',
        `c: K, to: of(facts, ${THIRD}).to };\n    const check = verifyAlice(set, place(ssid0, j, ${THIRD}, 1)`,
      ),
    ],
    run: proofForAnother,
  },
  {
    row: 38,
    name: 'an answer of 0',
    culprit: ATTACKER,
    stopped: 'Pi_bob: c1 and c2 are ciphertexts',
    removed: [
      gg20(
        'zk/bob.js',
        'holds: () => key.isCiphertext(c1) && key.isCiphertext(c2)',
        'holds: () => true',
      ),
      gg20(
        'zk/bob.js',
        'holds: () => key.isCiphertext(v) && isUnit(sp, key.N)',
        'holds: () => true',
      ),
    ],
    run: zeroAnswer,
  },
  {
    row: 38,
    name: 'one of two answers is decrypted before the other’s proof holds',
    culprit: ATTACKER,
    stopped: 'Pi_bob_wc: the commitment to x opens',
    removed: [
      gg20(
        'presign/round3.js',
        'const common = { key: own.key, c1: K, to: own.trapdoor };',
        'const common = { key: own.key, c1: K, to: own.trapdoor };\n    own.key.decryptSigned(c);',
      ),
    ],
    run: secondProofWrong,
  },
];
