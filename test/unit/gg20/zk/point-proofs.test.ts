import { describe, expect, test } from '@jest/globals';
import {
  chaumPedersenChecks,
  chaumPedersenLayout,
  proveChaumPedersen,
  proveS,
  proveSchnorr,
  proveT,
  schnorrChecks,
  schnorrLayout,
  sChecks,
  sLayout,
  tChecks,
  tLayout,
} from '../../../../src/gg20/index.js';
import { CURVES, SET_2048 } from '../../../support/builders/gg20.js';
import { parameterSet, PROFILES } from '../../../../src/gg20/index.js';
import { randomScalar } from '../../../../src/crypto/index.js';
import {
  context,
  failures,
  mustStop,
  random,
  stoppedBy,
  withoutForgery,
  type Forgery,
} from './forgery.js';

describe.each([
  ['secp256k1', SET_2048],
  ['P-256', parameterSet(CURVES['P-256'], PROFILES.P2048)],
])('proofs about points of %s', (_, set) => {
  const { group, H } = set.curve;
  const q = group.order;
  const [x, l] = [randomScalar(q, random), randomScalar(q, random)];
  const R = group.multiplyBase(31n);
  const X = group.multiplyBase(x);
  const T = group.add(X, group.multiplySecret(H, l));
  const S = group.multiplySecret(R, x);
  const other = group.multiplyBase(7n);

  const schnorr = proveSchnorr(set, context, { X }, x, random);
  const cp = { R, Y1: X, Y2: S };
  const chaumPedersen = proveChaumPedersen(set, context, cp, x, random);
  const t = proveT(set, context, { T }, { sigma: x, l }, random);
  const s = proveS(set, context, { R, S, T }, { sigma: x, l }, random);
  const right = [
    schnorrChecks(set, context, { X }, schnorr),
    chaumPedersenChecks(set, context, cp, chaumPedersen),
    tChecks(set, context, { T }, t),
    sChecks(set, context, { R, S, T }, s),
  ];

  // A prover who believes in another statement: its challenge is the verifier's.
  const forgeries: readonly Forgery[] = [
    {
      check: 'the logarithm is known',
      what: 'a point whose logarithm is not',
      checks: () => {
        const proof = proveSchnorr(set, context, { X: other }, x, random);
        return schnorrChecks(set, context, { X: other }, proof);
      },
    },
    {
      check: 'the logarithm to G is known',
      what: 'another multiple of G',
      checks: () => {
        const told = { ...cp, Y1: other };
        const proof = proveChaumPedersen(set, context, told, x, random);
        return chaumPedersenChecks(set, context, told, proof);
      },
    },
    {
      check: 'the logarithm to R is the same',
      what: 'another multiple of R',
      checks: () => {
        const told = { ...cp, Y2: other };
        const proof = proveChaumPedersen(set, context, told, x, random);
        return chaumPedersenChecks(set, context, told, proof);
      },
    },
    {
      check: 'the commitment opens',
      what: 'a T of something else',
      checks: () => {
        const proof = proveT(set, context, { T: other }, { sigma: x, l }, random);
        return tChecks(set, context, { T: other }, proof);
      },
    },
    {
      check: 'S opens',
      what: 'an S of another sigma',
      checks: () => {
        const told = { R, S: other, T };
        const proof = proveS(set, context, told, { sigma: x, l }, random);
        return sChecks(set, context, told, proof);
      },
    },
    {
      check: 'T opens to the same',
      what: 'a T of another sigma',
      checks: () => {
        const told = { R, S, T: group.add(T, group.base) };
        const proof = proveS(set, context, told, { sigma: x, l }, random);
        return sChecks(set, context, told, proof);
      },
    },
  ];

  test('right proofs hold, and their bytes are read as what was written', () => {
    expect(right.flatMap(failures)).toEqual([]);
    const encodings = [
      [schnorrLayout(set), schnorr],
      [chaumPedersenLayout(set), chaumPedersen],
      [tLayout(set), t],
      [sLayout(set), s],
    ] as const;
    for (const [layout, proof] of encodings) {
      const bytes = (layout.encode as (value: unknown) => Uint8Array)(proof);
      const read = layout.decode(bytes);
      expect((layout.encode as (value: unknown) => Uint8Array)(read)).toEqual(bytes);
    }
  });

  test.each(forgeries)('“$check” alone stops $what', (forgery) => {
    expect(stoppedBy(forgery)).toEqual(mustStop(forgery));
  });

  test('every check of these proofs has a forgery', () => {
    expect(withoutForgery(right.flat(), forgeries)).toEqual([]);
  });

  test('every response matters', () => {
    const wrong = [
      schnorrChecks(set, context, { X }, { ...schnorr, z: (schnorr.z + 1n) % q }),
      chaumPedersenChecks(set, context, cp, { ...chaumPedersen, z: (chaumPedersen.z + 1n) % q }),
      tChecks(set, context, { T }, { ...t, u: (t.u + 1n) % q }),
      tChecks(set, context, { T }, { ...t, v: (t.v + 1n) % q }),
      sChecks(set, context, { R, S, T }, { ...s, u: (s.u + 1n) % q }),
      sChecks(set, context, { R, S, T }, { ...s, v: (s.v + 1n) % q }),
    ];
    expect(wrong.map((checks) => failures(checks).length > 0)).not.toContain(false);
  });
});
