import { ownMaterial } from '../../../src/gg20/index.js';
import { plainPower } from '../../support/adversary/gg20-moduli.js';
import { TEST_PRIMES } from '../../vectors/gg20-primes.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import {
  hopefulProof,
  negatedBases,
  P,
  parityOfW,
  powerOf,
  POWERS,
  Q,
  refusalOf,
  rootOfT,
  smooth,
  SMOOTH,
  square,
} from './bases.js';
import { ATTACKER, random, set } from './pair.js';

function negated(): Attempt {
  const to = negatedBases();
  return refusalOf(to, hopefulProof(to)) ?? unstopped(parityOfW(to));
}

/** A generator of primes that asks for primes alone. */
function unsafePrimes(): Attempt {
  const [first] = TEST_PRIMES.small;
  if (first === undefined) throw new Error('there are primes');
  try {
    const { paillier } = first;
    const { trapdoor } = ownMaterial(set.profile, { paillier, ringPedersen: [P, Q] }, random);
    const { t } = trapdoor;
    const isSmall = SMOOTH.filter((r) => plainPower(t, (P - 1n) / r, P) !== 1n);
    return unstopped(isSmall.length > 0 && `bases of a group with ${isSmall.length} small parts`);
  } catch (error) {
    return stoppedBy(String(error));
  }
}

const ALL_POWERS = gg20('zk/prm.js', POWERS, 'return true;');
export const FALSE_BASES: readonly Gg20Attack[] = [
  {
    row: 7,
    name: 't = 1, and nothing hides w in one answer',
    culprit: ATTACKER,
    stopped: 'Pi_prm: s and t are no trivial elements',
    removed: [
      gg20(
        'zk/prm.js',
        'return failedCheck(prmChecks(set, context, statement, proof));',
        'return undefined;',
      ),
    ],
    run: () => rootOfT(1n, square()),
  },
  {
    row: 7,
    name: 's = −t^lambda tells whether w is odd',
    culprit: ATTACKER,
    stopped: 'Pi_prm: every power is right',
    removed: [ALL_POWERS],
    run: negated,
  },
  {
    row: 7,
    name: 's is a root of t, and one answer tells w',
    culprit: ATTACKER,
    stopped: 'Pi_prm: every power is right',
    removed: [ALL_POWERS],
    run: () => {
      const s = square();
      return rootOfT(powerOf(s, smooth), s);
    },
  },
  {
    row: 35,
    name: 'primes of Nh that are not safe',
    stopped: 'Bug: Ring-Pedersen’s primes are safe primes',
    removed: [
      gg20(
        'own-material.js',
        'ringPedersen.every((prime) => isPrime(prime) && isPrime((prime - 1n) / 2n))',
        'ringPedersen.every((prime) => isPrime(prime))',
      ),
    ],
    run: unsafePrimes,
  },
];
