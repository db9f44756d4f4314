import { describe, expect, test } from '@jest/globals';
import {
  modulo,
  PaillierPublicKey,
  randomBelow,
  randomUnit,
  RingPedersen,
} from '../../../../src/crypto/index.js';
import {
  aliceChecks,
  aliceLayout,
  bobChecks,
  bobLayout,
  bobWcChecks,
  bobWcLayout,
  proveAlice,
  proveBob,
  proveBobWc,
  proveR,
  rChecks,
  rLayout,
  type AliceProof,
  type AliceStatement,
  type BobProof,
  type BobStatement,
  type BobWcProof,
  type RProof,
} from '../../../../src/gg20/index.js';
import {
  aliceChallenge,
  aliceFirstMoves,
  aliceResponses,
  drawAliceMasks,
  type AliceMasks,
} from '../../../../src/gg20/zk/alice.js';
import { bobWcChallenge } from '../../../../src/gg20/zk/bob-wc.js';
import {
  bobChallenge,
  bobFirstMoves,
  bobResponses,
  drawBobMasks,
  type BobMasks,
} from '../../../../src/gg20/zk/bob.js';
import { rChallenge } from '../../../../src/gg20/zk/r.js';
import {
  context,
  failures,
  mustStop,
  fits,
  prover,
  random,
  search,
  set,
  stoppedBy,
  verifier,
  withoutForgery,
  written,
  type Forgery,
} from './forgery.js';

const { group } = set.curve;
const q = group.order;
const L8 = set.widths.modulus;
const { key } = prover;
const NN = key.modNN.value;
const to = verifier.trapdoor;
const { Nh } = to;

/** The same statement, of public values alone. */
function shown<S extends AliceStatement | BobStatement>(statement: S): S {
  const { to: own } = statement;
  return {
    ...statement,
    key: new PaillierPublicKey(statement.key.N),
    to: new RingPedersen(own.Nh, own.s, own.t),
  };
}

const m = randomBelow(q, random);
const r = randomUnit(key.N, random);
/** A nonce for which the ciphertext of m and N² together can be written. */
const roomy = search(
  () => randomUnit(key.N, random),
  (nonce) => fits(key.encrypt(m, nonce) + NN, 2 * L8),
);
const alice: AliceStatement = { key, c: key.encrypt(m, r), to };

type AliceFirst = Pick<AliceProof, 'z' | 'u' | 'w'>;
type AliceLie = {
  readonly statement?: Partial<AliceStatement>;
  readonly masks?: Partial<AliceMasks>;
  readonly first?: (first: AliceFirst, masks: AliceMasks) => Partial<AliceFirst>;
  readonly response?: Partial<AliceProof>;
  readonly nonce?: bigint;
};

/** A prover with all of the right proof's numbers, but those that the lie changes. */
function lie({ statement, masks, first, response, nonce = r }: AliceLie) {
  const told = { ...alice, ...statement };
  const drawn = { ...drawAliceMasks(set, alice, random), ...masks };
  const honest = aliceFirstMoves(alice, m, drawn);
  const moved = { ...honest, ...first?.(honest, drawn) };
  return {
    told,
    moved,
    drawn,
    answer: (e: bigint): AliceProof => ({
      ...moved,
      ...aliceResponses(alice, { m, r: nonce }, drawn, e),
      ...response,
    }),
  };
}

const ALICE_LIES: Readonly<Record<string, readonly [what: string, lie: AliceLie]>> = {
  's1 is in range': ['a mask above q^3', { masks: { alpha: q ** 3n + 1n } }],
  's2 is in range': ['a mask of 2·q^3·Nh', { masks: { gamma: 2n * q ** 3n * Nh } }],
  'z and w are units': ['z with Nh added', { first: ({ z }) => ({ z: z + Nh }) }],
  'c is a ciphertext': [
    'c with N² added',
    { statement: { c: key.encrypt(m, roomy) + NN }, nonce: roomy },
  ],
  'u and sp are units': ['u and sp of 0', { first: () => ({ u: 0n }), response: { sp: 0n } }],
  'the ciphertext opens': ['c of another plaintext', { statement: { c: key.encrypt(m + 1n, r) } }],
  'the commitment opens': [
    'z of another number',
    { first: (_, { rho }) => ({ z: to.commit(m + 1n, rho) }) },
  ],
};

