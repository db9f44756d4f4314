import { expect, test } from '@jest/globals';
import {
  checkOwnSecretJob,
  decodeMaterial,
  encodeMaterial,
  publicMaterial,
  setName,
} from '../../../../src/gg20/index.js';
import { seededRandom } from '../../../support/builders/frost-exchange.js';
import { testMaterial } from '../../../support/builders/gg20.js';
import { PREPARE_SETS, prepareCompute } from '../../../support/builders/gg20-prepare.js';

const set = PREPARE_SETS.small;
const { profile } = set;
const own = testMaterial('small', 1);
const bytes = encodeMaterial(profile, own);
const decoded = (other: Uint8Array) => decodeMaterial(profile, other, seededRandom(1));
const HALF = profile.modulusBits / 16;

/** The bytes with other ones from a place on. */
function altered(at: number, ...others: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(others, at);
  return copy;
}

test('own material is read as it was written, and says its format first', () => {
  expect(bytes[0]).toBe(1);
  expect(bytes.length).toBe(1 + (4 * profile.modulusBits) / 8);
  const again = decoded(bytes);
  if (again === undefined) throw new Error('it is read');
  expect(encodeMaterial(profile, again)).toEqual(bytes);
  expect(publicMaterial(profile, again)).toEqual(publicMaterial(profile, own));
});

const [last, t, lambda] = [HALF, 1 + 4 * HALF, 1 + 6 * HALF];
test.each<[string, () => Uint8Array]>([
  ['another format', () => altered(0, 2)],
  ['no bytes', () => new Uint8Array(0)],
  ['a byte less', () => bytes.subarray(0, -1)],
  ['a byte more', () => Uint8Array.from([...bytes, 0])],
  ['an even prime', () => altered(last, (bytes[last] ?? 0) - 1)],
  ['a short prime', () => altered(1, 0x40)],
  ['p twice', () => altered(1 + HALF, ...bytes.subarray(1, 1 + HALF))],
  ['t = 0', () => altered(t, ...new Uint8Array(2 * HALF))],
  ['t above Nh', () => altered(t, ...new Uint8Array(2 * HALF).fill(255))],
  ['lambda = 0', () => altered(lambda, ...new Uint8Array(2 * HALF))],
  ['lambda above phi(Nh)', () => altered(lambda, ...new Uint8Array(2 * HALF).fill(255))],
])('%s is no material', (_, other) => {
  expect(decoded(other())).toBeUndefined();
});

test('bytes of one profile are no material of another', () => {
  expect(decodeMaterial(PREPARE_SETS.P2048.profile, bytes, seededRandom(1))).toBeUndefined();
});

test('a wrong bit in a prime throws nothing, and is never read as the right one', () => {
  for (const at of [1, HALF - 1, HALF, 2 * HALF, 3 * HALF, 4 * HALF]) {
    const other = altered(at, (bytes[at] ?? 0) ^ 2);
    const read = decoded(other);
    expect(read === undefined || encodeMaterial(profile, read)).not.toEqual(bytes);
  }
});

const belongs = (secret: Uint8Array, material = publicMaterial(profile, own)) => {
  const input = { set: setName(set), secret, seed: new Uint8Array(64).fill(1), material };
  return prepareCompute().run(checkOwnSecretJob, input);
};

test('secrets that are read back belong to their own record alone', async () => {
  expect(await belongs(bytes.slice())).toBe(true);
  const other = publicMaterial(profile, testMaterial('small', 2));
  expect(await belongs(bytes.slice(), other)).toBe(false);
  for (const name of ['N', 'Nh', 's', 't'] as const) {
    const mixed = { ...publicMaterial(profile, own), [name]: other[name] };
    expect(await belongs(bytes.slice(), mixed)).toBe(false);
  }
  expect(await belongs(bytes.slice(1))).toBe(false);
});

test('the job that reads secrets back takes them', async () => {
  const secret = bytes.slice();
  await belongs(secret);
  expect(secret.length).toBe(0);
});
