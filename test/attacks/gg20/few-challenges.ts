import { modulo, randomBelow, RingPedersen } from '../../../src/crypto/index.js';
import { prmChallenge } from '../../../src/gg20/zk/prm.js';
import { gg20, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import {
  committedW,
  hopefulProof,
  negatedBases,
  Nh,
  parityOfW,
  place,
  powerOf,
  POWERS,
  refusalOf,
  remainder,
  rootOfT,
  smooth,
  SMOOTH,
  square,
  wide,
} from './bases.js';
import { ATTACKER, attacker, random, victim } from './pair.js';

/** TSSHOCK, c-split: one long challenge, of which the root’s degree is a divisor once in so many tries. */
function split(): Attempt {
  const [s, r] = [square(), SMOOTH[0] ?? 1n];
  const to = new RingPedersen(Nh, s, powerOf(s, r));
  const proof = hopefulProof(to);
  const [A, z] = [[...proof.A], [...proof.z]];
  for (;;) {
    const e = prmChallenge(wide, place, { to }, A).reduce(
      (sum, bit) => 2n * sum + (bit ? 1n : 0n),
      0n,
    );
    if (e % r === 0n) {
      z[0] = (z[0] ?? 0n) + e / r;
      break;
    }
    z[0] = (z[0] ?? 0n) + 1n;
    A[0] = modulo((A[0] ?? 0n) * to.t, Nh);
  }
  const refused = refusalOf(to, { A, z });
  if (refused !== undefined) return refused;
  const told = remainder(committedW(to), s, r);
  return unstopped(told === victim.own.w % r && `w of the victim modulo ${r}`);
}

/** TSSHOCK, c-guess: so few repetitions that all of their bits are guessed. */
function guess(): Attempt {
  const s = square();
  const t = powerOf(s, smooth);
  const to = new RingPedersen(Nh, s, t);
  for (let tries = 0; tries < 64; tries++) {
    const { A, z } = hopefulProof(to);
    const one = { A: A.slice(0, 1), z: z.slice(0, 1) };
    const attempt = rootOfT(t, s, one);
    if (attempt.stopped[0] !== `${ATTACKER} Pi_prm: every power is right`) return attempt;
  }
  return unstopped(undefined);
}

/** A product of all equations with small random exponents, for s = −t^lambda: right for half of them. */
function batch(): Attempt {
  const { trapdoor } = attacker.own;
  const to = negatedBases();
  let refused: Attempt | undefined;
  for (let tries = 0; tries < 20; tries++) {
    const { repetitions } = wide.profile;
    const masks = Array.from({ length: repetitions }, () => randomBelow(trapdoor.phi, random));
    const A = masks.map((a) => trapdoor.power(trapdoor.t, a));
    const bits = prmChallenge(wide, place, { to }, A);
    const z = masks.map((a, j) => modulo(bits[j] === true ? a + trapdoor.lambda : a, trapdoor.phi));
    refused = refusalOf(to, { A, z });
    if (refused === undefined) return unstopped(parityOfW(to));
  }
  return refused ?? unstopped(undefined);
}

const LENGTHS = gg20(
  'zk/prm.js',
  'A.length === repetitions && z.length === repetitions',
  'A.length === z.length',
);
const AS_LONG_AS_SENT = gg20(
  'zk/prm.js',
  "const { repetitions } = set.profile;\n    const bytes = challengeBytes('prm', context, challenged, repetitions / 8);",
  "const repetitions = A.length;\n    const bytes = challengeBytes('prm', context, challenged, Math.ceil(repetitions / 8));",
);

export const FEW_CHALLENGES: readonly Gg20Attack[] = [
  {
    row: 8,
    name: 'one long challenge, split by the degree of a root (c-split)',
    culprit: ATTACKER,
    stopped: 'Pi_prm: every power is right',
    removed: [
      gg20(
        'zk/prm.js',
        POWERS,
        'return j > 0 || mod.power(t, z[0]) === mod.multiply(A_j, mod.power(s, bits.reduce((sum, each) => 2n * sum + (each ? 1n : 0n), 0n)));',
      ),
    ],
    run: split,
  },
  {
    row: 9,
    name: 'one repetition, whose bit is guessed (c-guess)',
    culprit: ATTACKER,
    stopped: 'Pi_prm: both lists have their length',
    removed: [LENGTHS, AS_LONG_AS_SENT],
    run: guess,
  },
  {
    row: 9,
    name: 'empty lists, in which every equation holds',
    culprit: ATTACKER,
    stopped: 'Pi_prm: both lists have their length',
    removed: [
      LENGTHS,
      AS_LONG_AS_SENT,
      gg20(
        'zk/prm.js',
        'return (bits.length > 0 &&\n                    bits.every(',
        'return (\n                    bits.every(',
      ),
    ],
    run: () => {
      const s = square();
      return rootOfT(powerOf(s, smooth), s, { A: [], z: [] });
    },
  },
  {
    row: 12,
    name: 'one product of all equations, for s = −t^lambda',
    culprit: ATTACKER,
    stopped: 'Pi_prm: every power is right',
    removed: [
      gg20(
        'zk/prm.js',
        POWERS,
        `const r = (i) => (z[i] % 1009n) + 1n;
                        const sum = z.reduce((total, each, i) => total + r(i) * each, 0n);
                        const product = A.reduce((total, each, i) => mod.multiply(total, mod.power(bits[i] ? mod.multiply(each, s) : each, r(i))), 1n);
                        return j > 0 || mod.power(t, sum) === product;`,
      ),
    ],
    run: batch,
  },
];
