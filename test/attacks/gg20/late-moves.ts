import { modulo, randomScalar, randomUnit } from '../../../src/crypto/index.js';
import { checkRb, proveBobWc, proveSchnorr, verifySchnorr } from '../../../src/gg20/index.js';
import { aliceFirstMoves, aliceResponses, drawAliceMasks } from '../../../src/gg20/zk/alice.js';
import { bobWcChallenge } from '../../../src/gg20/zk/bob-wc.js';
import { rChallenge } from '../../../src/gg20/zk/r.js';
import { schnorrChallenge } from '../../../src/gg20/zk/schnorr.js';
import { faultTexts, gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { answersBy } from './oracle.js';
import {
  ATTACKER,
  attacker,
  attackersPlace,
  freshSsid,
  opened,
  q,
  random,
  round1Of,
  set,
  taken,
  victim,
} from './pair.js';

const { group } = set.curve;

/** The point that makes an equation hold: response·base − e·statement. */
function lastMove(base: unknown, response: bigint, e: bigint, statement: unknown): unknown {
  return group.sumOfProducts([
    [base, modulo(response, q)],
    [statement, modulo(-e, q)],
  ]);
}

/** The product of another factor than w, with a u that makes it look like w’s (tss-lib 42). */
function otherFactor(): Attempt {
  const { key, trapdoor } = victim.own;
  const { secrets, all } = opened();
  const ssid = freshSsid();
  const [x, y, r] = [attacker.own.w + 1n, 1n, randomUnit(key.N, random)];
  const ch = key.modNN.multiply(key.power(secrets.K, x), key.encrypt(y, r));
  const X = victim.facts.get(ATTACKER)?.W;
  const statement = { key, c1: secrets.K, c2: ch, to: trapdoor, X };
  const at = attackersPlace(ssid, 2);
  const made = proveBobWc(set, at, statement, { x, y, r }, random);
  const e = bobWcChallenge(set, at, statement, made);
  const proofWc = { ...made, u: lastMove(group.base, made.s1, e, X) };
  const got = taken(secrets, ssid, { ...answersBy(ssid, all), ch, proofWc });
  if ('stopped' in got) return got;
  const isOther = modulo(got.mu - y, q) === modulo(secrets.k * x, q);
  return unstopped(isOther && 'a product of k with another factor than w is taken');
}

/** Rb of another k, with a u1 that makes it look like K’s. */
function otherRb(): Attempt {
  const { key } = attacker.own;
  const to = victim.own.trapdoor;
  const [k, r] = [randomScalar(q, random), randomUnit(key.N, random)];
  const [K, R] = [key.encrypt(k, r), group.multiplyBase(77n)];
  const Rb = group.multiplySecret(R, k - 1n);
  const ssid = freshSsid();
  const at = attackersPlace(ssid, 5);
  const statement = { key, c: K, to, R, Rb };
  const masks = drawAliceMasks(set, statement, random);
  const first = { ...aliceFirstMoves(statement, k, masks), u1: group.base };
  const e = rChallenge(set, at, statement, first);
  const answered = aliceResponses(statement, { m: k, r }, masks, e);
  const proof = { ...first, ...answered, u1: lastMove(R, answered.s1, e, Rb) };
  const faults = checkRb(victim, ssid, R, ATTACKER, round1Of(K), { Rb }, { proof });
  return faults.length === 0
    ? unstopped('an Rb of another k than that of K is taken')
    : stoppedBy(...faultTexts(faults));
}
/** A Gamma whose logarithm nobody knows, with an A that makes up for it. */
function unknownGamma(): Attempt {
  const at = attackersPlace(freshSsid(), 4);
  const X = victim.PK;
  const made = proveSchnorr(set, at, { X }, 1n, random);
  const e = schnorrChallenge(set, at, { X }, made.A);
  const A = lastMove(group.base, made.z, e, X);
  const check = verifySchnorr(set, at, { X }, { ...made, A });
  return check === undefined
    ? unstopped('a Gamma made of others’, whose logarithm nobody knows')
    : stoppedBy(`${ATTACKER} Gamma: ${check}`);
}

export const LATE_MOVES: readonly Gg20Attack[] = [
  {
    row: 11,
    name: 'a u of Pi_bob_wc that is chosen after the challenge',
    culprit: ATTACKER,
    stopped: 'Pi_bob_wc: the commitment to x opens',
    removed: [
      gg20('zk/bob-wc.js', '[...common.firstMoves, ...points(first.u)]', '[...common.firstMoves]'),
    ],
    run: otherFactor,
  },
  {
    row: 11,
    name: 'a u1 of Pi_R that is chosen after the challenge',
    culprit: ATTACKER,
    stopped: 'Pi_R: the ciphertext opens',
    removed: [
      gg20(
        'zk/r.js',
        '[...modular(z), ...square(u), ...modular(w), ...points(u1)]',
        '[...modular(z), ...square(u), ...modular(w)]',
      ),
    ],
    run: otherRb,
  },
  {
    row: 11,
    name: 'an A of a logarithm’s proof that is chosen after the challenge',
    culprit: ATTACKER,
    stopped: 'Gamma: the logarithm is known',
    removed: [
      gg20(
        'zk/schnorr.js',
        '{ statement: points(X), firstMoves: points(A) }',
        '{ statement: points(X), firstMoves: [] }',
      ),
    ],
    run: unknownGamma,
  },
];
