import { randomBelow, randomScalar, randomUnit } from '../../../src/crypto/index.js';
import { proveAlice } from '../../../src/gg20/index.js';
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
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack, Removal } from './attack.js';
import { answersTo, attacker, attackersPlace, q, random, set, VICTIM, victim } from './pair.js';

const { key } = attacker.own;
const to = victim.facts.get(VICTIM)?.to ?? victim.own.trapdoor;
const { Nh } = to;
const place = attackersPlace(attacker.ssid0, 1);

/** A response e·secret + mask, and the bound below which the secret was drawn. */
type Response = {
  readonly e: bigint;
  readonly response: bigint;
  readonly secret: bigint;
  readonly bound: bigint;
};

/** Of a guess that is right to so many bits of the secret's range nothing but a short mask is the reason. */
const RIGHT_BITS = 20n;

/** A verifier divides a response by the challenge. */
function quotient({ e, response, secret, bound }: Response): Attempt {
  const guess = response / e;
  const distance = guess > secret ? guess - secret : secret - guess;
  return distance << RIGHT_BITS < bound
    ? unstopped(`the first ${RIGHT_BITS} bits of the secret`)
    : stoppedBy('the quotient is nothing like the secret');
}

function ofAlice(): Readonly<Record<'s1' | 's2', Response>> {
  const [m, r] = [randomScalar(q, random), randomUnit(key.N, random)];
  const statement = { key, c: key.encrypt(m, r), to };
  const masks = drawAliceMasks(set, statement, random);
  const first = aliceFirstMoves(statement, m, masks);
  const e = aliceChallenge(set, place, statement, first);
  const { s1, s2 } = aliceResponses(statement, { m, r }, masks, e);
  return {
    s1: { e, response: s1, secret: m, bound: q },
    s2: { e, response: s2, secret: masks.rho, bound: q * Nh },
  };
}

function ofBob(): Readonly<Record<'s1' | 's2' | 't1' | 't2', Response>> {
  const [x, y] = [randomScalar(q, random), randomBelow(q ** 5n, random)];
  const [c1, r] = [key.encrypt(5n, randomUnit(key.N, random)), randomUnit(key.N, random)];
  const c2 = key.modNN.multiply(key.power(c1, x), key.encrypt(y, r));
  const statement = { key, c1, c2, to };
  const masks = drawBobMasks(set, statement, random);
  const first = bobFirstMoves(statement, { x, y, r }, masks);
  const e = bobChallenge(set, place, statement, first);
  const { s1, s2, t1, t2 } = bobResponses(statement, { x, y, r }, masks, e);
  return {
    s1: { e, response: s1, secret: x, bound: q },
    s2: { e, response: s2, secret: masks.rho, bound: q * Nh },
    t1: { e, response: t1, secret: y, bound: q ** 5n },
    t2: { e, response: t2, secret: masks.sigma, bound: q * Nh },
  };
}

/** What another place has in the same words, so that one of both is meant. */
const OF_ALICE =
  ',\n        beta: randomUnit(key.N, random),\n        gamma: randomBelow(ranges.openingMask';
const OF_BOB =
  ',\n        beta: randomUnit(key.N, random),\n        gamma: randomBelow(ranges.betaMask';

const SHORT: readonly (readonly [name: string, removed: Removal, response: () => Response])[] = [
  [
    'of k, from [0, q)',
    gg20(
      'zk/alice.js',
      `alpha: randomBelow(ranges.mask, random)${OF_ALICE}`,
      `alpha: randomBelow(ranges.opening, random)${OF_ALICE}`,
    ),
    () => ofAlice().s1,
  ],
  [
    'of the opening of k, from [0, q·Nh)',
    gg20(
      'zk/alice.js',
      'gamma: randomBelow(ranges.openingMask * to.Nh, random)',
      'gamma: randomBelow(ranges.opening * to.Nh, random)',
    ),
    () => ofAlice().s2,
  ],
  [
    'of w, from [0, q)',
    gg20(
      'zk/bob.js',
      `alpha: randomBelow(ranges.mask, random)${OF_BOB}`,
      `alpha: randomBelow(ranges.opening, random)${OF_BOB}`,
    ),
    () => ofBob().s1,
  ],
  [
    'of the opening of w, from [0, q·Nh)',
    gg20(
      'zk/bob.js',
      'rho1: randomBelow(ranges.openingMask * to.Nh, random)',
      'rho1: randomBelow(ranges.opening * to.Nh, random)',
    ),
    () => ofBob().s2,
  ],
  [
    'of beta’, from [0, q^5)',
    gg20(
      'zk/bob.js',
      'gamma: randomBelow(ranges.betaMask, random)',
      'gamma: randomBelow(ranges.beta, random)',
    ),
    () => ofBob().t1,
  ],
  [
    'tau from [0, q·Nh), as of 2019',
    gg20(
      'zk/bob.js',
      'tau: randomBelow(ranges.openingMask * to.Nh, random)',
      'tau: randomBelow(ranges.opening * to.Nh, random)',
    ),
    () => ofBob().t2,
  ],
];

/** The attacker's k is right: it divides what it decrypts by it. */
function dividedAnswer(): Attempt {
  const [k, r] = [q - 5n, randomUnit(key.N, random)];
  const K = key.encrypt(k, r);
  const asked = answersTo(K, proveAlice(set, place, { key, c: K, to }, { m: k, r }, random));
  if ('stopped' in asked) return asked;
  const { w } = victim.own;
  const guess = key.decryptSigned(asked.answers.ch) / k;
  return guess === w || guess === w + 1n
    ? unstopped('w of the victim, from one answer')
    : stoppedBy('the quotient is nothing like the secret');
}

export const SHORT_MASKS: readonly Gg20Attack[] = [
  {
    row: 2,
    name: 'an addend nu’ from [0, q) makes one answer tell w',
    stopped: 'the quotient is nothing like the secret',
    removed: [
      gg20(
        'presign/round2.js',
        'product(set.ranges.beta, key, K, own.w, random)',
        'product(set.ranges.opening, key, K, own.w, random)',
      ),
    ],
    run: dividedAnswer,
  },
  ...SHORT.map(([name, removed, response]): Gg20Attack => ({
    row: 13,
    name: `a mask ${name}`,
    stopped: 'the quotient is nothing like the secret',
    removed: [removed],
    run: () => quotient(response()),
  })),
];
