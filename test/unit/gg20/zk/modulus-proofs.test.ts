import { describe, expect, test } from '@jest/globals';
import {
  jacobi,
  modulo,
  PaillierPublicKey,
  PaillierSecretKey,
  powerModuloPrimes,
  randomBelow,
  randomUnit,
  RingPedersen,
  RingPedersenTrapdoor,
  squareRoot,
} from '../../../../src/crypto/index.js';
import {
  facChecks,
  facLayout,
  modChecks,
  modLayout,
  prmChecks,
  prmLayout,
  proveFac,
  proveMod,
  provePrm,
  type FacProof,
  type ModProof,
  type PrmProof,
} from '../../../../src/gg20/index.js';
import { facChallenge } from '../../../../src/gg20/zk/fac.js';
import { modTargets } from '../../../../src/gg20/zk/mod.js';
import { prmChallenge } from '../../../../src/gg20/zk/prm.js';
import { forgedMod, primeFrom, Squarefree } from '../../../support/adversary/gg20-moduli.js';
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

const { key, trapdoor } = prover;
const { N } = key;
const shownKey = new PaillierPublicKey(N);
const L8 = set.widths.modulus;

/** A prover of Pi_mod that takes any w, and any N that it knows the factors of. Nothing where there is a y without a root. */
function attempt(factors: Squarefree, w: bigint): ModProof | undefined {
  const { proof, isWhole } = forgedMod(set, context, factors, w);
  return isWhole ? proof : undefined;
}

function attemptUntil(factors: Squarefree, symbol: number): ModProof {
  for (let tried = 0; tried < 20_000; tried++) {
    const w = randomUnit(factors.product, random);
    const proof = jacobi(w, factors.product) === symbol ? attempt(factors, w) : undefined;
    if (proof !== undefined) return proof;
  }
  throw new Error('no proof comes of any w');
}

const [p, q] = [key.primes.first.value, key.primes.second.value];
const known = new Squarefree(p, q);

/** The verifier's checks, of what can be sent. */
function about(proof: ModProof, statement = { key: shownKey }) {
  modLayout(set).encode({ ...proof, x: proof.x.slice(0, 8), z: proof.z.slice(0, 8) });
  return modChecks(set, context, statement, proof);
}

/** The list with its fourth value changed. */
function changed(list: readonly bigint[], change: (value: bigint) => bigint): bigint[] {
  return list.map((value, at) => (at === 3 ? change(value) : value));
}

