import { randomBytes } from 'node:crypto';
import { assert } from '../../common/index.js';
import { wipe } from '../../crypto/index.js';
import { insideAddon } from './addon-gate.js';
import { secp256k1Library } from './libsecp256k1.js';
import { requirePackage } from './packages.js';
import type { PointLibrary } from './point-library.js';

/** Of the package's functions: points are given in any spelling, and come back compressed or not. */
type Addon = {
  readonly contextRandomize: (seed: Uint8Array) => void;
  readonly publicKeyConvert: (point: Uint8Array, compressed: boolean) => Uint8Array;
  readonly publicKeyCombine: (points: readonly Uint8Array[], compressed: boolean) => Uint8Array;
  readonly publicKeyCreate: (scalar: Uint8Array, compressed: boolean) => Uint8Array;
  readonly publicKeyTweakMul: (
    point: Uint8Array,
    scalar: Uint8Array,
    compressed: boolean,
  ) => Uint8Array;
};

const SEED_BYTES = 32;

/**
 * libsecp256k1 as machine code, in a package that carries binaries for three platforms. Its JavaScript fallback, `elliptic`,
 * is never loaded. @throws where there is no binary for this machine.
 */
export function loadSecp256k1Addon(): PointLibrary {
  const addon: Addon = insideAddon(() => requirePackage('secp256k1/bindings.js'));
  // Blinds the multiplication of the base by secrets.
  const seed = randomBytes(SEED_BYTES);
  insideAddon(() => addon.contextRandomize(seed));
  wipe(seed);
  return secp256k1Library('secp256k1', {
    decompress: (encoded) => insideAddon(() => addon.publicKeyConvert(encoded, false)),
    add: (a, b) => insideAddon(() => addon.publicKeyCombine([a, b], false)),
    multiplyBase: (scalar) => insideAddon(() => addon.publicKeyCreate(scalar, false)),
    multiply: (point, scalar) => insideAddon(() => addon.publicKeyTweakMul(point, scalar, false)),
  });
}

/** Of the package's functions: null is the identity. It wipes scalars from its memory, and blinds as above. */
type Wasm = {
  readonly pointCompress: (point: Uint8Array, compressed: boolean) => Uint8Array;
  readonly pointAdd: (a: Uint8Array, b: Uint8Array, compressed: boolean) => Uint8Array | null;
  readonly pointFromScalar: (scalar: Uint8Array, compressed: boolean) => Uint8Array | null;
  readonly pointMultiply: (
    point: Uint8Array,
    scalar: Uint8Array,
    compressed: boolean,
  ) => Uint8Array | null;
};

/** libsecp256k1 in WebAssembly: loads wherever Node does. */
export function loadSecp256k1Wasm(): PointLibrary {
  const wasm: Wasm = requirePackage('tiny-secp256k1');
  return secp256k1Library('tiny-secp256k1', {
    decompress: (encoded) => wasm.pointCompress(encoded, false),
    add: (a, b) => present(wasm.pointAdd(a, b, false)),
    multiplyBase: (scalar) => present(wasm.pointFromScalar(scalar, false)),
    multiply: (point, scalar) => present(wasm.pointMultiply(point, scalar, false)),
  });
}

function present(point: Uint8Array | null): Uint8Array {
  assert(point !== null, 'no result is the identity');
  return point;
}
