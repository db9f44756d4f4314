import { describe, expect, test } from '@jest/globals';
import {
  PaillierPublicKey,
  randomBelow,
  randomScalar,
  randomUnit,
  RingPedersen,
} from '../../../../src/crypto/index.js';
import {
  EVERYONE,
  proveAlice,
  proveBob,
  proveBobWc,
  proveChaumPedersen,
  proveFac,
  proveMod,
  provePrm,
  proveR,
  proveS,
  proveSchnorr,
  proveT,
  verifyAlice,
  verifyBob,
  verifyBobWc,
  verifyChaumPedersen,
  verifyFac,
  verifyMod,
  verifyPrm,
  verifyR,
  verifyS,
  verifySchnorr,
  verifyT,
  type ProofContext,
} from '../../../../src/gg20/index.js';
import { aliceChallenge } from '../../../../src/gg20/zk/alice.js';
import { bobWcChallenge } from '../../../../src/gg20/zk/bob-wc.js';
import { bobChallenge } from '../../../../src/gg20/zk/bob.js';
import { chaumPedersenChallenge } from '../../../../src/gg20/zk/chaum-pedersen.js';
import { challengeOf } from '../../../../src/gg20/zk/context.js';
import { facChallenge } from '../../../../src/gg20/zk/fac.js';
import { modTargets } from '../../../../src/gg20/zk/mod.js';
import { prmChallenge } from '../../../../src/gg20/zk/prm.js';
import { rChallenge } from '../../../../src/gg20/zk/r.js';
import { sChallenge } from '../../../../src/gg20/zk/s.js';
import { schnorrChallenge } from '../../../../src/gg20/zk/schnorr.js';
import { tChallenge } from '../../../../src/gg20/zk/t.js';
import { context, prover, random, set, verifier } from './forgery.js';

const { group, H } = set.curve;
const q = group.order;
const { key } = prover;
const to = verifier.trapdoor;

const m = randomScalar(q, random);
const y = randomBelow(q ** 5n, random);
const r = randomUnit(key.N, random);
const c = key.encrypt(m, r);
const c2 = key.modNN.multiply(key.power(c, m), key.encrypt(y, r));
const [R, X] = [group.multiplyBase(77n), group.multiplyBase(m)];
const [Rb, S] = [group.multiplySecret(R, m), group.multiplySecret(R, m)];
const T = group.add(X, group.multiplySecret(H, 5n));
const shown = new RingPedersen(prover.trapdoor.Nh, prover.trapdoor.s, prover.trapdoor.t);

const bob = { key, c1: c, c2, to: prover.trapdoor };
const sigma = { sigma: m, l: 5n };
const cp = { R, Y1: X, Y2: S };

/** Each proof, made in the context of these tests, and what its verifier says of it in another. */
const proofs: Readonly<Record<string, (at: ProofContext) => string | undefined>> = {
  alice: verifierOf(proveAlice(set, context, { key, c, to }, { m, r }, random), (at, proof) =>
    verifyAlice(set, at, { key, c, to }, proof),
  ),
  bob: verifierOf(proveBob(set, context, bob, { x: m, y, r }, random), (at, proof) =>
    verifyBob(set, at, bob, proof),
  ),
  'bob-wc': verifierOf(
    proveBobWc(set, context, { ...bob, X }, { x: m, y, r }, random),
    (at, proof) => verifyBobWc(set, at, { ...bob, X }, proof),
  ),
  R: verifierOf(proveR(set, context, { key, c, to, R, Rb }, { m, r }, random), (at, proof) =>
    verifyR(set, at, { key, c, to, R, Rb }, proof),
  ),
  mod: verifierOf(proveMod(set, context, { key }, random), (at, proof) =>
    verifyMod(set, at, { key: new PaillierPublicKey(key.N) }, proof),
  ),
  prm: verifierOf(provePrm(set, context, prover.trapdoor, random), (at, proof) =>
    verifyPrm(set, at, { to: shown }, proof),
  ),
  fac: verifierOf(proveFac(set, context, key, to, random), (at, proof) =>
    verifyFac(set, at, { N0: key.N, to }, proof),
  ),
  S: verifierOf(proveS(set, context, { R, S, T }, sigma, random), (at, proof) =>
    verifyS(set, at, { R, S, T }, proof),
  ),
  T: verifierOf(proveT(set, context, { T }, sigma, random), (at, proof) =>
    verifyT(set, at, { T }, proof),
  ),
  schnorr: verifierOf(proveSchnorr(set, context, { X }, m, random), (at, proof) =>
    verifySchnorr(set, at, { X }, proof),
  ),
  'chaum-pedersen': verifierOf(proveChaumPedersen(set, context, cp, m, random), (at, proof) =>
    verifyChaumPedersen(set, at, cp, proof),
  ),
};