describe('Pi_mod', () => {
  const right = proveMod(set, context, { key }, random);
  const forgeries: readonly Forgery[] = [
    {
      check: 'N has its length',
      what: 'an N of one bit less',
      checks: () => {
        const short = new PaillierSecretKey(
          primeFrom(2n ** 511n + 7n),
          primeFrom(2n ** 511n + 9999n),
        );
        const factors = new Squarefree(short.primes.first.value, short.primes.second.value);
        return about(attemptUntil(factors, -1), { key: short });
      },
    },
    {
      check: 'every list has its length',
      what: 'a ninth repetition',
      checks: () => about({ ...right, x: [...right.x, 1n], z: [...right.z, 1n] }),
    },
    {
      check: 'w is a unit',
      what: 'w with N added',
      checks: () => {
        const roomy = () =>
          search(
            () => randomUnit(N, random),
            (w) => jacobi(w, N) === -1 && fits(w + N, L8),
          );
        return about(attempt(known, roomy() + N) ?? right);
      },
    },
    {
      check: 'w has Jacobi symbol −1',
      what: 'a w that is a square, with luck in every y',
      checks: () => about(attemptUntil(known, 1)),
    },
    {
      check: 'every x and z is below N',
      what: 'an x with N added',
      checks: () =>
        written(() => {
          const proof = proveMod(set, context, { key }, random);
          return about({ ...proof, x: changed(proof.x, (x) => x + N) });
        }),
    },
    {
      check: 'every y is a unit',
      what: 'an N that 3 divides',
      checks: () => {
        const factors = new Squarefree(3n, primeThatIsTwoModuloThree());
        return about(attemptUntil(factors, -1), { key: new PaillierPublicKey(factors.product) });
      },
    },
    {
      check: 'N is composite',
      what: 'a prime N',
      checks: () => {
        const factors = new Squarefree(primeFrom(2n ** 1023n + 5n));
        return about(attemptUntil(factors, -1), { key: new PaillierPublicKey(factors.product) });
      },
    },
    {
      check: 'every z is an N-th root',
      what: 'another z',
      checks: () => about({ ...right, z: changed(right.z, (z) => N - z) }),
    },
    {
      check: 'every x is a fourth root',
      what: 'another x',
      checks: () => about({ ...right, x: changed(right.x, (x) => (x * 2n) % N) }),
    },
  ];

  test('a right proof holds, and its bytes are read as what was written', () => {
    expect(failures(about(right))).toEqual([]);
    expect(modLayout(set).decode(modLayout(set).encode(right))).toEqual(right);
    expect(failures(about(attemptUntil(known, -1)))).toEqual([]);
  });

  test.each(forgeries)('“$check” alone stops $what', (forgery) => {
    expect(stoppedBy(forgery)).toEqual(mustStop(forgery));
  });

  test('every check of Pi_mod has a forgery', () => {
    expect(withoutForgery(about(right), forgeries)).toEqual([]);
  });

  test('w = 0 makes roots of anything, and is stopped because it is no unit and has no symbol', () => {
    const ys = modTargets(set, context, { key: shownKey }, 0n);
    const forged = {
      w: 0n,
      x: ys.map(() => 0n),
      z: ys.map((value) => key.root(value)),
      a: Uint8Array.of(0),
      b: Uint8Array.of(255),
    };
    // x = 0 is refused for itself too.
    expect([...failures(about(forged))].sort()).toEqual([
      'every x and z is below N',
      'w has Jacobi symbol −1',
      'w is a unit',
    ]);
  });

  test('an N of three primes has no proof for nearly every w', () => {
    const [a, b, c] = [341, 342, 340].map((bits) => primeFrom(2n ** BigInt(bits) + 11n));
    const three = new Squarefree(a ?? 0n, b ?? 0n, c ?? 0n);
    const tries = Array.from({ length: 50 }, () => {
      const w = search(
        () => randomUnit(three.product, random),
        (each) => jacobi(each, three.product) === -1,
      );
      return attempt(three, w);
    });
    // Half of all y have a root with three primes: all eight in one try of 256. At 128 repetitions none.
    expect(tries.filter((proof) => proof === undefined).length).toBeGreaterThan(30);
  });

  test('no proof has fewer repetitions, or none', () => {
    const none = { ...right, x: [], z: [], a: new Uint8Array(), b: new Uint8Array() };
    const fewer = { ...right, x: right.x.slice(1), z: right.z.slice(1) };
    for (const proof of [none, fewer]) {
      expect(failures(modChecks(set, context, { key: shownKey }, proof))).toContain(
        'every list has its length',
      );
      expect(() => modLayout(set).encode(proof)).toThrow(RangeError);
    }
    const bytes = modLayout(set).encode(right);
    expect(modLayout(set).decode(bytes.subarray(1))).toBeUndefined();
    expect(modLayout(set).decode(new Uint8Array())).toBeUndefined();
  });
});

/** P with 3·P of 1024 bits and gcd(3·P, 2·(P − 1)) = 1. */
function primeThatIsTwoModuloThree(): bigint {
  let prime = primeFrom(2n ** 1022n);
  while (prime % 3n !== 2n) prime = primeFrom(prime + 4n);
  return prime;
}

/** A prover of Pi_prm that may change each A once the powers are made. */
function prmProof(
  to: RingPedersenTrapdoor,
  masks: readonly bigint[],
  change: (A: bigint, j: number) => bigint = (A) => A,
): PrmProof & { readonly bits: readonly boolean[] } {
  const A = masks.map((a, j) => change(powerModuloPrimes(to.primes, to.t, a), j));
  const bits = prmChallenge(set, context, { to }, A);
  const z = masks.map((a, j) => modulo(bits[j] === true ? a + to.lambda : a, to.phi));
  return { A, z, bits };
}