describe('Pi_alice', () => {
  const forgeries: readonly Forgery[] = Object.entries(ALICE_LIES).map(([check, [what, told]]) => ({
    check,
    what,
    checks: () =>
      written(() => {
        const { told: statement, moved, answer } = lie(told);
        const proof = answer(aliceChallenge(set, context, statement, moved));
        aliceLayout(set).encode(proof);
        return aliceChecks(set, context, statement, proof);
      }),
  }));

  test('a right proof holds, for its verifier and for a reader without secrets', () => {
    const proof = proveAlice(set, context, alice, { m, r }, random);
    expect(failures(aliceChecks(set, context, alice, proof))).toEqual([]);
    expect(failures(aliceChecks(set, context, shown(alice), proof))).toEqual([]);
    expect(aliceLayout(set).decode(aliceLayout(set).encode(proof))).toEqual(proof);
    const { told, moved, answer } = lie({});
    const same = answer(aliceChallenge(set, context, told, moved));
    expect(failures(aliceChecks(set, context, told, same))).toEqual([]);
  });

  test.each(forgeries)('“$check” alone stops $what', (forgery) => {
    expect(stoppedBy(forgery)).toEqual(mustStop(forgery));
  });

  test('every check of Pi_alice has a forgery', () => {
    const proof = proveAlice(set, context, alice, { m, r }, random);
    const checks = aliceChecks(set, context, alice, proof);
    expect(withoutForgery(checks, forgeries)).toEqual([]);
  });

  test('a fault in the prover’s own computation is seen before the proof is shown', () => {
    const wrong = { ...alice, c: key.encrypt(m, r) + key.N };
    expect(() => proveAlice(set, context, wrong, { m, r }, random)).toThrow(
      'an own proof alice fails: the ciphertext opens',
    );
  });
});

describe('Pi_R', () => {
  const R = group.multiplyBase(77n);
  const statement = { ...alice, R, Rb: group.multiplySecret(R, m) };
  const proofOf = (told: AliceLie, points: { readonly Rb?: unknown } = {}) =>
    written(() => {
      const { told: claimed, moved, drawn, answer } = lie(told);
      const all = { ...statement, ...claimed, ...points };
      const u1 = group.multiplySecret(R, modulo(drawn.alpha, q));
      const proof: RProof<unknown> = {
        ...answer(rChallenge(set, context, all, { ...moved, u1 })),
        u1,
      };
      rLayout(set).encode(proof);
      return rChecks(set, context, all, proof);
    });
  const forgeries: readonly Forgery[] = [
    ...Object.entries(ALICE_LIES).map(([check, [what, told]]) => ({
      check,
      what,
      checks: () => proofOf(told),
    })),
    {
      check: 'the point opens',
      what: 'another multiple of R',
      checks: () => proofOf({}, { Rb: group.multiplySecret(R, m + 1n) }),
    },
  ];

  test('a right proof holds, for its verifier and for a reader without secrets', () => {
    const proof = proveR(set, context, statement, { m, r }, random);
    expect(failures(rChecks(set, context, statement, proof))).toEqual([]);
    expect(failures(rChecks(set, context, shown(statement), proof))).toEqual([]);
    expect(rLayout(set).decode(rLayout(set).encode(proof))).toEqual(proof);
    expect(failures(proofOf({}))).toEqual([]);
  });

  test.each(forgeries)('“$check” alone stops $what', (forgery) => {
    expect(stoppedBy(forgery)).toEqual(mustStop(forgery));
  });

  test('every check of Pi_R has a forgery', () => {
    expect(withoutForgery(proofOf({}), forgeries)).toEqual([]);
  });
});

const x = randomBelow(q, random);
const y = randomBelow(q ** 5n, random);
const c1 = alice.c;
const own = prover.trapdoor;
const productOf = (factor: bigint, addend: bigint, nonce: bigint): bigint =>
  key.modNN.multiply(key.power(c1, factor), key.encrypt(addend, nonce));
const roomyProduct = search(
  () => randomUnit(key.N, random),
  (nonce) => fits(productOf(x, y, nonce) + NN, 2 * L8),
);
/** Alice is party 1, and Bob, who proves, is party 2. */
const bob: BobStatement = { key, c1, c2: productOf(x, y, r), to: own };

type BobFirst = Pick<BobProof, 'z' | 'z1' | 'tt' | 'v' | 'w'>;
type BobLie = {
  readonly statement?: Partial<BobStatement>;
  readonly masks?: Partial<BobMasks>;
  readonly first?: (first: BobFirst, masks: BobMasks) => Partial<BobFirst>;
  readonly response?: Partial<BobProof>;
  readonly nonce?: bigint;
};

function bobLie({ statement, masks, first, response, nonce = r }: BobLie) {
  const told = { ...bob, ...statement };
  const drawn = { ...drawBobMasks(set, bob, random), ...masks };
  const honest = bobFirstMoves(bob, { x, y, r }, drawn);
  const moved = { ...honest, ...first?.(honest, drawn) };
  return {
    told,
    moved,
    drawn,
    answer: (e: bigint): BobProof => ({
      ...moved,
      ...bobResponses(bob, { x, y, r: nonce }, drawn, e),
      ...response,
    }),
  };
}

