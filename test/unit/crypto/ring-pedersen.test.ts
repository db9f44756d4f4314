import { expect, test } from '@jest/globals';
import { isPrime, jacobi, RingPedersen, RingPedersenTrapdoor } from '../../../src/crypto/index.js';
import { seededRandom } from '../../support/builders/frost-exchange.js';
import { TEST_PRIMES } from '../../vectors/gg20-primes.js';

const random = seededRandom(3);
const [p = 0n, q = 0n] = TEST_PRIMES.P2048[0]?.ringPedersen ?? [];
const own = RingPedersenTrapdoor.make(p, q, random);
const shown = new RingPedersen(own.Nh, own.s, own.t);

test('fresh bases are squares, and s is the power of t that its owner knows', () => {
  expect([own.s, own.t].map((each) => jacobi(each, own.Nh))).toEqual([1, 1]);
  expect(shown.power(own.t, own.lambda)).toBe(own.s);
  expect([p, q].every((prime) => isPrime((prime - 1n) / 2n))).toBe(true);
});

test('the owner comes to the same commitments as anyone else, for numbers of both signs', () => {
  for (const [m, r] of [
    [5n, 7n],
    [-(2n ** 255n), 2n ** 2400n],
    [2n ** 768n, -(2n ** 4000n)],
    [0n, 1n],
  ] as const) {
    expect(own.commit(m, r)).toBe(shown.commit(m, r));
    expect(own.power(own.s, m)).toBe(shown.power(own.s, m));
  }
});

test('lambda is blinded anew each time, and the commitment is the same', () => {
  const asked: number[] = [];
  const counting = { bytes: (count: number) => (asked.push(count), random.bytes(count)) };
  const blinded = RingPedersenTrapdoor.of(p, q, own.t, own.lambda, counting);
  expect(blinded.commit(3n, 4n)).toBe(blinded.commit(3n, 4n));
  expect(asked.length).toBe(4);
});

test('a trapdoor after its end computes nothing', () => {
  const ended = RingPedersenTrapdoor.of(p, q, own.t, own.lambda, random);
  ended[Symbol.dispose]();
  expect(() => ended.commit(1n, 1n)).toThrow('after its end');
  expect(() => ended.power(3n, 1n)).toThrow('after its end');
});