describe('Pi_prm', () => {
  const { Nh, s, t, primes, phi, lambda } = trapdoor;
  const shown = new RingPedersen(Nh, s, t);
  const right = provePrm(set, context, trapdoor, random);
  const aboutPrm = (proof: PrmProof, to: RingPedersen = shown) => {
    prmLayout(set).encode({ A: proof.A.slice(0, 8), z: proof.z.slice(0, 8) });
    return prmChecks(set, context, { to }, proof);
  };
  const draw = (count = 8): readonly bigint[] =>
    Array.from({ length: count }, () => randomBelow(phi, random));
  const withBases = (base: bigint, power: bigint): RingPedersenTrapdoor =>
    RingPedersenTrapdoor.of(primes.first.value, primes.second.value, base, power, random);
  const forgeries: readonly Forgery[] = [
    {
      check: 'both lists have their length',
      what: 'a ninth repetition',
      checks: () => {
        return aboutPrm(prmProof(trapdoor, draw(9)));
      },
    },
    {
      check: 's and t are no trivial elements',
      what: 's = t',
      checks: () => {
        const same = withBases(t, 1n);
        return aboutPrm(prmProof(same, draw()), new RingPedersen(Nh, same.s, same.t));
      },
    },
    {
      check: 's and t are units',
      what: 'an s that has a prime of Nh',
      also: ['s and t have Jacobi symbol 1', 'every power is right'],
      checks: () => aboutPrm(right, new RingPedersen(Nh, primes.first.value * 4n, t)),
    },
    {
      check: 's and t have Jacobi symbol 1',
      what: 'a t that is no square',
      checks: () => {
        const base = search(
          () => randomUnit(Nh, random),
          (each) => jacobi(each, Nh) === -1,
        );
        const odd = withBases(base, lambda | 1n);
        return aboutPrm(prmProof(odd, draw()), new RingPedersen(Nh, odd.s, odd.t));
      },
    },
    {
      check: 'every A is a unit',
      what: 'an A with Nh added, where the bit is 1',
      checks: () =>
        written(() => {
          const proof = prmProof(trapdoor, draw(), (A, j) => (j === 0 ? A + Nh : A));
          if (proof.bits[0] !== true) throw new RangeError('the bit is 0');
          return aboutPrm(proof);
        }),
    },
    {
      check: 'every z is below Nh',
      what: 'a z with phi(Nh) added',
      checks: () =>
        written(() => {
          const proof = prmProof(trapdoor, [2n ** 1000n, ...draw(7)]);
          return aboutPrm({ ...proof, z: proof.z.map((z, j) => (j === 0 ? z + phi : z)) });
        }),
    },
    {
      check: 'every power is right',
      what: 's = −t^lambda',
      checks: () => {
        const negated = new RingPedersen(Nh, Nh - s, t);
        const A = right.A;
        const bits = prmChallenge(set, context, { to: negated }, A);
        expect(bits).toContain(true);
        const z = draw();
        const made = z.map((each) => powerModuloPrimes(primes, t, each));
        return aboutPrm({ A: made, z }, negated);
      },
    },
  ];

  test('a right proof holds, and its bytes are read as what was written', () => {
    expect(failures(aboutPrm(right))).toEqual([]);
    expect(prmLayout(set).decode(prmLayout(set).encode(right))).toEqual(right);
    expect(failures(aboutPrm(prmProof(trapdoor, draw())))).toEqual([]);
  });

  test.each(forgeries)('“$check” stops $what', (forgery) => {
    expect(stoppedBy(forgery)).toEqual(mustStop(forgery));
  });

  test('every check of Pi_prm has a forgery', () => {
    expect(withoutForgery(aboutPrm(right), forgeries)).toEqual([]);
  });

  test('no proof has fewer repetitions, or none', () => {
    for (const count of [0, 1, 7]) {
      const fewer = { A: right.A.slice(0, count), z: right.z.slice(0, count) };
      const failed = failures(prmChecks(set, context, { to: shown }, fewer));
      expect(failed).toContain('both lists have their length');
    }
  });
});

