import { beforeEach, expect, test } from '@jest/globals';
import { decodeBigEndian } from '../../../../src/crypto/index.js';
import { PROFILES } from '../../../../src/gg20/index.js';
import type { PrimeKind, Primes } from '../../../../src/ports/index.js';
import { GENERATIONS_OF_PRIMES_MAX } from '../../../../src/tasks/limits.js';
import { PrimePool } from '../../../../src/tasks/participant/prime-pool.js';
import type { GenerationPrimes } from '../../../../src/tasks/participant/prime-pool.js';
import { settle } from '../../../support/builders/task-room.js';

const { P2048, P3072 } = PROFILES;

/** A search for one prime, which a test ends. Numbers stand for primes: the pool does not look at them. */
type Search = {
  readonly kind: PrimeKind;
  readonly bits: number;
  readonly found: (prime: bigint) => void;
  readonly failed: (error: Error) => void;
};

let searches: Search[];
let lines: string[];
let pool: PrimePool;

const primes: Primes = {
  prime: (kind, bits) =>
    new Promise((found, failed) => {
      searches.push({ kind, bits, found, failed });
    }),
};

beforeEach(() => {
  searches = [];
  lines = [];
  pool = new PrimePool(primes, { error: (line) => lines.push(line) });
});

let last = 0n;

/** Ends searches until none is under way, or `count` were ended. */
async function find(count = Infinity): Promise<readonly Search[]> {
  const ended: Search[] = [];
  for (let next = searches.shift(); next !== undefined; next = searches.shift()) {
    last += 1n;
    next.found(last);
    ended.push(next);
    if (ended.length === count) break;
    await settle();
  }
  await settle();
  return ended;
}

const numbers = (taken: GenerationPrimes): readonly bigint[] => taken.map(decodeBigEndian);

test('a node that uses no profile looks for no prime', async () => {
  pool.keep(P3072, 0);
  await settle();
  expect(searches).toEqual([]);
  expect(pool.stocks).toEqual([]);
});

test('primes of a profile in use are looked for one at a time, until there are enough', async () => {
  pool.keep(P2048, 2);
  await settle();
  expect(searches).toHaveLength(1);
  expect(pool.stocks).toEqual([{ profile: 'P2048', ready: 0, making: true }]);

  const made = await find();
  expect(made.map(({ kind }) => kind).sort()).toEqual([
    ...Array<string>(4).fill('blum'),
    ...Array<string>(4).fill('safe'),
  ]);
  expect(new Set(made.map(({ bits }) => bits))).toEqual(new Set([1024]));
  expect(pool.stocks).toEqual([{ profile: 'P2048', ready: 2, making: false }]);
});

test('no more primes are kept than for the bound, however many generations are wanted', async () => {
  pool.keep(P2048, 1_000);
  await settle();
  expect(await find()).toHaveLength(4 * GENERATIONS_OF_PRIMES_MAX);
  expect(pool.stocks[0]?.ready).toBe(GENERATIONS_OF_PRIMES_MAX);
});

test('each prime is given out once, and others are looked for in its place', async () => {
  pool.keep(P2048, 1);
  await settle();
  await find();
  const first = numbers(await pool.take(P2048));
  await settle();
  expect(pool.stocks).toEqual([{ profile: 'P2048', ready: 0, making: true }]);
  await find();
  const second = numbers(await pool.take(P2048));
  expect(new Set([...first, ...second]).size).toBe(8);
});

test('primes that are waited for are made though none are kept, before those that are only kept', async () => {
  pool.keep(P3072, 1);
  const taken = pool.take(P2048);
  await settle();
  const made = await find();
  // One search was under way.
  expect(made.slice(1, 5).map(({ bits }) => bits)).toEqual([1024, 1024, 1024, 1024]);
  expect(numbers(await taken)).toHaveLength(4);
  expect(pool.stocks).toEqual([
    { profile: 'P3072', ready: 1, making: false },
    { profile: 'P2048', ready: 0, making: false },
  ]);
});

test('while other arithmetic goes first, only primes that are waited for are looked for', async () => {
  pool.keep(P2048, 1);
  await settle();
  await find();
  const goOn = pool.rest();
  await pool.take(P2048);
  await settle();
  expect(searches).toEqual([]);
  const waiting = pool.take(P2048);
  await settle();
  expect(await find()).toHaveLength(4);
  await waiting;
  expect(searches).toEqual([]);
  goOn();
  await settle();
  expect(searches).toHaveLength(1);
});

test('primes that nothing was made of go to the next', async () => {
  const first = pool.take(P2048);
  const second = pool.take(P2048);
  await settle();
  await find(4);
  const given = await first;
  const same = numbers(given);
  pool.giveBack(P2048, given);
  expect(numbers(await second)).toEqual(same);
});

test('a search that fails is told, and the next need tries again', async () => {
  pool.keep(P2048, 1);
  await settle();
  searches.shift()?.failed(new Error('no luck'));
  await settle();
  expect(lines).toEqual(['no prime was made']);
  expect(searches).toEqual([]);
  pool.keep(P2048, 1);
  await settle();
  expect(searches).toHaveLength(1);
});

test('a pool that is closed wipes its primes, gives none out and looks for none', async () => {
  const primesOf = await (async (): Promise<GenerationPrimes> => {
    const taken = pool.take(P2048);
    await settle();
    await find();
    return taken;
  })();
  pool.keep(P2048, 1);
  pool.giveBack(P2048, primesOf);
  const waiting = [pool.take(P3072), pool.take(P3072)];
  pool.close();
  for (const each of waiting) await expect(each).rejects.toThrow('stops');
  expect(primesOf.every((prime) => prime.every((byte) => byte === 0))).toBe(true);
  await expect(pool.take(P2048)).rejects.toThrow('stops');
  await find();
  expect(searches).toEqual([]);
  expect(pool.stocks).toEqual([]);
});