const BOB_LIES: Readonly<Record<string, readonly [what: string, lie: BobLie]>> = {
  's1 is in range': ['a mask above q^3', { masks: { alpha: q ** 3n + 1n } }],
  't1 is in range': ['a mask of q^7', { masks: { gamma: q ** 7n } }],
  's2 is in range': ['a mask of 2·q^3·Nh for x', { masks: { rho1: 2n * q ** 3n * own.Nh } }],
  't2 is in range': ['a mask of 2·q^3·Nh for y', { masks: { tau: 2n * q ** 3n * own.Nh } }],
  'z, z1, tt and w are units': ['tt with Nh added', { first: ({ tt }) => ({ tt: tt + own.Nh }) }],
  'c1 and c2 are ciphertexts': [
    'c2 with N² added',
    { statement: { c2: productOf(x, y, roomyProduct) + NN }, nonce: roomyProduct },
  ],
  'v and sp are units': ['v and sp of 0', { first: () => ({ v: 0n }), response: { sp: 0n } }],
  'the commitment to x opens': [
    'z of another factor',
    { first: (_, { rho }) => ({ z: own.commit(x + 1n, rho) }) },
  ],
  'the commitment to y opens': [
    'tt of another addend',
    { first: (_, { sigma }) => ({ tt: own.commit(y + 1n, sigma) }) },
  ],
  'the ciphertext opens': [
    'c2 with another addend',
    { statement: { c2: productOf(x, y + 1n, r) } },
  ],
};

function bobProofOf(told: BobLie) {
  return written(() => {
    const { told: statement, moved, answer } = bobLie(told);
    const proof = answer(bobChallenge(set, context, statement, moved));
    bobLayout(set).encode(proof);
    return bobChecks(set, context, statement, proof);
  });
}

describe('Pi_bob', () => {
  const forgeries: readonly Forgery[] = Object.entries(BOB_LIES).map(([check, [what, told]]) => ({
    check,
    what,
    checks: () => bobProofOf(told),
  }));

  test('a right proof holds, for Alice and for a reader without secrets', () => {
    const proof = proveBob(set, context, bob, { x, y, r }, random);
    expect(failures(bobChecks(set, context, bob, proof))).toEqual([]);
    expect(failures(bobChecks(set, context, shown(bob), proof))).toEqual([]);
    expect(bobLayout(set).decode(bobLayout(set).encode(proof))).toEqual(proof);
    expect(failures(bobProofOf({}))).toEqual([]);
  });

  test.each(forgeries)('“$check” alone stops $what', (forgery) => {
    expect(stoppedBy(forgery)).toEqual(mustStop(forgery));
  });

  test('every check of Pi_bob has a forgery', () => {
    expect(withoutForgery(bobProofOf({}), forgeries)).toEqual([]);
  });

  test('with a factor of −1 and a small addend the proof holds, and Alice gets the negative number', () => {
    const factor = q ** 2n - 1n;
    const negative = productOf(-1n, m - 5n, r);
    const drawn = drawBobMasks(set, { ...bob, c2: negative }, random);
    const masks = { ...drawn, alpha: drawn.alpha + factor };
    const statement = { ...bob, c2: negative };
    const first = bobFirstMoves(statement, { x: -1n, y: m - 5n, r }, masks);
    const e = bobChallenge(set, context, statement, first);
    const proof = { ...first, ...bobResponses(statement, { x: -1n, y: m - 5n, r }, masks, e) };

    expect(failures(bobChecks(set, context, statement, proof))).toEqual([]);
    expect(key.decryptSigned(negative)).toBe(-5n);
  });
});

describe('Pi_bob_wc', () => {
  const statement = { ...bob, X: group.multiplyBase(x) };
  const proofOf = (told: BobLie, points: { readonly X?: unknown } = {}) =>
    written(() => {
      const { told: claimed, moved, drawn, answer } = bobLie(told);
      const all = { ...statement, ...claimed, ...points };
      const u = group.multiplyBase(modulo(drawn.alpha, q));
      const proof: BobWcProof<unknown> = {
        ...answer(bobWcChallenge(set, context, all, { ...moved, u })),
        u,
      };
      bobWcLayout(set).encode(proof);
      return bobWcChecks(set, context, all, proof);
    });
  const forgeries: readonly Forgery[] = [
    ...Object.entries(BOB_LIES).map(([check, [what, told]]) => ({
      check,
      what,
      checks: () => proofOf(told),
    })),
    {
      check: 'the point opens',
      what: 'the point of another factor',
      checks: () => proofOf({}, { X: group.multiplyBase(x + 1n) }),
    },
  ];

  test('a right proof holds, for Alice and for a reader without secrets', () => {
    const proof = proveBobWc(set, context, statement, { x, y, r }, random);
    expect(failures(bobWcChecks(set, context, statement, proof))).toEqual([]);
    expect(failures(bobWcChecks(set, context, shown(statement), proof))).toEqual([]);
    expect(bobWcLayout(set).decode(bobWcLayout(set).encode(proof))).toEqual(proof);
    expect(failures(proofOf({}))).toEqual([]);
  });

  test.each(forgeries)('“$check” alone stops $what', (forgery) => {
    expect(stoppedBy(forgery)).toEqual(mustStop(forgery));
  });

  test('every check of Pi_bob_wc has a forgery', () => {
    expect(withoutForgery(proofOf({}), forgeries)).toEqual([]);
  });
});