function verifierOf<V>(
  proof: V,
  verify: (at: ProofContext, proof: V) => string | undefined,
): (at: ProofContext) => string | undefined {
  return (at) => verify(at, proof);
}

const elsewhere: readonly (readonly [string, ProofContext])[] = [
  ['another session', { ...context, ssid: random.bytes(32) }],
  ['another prover', { ...context, prover: 3 }],
  ['another verifier', { ...context, verifier: 3 }],
  ['everyone', { ...context, verifier: EVERYONE }],
  ['another round', { ...context, round: 2 }],
];

describe.each(Object.keys(proofs))('a proof of %s', (name) => {
  test('holds where it was made', () => {
    expect(proofs[name]?.(context)).toBeUndefined();
  });

  test.each(elsewhere)('does not hold for %s', (_, at) => {
    expect(proofs[name]?.(at)).toEqual(expect.any(String));
  });
});

test('no proof under one verifier’s commitments holds under another’s', () => {
  const proof = proveAlice(set, context, { key, c, to }, { m, r }, random);
  const statement = { key, c, to: prover.trapdoor };
  expect(verifyAlice(set, context, statement, proof)).toEqual(expect.any(String));
});

test('challenges of different proofs differ, though all that is hashed is the same', () => {
  const challenged = { statement: [], firstMoves: [] };
  const names = Object.keys(proofs);
  const challenges = names.map((name) => challengeOf(set, name, context, challenged));
  expect(new Set(challenges).size).toBe(names.length);
});

/** Each number of a record changed, one at a time. */
function variants<V extends Readonly<Record<string, bigint>>>(
  record: V,
): readonly (readonly [string, V])[] {
  return Object.entries(record).map(([name, value]) => [name, { ...record, [name]: value + 90n }]);
}

