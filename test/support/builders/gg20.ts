import {
  decodeLittleEndian,
  hashToField,
  NOBLE_GROUPS,
  PaillierSecretKey,
  RingPedersenTrapdoor,
} from '../../../src/crypto/index.js';
import { utf8 } from '../../../src/common/index.js';
import { curvesOver, parameterSet, PROFILES, type ParameterSet } from '../../../src/gg20/index.js';
import { smallSuite } from '../../simulation/small-group.js';
import { TEST_PRIMES } from '../../vectors/gg20-primes.js';
import { seededRandom } from './frost-exchange.js';

/** One party's secrets of a generation: its Paillier key, and its commitments' trapdoor. */
export type TestMaterial = {
  readonly key: PaillierSecretKey;
  readonly trapdoor: RingPedersenTrapdoor;
};

const { group } = smallSuite();

/**
 * A parameter set for tests: a group of 61 bits, moduli of 1024 and 8 repetitions. Everything of the protocol works in it, a
 * hundred times as fast, and as secure as a toy. No table of `src/` names it.
 */
export function smallSet(): ParameterSet {
  const h = hashToField(group.order, utf8('small'), utf8('H'));
  const profile = { name: 'small', modulusBits: 1024, repetitions: 8 };
  const curve = {
    name: 'small',
    group,
    H: group.multiplyBase(h),
    x: (point: bigint) => decodeLittleEndian(group.encode(point)),
    hasOddY: () => false,
  };
  return parameterSet(curve, profile);
}

/** Both curves by @noble/curves. */
export const CURVES = curvesOver(NOBLE_GROUPS);

/** secp256k1 with the smaller of the two profiles. */
export const SET_2048: ParameterSet = parameterSet(CURVES.secp256k1, PROFILES.P2048);
export const SET_3072: ParameterSet = parameterSet(CURVES.secp256k1, PROFILES.P3072);

const made = new Map<string, TestMaterial>();

/** The secrets of party `index` (from 1) in a set of this profile, the same in every run. */
export function testMaterial(profile: keyof typeof TEST_PRIMES, index: number): TestMaterial {
  const name = `${profile}/${index}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const primes = TEST_PRIMES[profile][index - 1];
  if (primes === undefined) throw new Error(`no primes for ${name}`);
  const material = {
    key: new PaillierSecretKey(...primes.paillier),
    trapdoor: RingPedersenTrapdoor.make(...primes.ringPedersen, seededRandom(index)),
  };
  made.set(name, material);
  return material;
}