describe('Pi_fac', () => {
  const to = verifier.trapdoor;
  const { Nh } = to;
  const { ell, ellEps } = set.factorRanges;
  const statement = { N0: N, to };
  const zMax = ellEps * squareRoot(N);
  type Numbers = Record<'alpha' | 'beta' | 'mu' | 'nu' | 'sg' | 'r' | 'x' | 'y', bigint>;
  const proofOf = (
    numbers: Partial<Numbers>,
    change: (
      first: Omit<FacProof, 'z1' | 'z2' | 'w1' | 'w2' | 'v'>,
      all: Numbers,
    ) => Partial<FacProof> = () => ({}),
  ) =>
    written(() => {
      const all: Numbers = {
        alpha: randomBelow(zMax / 2n, random),
        beta: randomBelow(zMax / 2n, random),
        mu: randomBelow(ell * Nh, random),
        nu: randomBelow(ell * Nh, random),
        sg: randomBelow(ell * N * Nh, random),
        r: randomBelow(ellEps * N * Nh, random),
        x: randomBelow(ellEps * Nh, random),
        y: randomBelow(ellEps * Nh, random),
        ...numbers,
      };
      const { alpha, beta, mu, nu, sg, r, x, y } = all;
      const Q = to.commit(q, nu);
      const honest = {
        P: to.commit(p, mu),
        Q,
        A: to.commit(alpha, x),
        Bc: to.commit(beta, y),
        T: to.mod.multiply(to.power(Q, alpha), to.power(to.t, r)),
        sg,
      };
      const first = { ...honest, ...change(honest, all) };
      const e = facChallenge(set, context, statement, first);
      const proof: FacProof = {
        ...first,
        z1: alpha + e * p,
        z2: beta + e * q,
        w1: x + e * mu,
        w2: y + e * nu,
        v: r + e * (sg - nu * p),
      };
      facLayout(set).encode(proof);
      return facChecks(set, context, statement, proof);
    });
  const forgeries: readonly Forgery[] = [
    {
      check: 'z1 and z2 are in range',
      what: 'a mask above the bound',
      checks: () => proofOf({ alpha: zMax + 1n }),
    },
    {
      check: 'w1 and w2 are in range',
      what: 'a mask above the bound',
      checks: () => proofOf({ x: 2n * ellEps * Nh + 1n }),
    },
    {
      check: 'v is in range',
      what: 'a mask below the bound’s negative',
      checks: () => proofOf({ r: -3n * ellEps * N * Nh }),
    },
    {
      check: 'sg is in range',
      what: 'a number above the bound',
      checks: () => proofOf({ sg: ell * N * Nh + 1n }),
    },
    {
      check: 'P, Q, A, Bc and T are units',
      what: 'P with Nh added',
      checks: () => proofOf({}, ({ P }) => ({ P: P + Nh })),
    },
    {
      check: 'the commitment to p opens',
      what: 'P of another number',
      checks: () => proofOf({}, (_, { mu }) => ({ P: to.commit(p + 1n, mu) })),
    },
    {
      check: 'the commitment to q opens',
      what: 'Bc of another number',
      checks: () => proofOf({}, (_, { beta, y }) => ({ Bc: to.commit(beta + 1n, y) })),
    },
    {
      check: 'their product is N0',
      what: 'T of another number',
      checks: () => proofOf({}, ({ T }) => ({ T: to.mod.multiply(T, to.s) })),
    },
  ];

  test('a right proof holds, for its verifier and for a reader without secrets', () => {
    const proof = proveFac(set, context, key, to, random);
    expect(failures(facChecks(set, context, statement, proof))).toEqual([]);
    const shown = { N0: N, to: new RingPedersen(Nh, to.s, to.t) };
    expect(failures(facChecks(set, context, shown, proof))).toEqual([]);
    expect(facLayout(set).decode(facLayout(set).encode(proof))).toEqual(proof);
    expect(failures(proofOf({}))).toEqual([]);
  });

  test.each(forgeries)('“$check” alone stops $what', (forgery) => {
    expect(stoppedBy(forgery)).toEqual(mustStop(forgery));
  });

  test('every check of Pi_fac has a forgery', () => {
    expect(withoutForgery(proofOf({}), forgeries)).toEqual([]);
  });

  test('a split of another number is stopped by its product', () => {
    const other = { N0: N + 2n, to };
    const proof = proveFac(set, context, key, to, random);
    expect(failures(facChecks(set, context, other, proof))).toContain('their product is N0');
  });
});
