import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import type { EdwardsPoint } from '@noble/curves/abstract/edwards.js';
import { ed25519 as nobleEd25519 } from '@noble/curves/ed25519.js';
import {
  CurveGroup,
  decodeLittleEndian,
  ed25519Group,
  encodeLittleEndian,
  p256Group,
  secp256k1Group,
} from '../../../src/crypto/index.js';
import type { Curve } from '../../../src/crypto/index.js';
import {
  chooseBackends,
  CURVE_BACKENDS,
  type BackendChoice,
  type CurveBackend,
} from '../../../src/machine/index.js';

const missing = (name: string): CurveBackend => ({
  name,
  kind: 'native',
  load: () => {
    throw new Error('no native build was found');
  },
});
const noble: Readonly<Record<Curve, CurveBackend>> = {
  ed25519: { name: 'javascript-ed25519', kind: 'javascript', load: () => ed25519Group },
  secp256k1: { name: 'javascript-secp256k1', kind: 'javascript', load: () => secp256k1Group },
  p256: { name: 'javascript-p256', kind: 'javascript', load: () => p256Group },
};
const alone = { secp256k1: [noble.secp256k1], p256: [noble.p256] };

/** The identity passes for a point, as in a library that does not check its points. */
class LenientGroup extends CurveGroup<EdwardsPoint> {
  constructor() {
    const scalars = { decode: decodeLittleEndian, encode: encodeLittleEndian };
    super({ Point: nobleEd25519.Point, pointBytes: 32, scalars });
  }

  override decode(bytes: Uint8Array): EdwardsPoint {
    return super.decode(bytes) ?? this.identity;
  }
}

describe('the choice of curve arithmetic', () => {
  test.each<[BackendChoice, readonly string[]]>([
    ['auto', ['sodium-native', 'secp256k1', 'node:crypto']],
    ['native', ['sodium-native', 'secp256k1', 'node:crypto']],
    ['wasm', ['libsodium-sumo', 'tiny-secp256k1', 'node:crypto']],
    ['javascript', ['@noble/curves', '@noble/curves', '@noble/curves']],
  ])('%s on this machine: %s', async (choice, names) => {
    expect(Object.values((await chooseBackends(choice)).names)).toEqual(names);
  });

  test('auto goes on to the next that loads, and says what it passed over', async () => {
    const ed25519 = [missing('gone'), noble.ed25519];
    const { names, passedOver } = await chooseBackends('auto', { ...alone, ed25519 });
    expect(names.ed25519).toBe('javascript-ed25519');
    expect(passedOver).toEqual([
      { curve: 'ed25519', backend: 'gone', because: 'no native build was found' },
    ]);
  });

  test('a kind that is demanded and does not load is refused, with the reason', async () => {
    const ed25519 = [missing('gone-too'), noble.ed25519];
    await expect(chooseBackends('native', { ...alone, ed25519 })).rejects.toMatchObject({
      code: 'unsupported',
      reason: 'BACKEND_MISSING',
      message: expect.stringContaining('gone-too: no native build was found'),
    });
  });

  test('a library that gives a wrong answer is passed over', async () => {
    const lenient: CurveBackend = {
      name: 'lenient',
      kind: 'native',
      load: () => new LenientGroup(),
    };
    const ed25519 = [lenient, noble.ed25519];
    const { names, passedOver } = await chooseBackends('auto', { ...alone, ed25519 });
    expect(names.ed25519).toBe('javascript-ed25519');
    expect(passedOver.map(({ because }) => because)).toEqual([
      'lenient gives a wrong answer to a known test of ed25519',
    ]);
  });

  test('every curve ends with a backend that loads everywhere, and has its kinds in order of speed', () => {
    for (const backends of Object.values(CURVE_BACKENDS)) {
      const kinds = backends.map(({ kind }) => kind);
      expect(kinds.at(-1)).toBe('javascript');
      const order = ['native', 'wasm', 'javascript'];
      expect(kinds.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))).toEqual(kinds);
    }
  });
});

test('the JavaScript that the package of libsecp256k1 falls back to is never loaded', () => {
  const program = `
    import { createRequire } from 'node:module';
    import { chooseBackends } from './dist/src/machine/index.js';
    const { names } = await chooseBackends('auto');
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    const count = (name) => loaded.filter((file) => file.includes('node_modules/' + name + '/')).length;
    process.stdout.write(JSON.stringify([names.secp256k1, count('secp256k1') > 0, count('elliptic')]));
  `;
  const args = ['--input-type=module', '-e', program];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual(['secp256k1', true, 0]);
});
