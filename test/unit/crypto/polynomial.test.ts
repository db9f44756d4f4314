import { expect, test } from '@jest/globals';
import { Bug } from '../../../src/common/index.js';
import {
  BoundedCache,
  ed25519Group as group,
  evaluateInExponent,
  inverse,
  lagrangeAtZero,
  modulo,
  randomPolynomial,
  SecretPolynomial,
} from '../../../src/crypto/index.js';
import { seededRandom } from '../../support/builders/frost-exchange.js';

test('a polynomial evaluates to a_0 + a_1 x + a_2 x²', () => {
  const polynomial = new SecretPolynomial(group, [5n, 7n, 11n]);

  expect(polynomial.constant).toBe(5n);
  expect([1, 2, 20].map((x) => polynomial.evaluate(x))).toEqual([23n, 63n, 4545n]);
});

test('a random polynomial has the requested number of coefficients, none of them zero', () => {
  using polynomial = randomPolynomial(group, 14, seededRandom(1));

  const commitment = polynomial.commitment();

  expect(commitment.length).toBe(14);
  expect(commitment.some((point) => group.isIdentity(point))).toBe(false);
});

test('a polynomial is wiped at the end of its scope', () => {
  const polynomial = new SecretPolynomial(group, [5n, 7n]);
  {
    using held = polynomial;
    held.evaluate(1);
  }

  expect(() => polynomial.constant).toThrow(Bug);
  expect(JSON.stringify(polynomial)).toBe('{}');
});

test('Feldman: the commitment evaluated in the exponent is the value times the base', () => {
  using polynomial = randomPolynomial(group, 5, seededRandom(2));
  const commitment = polynomial.commitment();

  for (const index of [1, 2, 3, 19, 20]) {
    const inExponent = evaluateInExponent(group, commitment, index);
    expect(group.equal(inExponent, group.multiplyBase(polynomial.evaluate(index)))).toBe(true);
  }
});

test('Lagrange: any t values give the constant term, in any order', () => {
  const { order } = group;
  using polynomial = randomPolynomial(group, 3, seededRandom(3));

  for (const indices of [
    [1, 2, 3],
    [20, 4, 7],
  ]) {
    const sum = indices.reduce(
      (total, i) => total + lagrangeAtZero(order, indices, i) * polynomial.evaluate(i),
      0n,
    );
    expect(modulo(sum, order)).toBe(polynomial.constant);
  }
});

test('a scalar times its inverse is one, and zero has no inverse', () => {
  for (const value of [1n, 2n, group.order - 1n, -5n])
    expect(modulo(inverse(value, group.order) * value, group.order)).toBe(1n);
  expect(() => inverse(0n, group.order)).toThrow(RangeError);
});

test('a bounded cache evicts the entry that was used longest ago', () => {
  const cache = new BoundedCache<number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');

  cache.set('c', 3);

  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([1, undefined, 3]);
});