describe('every element of a statement and every first move is in the challenge', () => {
  const rp = (change: Partial<Record<'Nh' | 's' | 't', bigint>>): RingPedersen => {
    const { Nh, s, t } = { Nh: to.Nh, s: to.s, t: to.t, ...change };
    return new RingPedersen(Nh, s, t);
  };
  const bases = [rp({ Nh: to.Nh - 2n }), rp({ s: to.s - 1n }), rp({ t: to.t - 1n })];
  const otherKey = verifier.key;
  const alice = { key, c, to };
  const bobTo = { ...bob, to };
  const moves = { z: 11n, u: 12n, w: 13n };
  const bobMoves = { z: 11n, z1: 12n, tt: 13n, v: 14n, w: 15n };
  const facMoves = { P: 1n, Q: 2n, A: 3n, Bc: 4n, T: 5n, sg: 6n };
  const [P1, P2] = [group.multiplyBase(3n), group.multiplyBase(4n)];
  const aliceStatements = [
    { ...alice, key: otherKey },
    { ...alice, c: c - 1n },
    ...bases.map((base) => ({ ...alice, to: base })),
  ];
  const bobStatements = [
    { ...bobTo, key: otherKey },
    { ...bobTo, c1: c - 1n },
    { ...bobTo, c2: c2 - 1n },
    ...bases.map((base) => ({ ...bobTo, to: base })),
  ];
  const rest = { R, Rb };
  const rows: readonly (readonly [string, readonly unknown[]])[] = [
    [
      'alice',
      [
        aliceChallenge(set, context, alice, moves),
        ...aliceStatements.map((each) => aliceChallenge(set, context, each, moves)),
        ...variants(moves).map(([, each]) => aliceChallenge(set, context, alice, each)),
      ],
    ],
    [
      'R',
      [
        rChallenge(set, context, { ...alice, ...rest }, { ...moves, u1: P1 }),
        ...aliceStatements.map((each) =>
          rChallenge(set, context, { ...each, ...rest }, { ...moves, u1: P1 }),
        ),
        rChallenge(set, context, { ...alice, R: P1, Rb }, { ...moves, u1: P1 }),
        rChallenge(set, context, { ...alice, R, Rb: P1 }, { ...moves, u1: P1 }),
        rChallenge(set, context, { ...alice, ...rest }, { ...moves, u1: P2 }),
        ...variants(moves).map(([, each]) =>
          rChallenge(set, context, { ...alice, ...rest }, { ...each, u1: P1 }),
        ),
      ],
    ],
    [
      'bob',
      [
        bobChallenge(set, context, bobTo, bobMoves),
        ...bobStatements.map((each) => bobChallenge(set, context, each, bobMoves)),
        ...variants(bobMoves).map(([, each]) => bobChallenge(set, context, bobTo, each)),
      ],
    ],
    [
      'bob-wc',
      [
        bobWcChallenge(set, context, { ...bobTo, X }, { ...bobMoves, u: P1 }),
        ...bobStatements.map((each) =>
          bobWcChallenge(set, context, { ...each, X }, { ...bobMoves, u: P1 }),
        ),
        bobWcChallenge(set, context, { ...bobTo, X: P2 }, { ...bobMoves, u: P1 }),
        bobWcChallenge(set, context, { ...bobTo, X }, { ...bobMoves, u: P2 }),
        ...variants(bobMoves).map(([, each]) =>
          bobWcChallenge(set, context, { ...bobTo, X }, { ...each, u: P1 }),
        ),
      ],
    ],
    [
      'fac',
      [
        facChallenge(set, context, { N0: key.N, to }, facMoves),
        facChallenge(set, context, { N0: key.N - 1n, to }, facMoves),
        ...bases.map((base) => facChallenge(set, context, { N0: key.N, to: base }, facMoves)),
        ...['P', 'Q', 'A', 'T', 'Bc', 'sg'].map((name) =>
          facChallenge(set, context, { N0: key.N, to }, { ...facMoves, [name]: 77n }),
        ),
        facChallenge(set, context, { N0: key.N, to }, { ...facMoves, sg: -6n }),
      ],
    ],
    [
      'mod',
      [
        modTargets(set, context, { key }, 5n)[0],
        modTargets(set, context, { key: otherKey }, 5n)[0],
        modTargets(set, context, { key }, 6n)[0],
      ],
    ],
    [
      'S',
      [
        sChallenge(set, context, { R, S, T }, { A: P1, Bp: P2 }),
        sChallenge(set, context, { R: P1, S, T }, { A: P1, Bp: P2 }),
        sChallenge(set, context, { R, S: P1, T }, { A: P1, Bp: P2 }),
        sChallenge(set, context, { R, S, T: P1 }, { A: P1, Bp: P2 }),
        sChallenge(set, context, { R, S, T }, { A: X, Bp: P2 }),
        sChallenge(set, context, { R, S, T }, { A: P1, Bp: X }),
      ],
    ],
    [
      'chaum-pedersen',
      [
        chaumPedersenChallenge(set, context, cp, { A1: P1, A2: P2 }),
        chaumPedersenChallenge(set, context, { ...cp, R: P1 }, { A1: P1, A2: P2 }),
        chaumPedersenChallenge(set, context, { ...cp, Y1: P1 }, { A1: P1, A2: P2 }),
        chaumPedersenChallenge(set, context, { ...cp, Y2: P1 }, { A1: P1, A2: P2 }),
        chaumPedersenChallenge(set, context, cp, { A1: X, A2: P2 }),
        chaumPedersenChallenge(set, context, cp, { A1: P1, A2: X }),
      ],
    ],
    [
      'T and schnorr',
      [
        tChallenge(set, context, { T }, P1),
        tChallenge(set, context, { T: X }, P1),
        tChallenge(set, context, { T }, P2),
        schnorrChallenge(set, context, { X }, P1),
        schnorrChallenge(set, context, { X: T }, P1),
        schnorrChallenge(set, context, { X }, P2),
      ],
    ],
  ];

  test.each(rows)('%s', (_, challenges) => {
    expect(challenges.length).toBeGreaterThan(2);
    expect(new Set(challenges).size).toBe(challenges.length);
  });

  test('prm: bits of 128 repetitions depend on all of it', () => {
    const wide = { ...set, profile: { ...set.profile, repetitions: 128 } };
    const A = [1n, 2n, 3n];
    const bits = [
      prmChallenge(wide, context, { to }, A),
      ...bases.map((base) => prmChallenge(wide, context, { to: base }, A)),
      prmChallenge(wide, context, { to }, [1n, 3n, 2n]),
      prmChallenge(wide, context, { to }, [1n, 2n]),
    ].map(String);
    expect(new Set(bits).size).toBe(bits.length);
  });
});
