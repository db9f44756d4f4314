/* oxlint-disable no-underscore-dangle -- the module's functions are named so */
import { assert } from '../../common/index.js';
import { requirePackage } from './packages.js';
import type { PointLibrary } from './point-library.js';
import { sodiumLibrary } from './sodium.js';

/** The raw module: functions take addresses in its memory and return 0, but for the claim about a point. */
type SodiumModule = {
  readonly ready: Promise<void>;
  /** Another array after the memory has grown. */
  readonly HEAPU8: Uint8Array;
  readonly _malloc: (bytes: number) => number;
  readonly _sodium_init: () => number;
  readonly _crypto_core_ed25519_is_valid_point: (point: number) => number;
  readonly _crypto_core_ed25519_add: (sum: number, a: number, b: number) => number;
  readonly _crypto_scalarmult_ed25519_base_noclamp: (product: number, scalar: number) => number;
  readonly _crypto_scalarmult_ed25519_noclamp: (
    product: number,
    scalar: number,
    point: number,
  ) => number;
};

const SLOT_BYTES = 32;

/** libsodium in WebAssembly: loads wherever Node does, at half the speed. Secrets are wiped from its memory. */
export async function loadSodiumWasm(): Promise<PointLibrary> {
  const sodium: SodiumModule = requirePackage('libsodium-sumo');
  await sodium.ready;
  assert(sodium._sodium_init() >= 0, 'libsodium starts');
  const result = sodium._malloc(3 * SLOT_BYTES);
  const [first, second] = [result + SLOT_BYTES, result + 2 * SLOT_BYTES];

  /** Puts the operands into their places, has the function called, and takes what it wrote. */
  const call = (into: Uint8Array, operands: readonly Uint8Array[], run: () => number): void => {
    for (const [at, operand] of operands.entries())
      sodium.HEAPU8.set(operand, first + at * SLOT_BYTES);
    const status = run();
    into.set(sodium.HEAPU8.subarray(result, result + SLOT_BYTES));
    sodium.HEAPU8.fill(0, result, result + 3 * SLOT_BYTES);
    assert(status === 0, 'libsodium computes with points of the group');
  };
  return sodiumLibrary('libsodium-sumo', {
    isValidPoint(point) {
      sodium.HEAPU8.set(point, first);
      return sodium._crypto_core_ed25519_is_valid_point(first) === 1;
    },
    add: (sum, a, b) =>
      call(sum, [a, b], () => sodium._crypto_core_ed25519_add(result, first, second)),
    multiplyBase: (product, scalar) =>
      call(product, [scalar], () => sodium._crypto_scalarmult_ed25519_base_noclamp(result, first)),
    multiply: (product, scalar, point) =>
      call(product, [scalar, point], () =>
        sodium._crypto_scalarmult_ed25519_noclamp(result, first, second),
      ),
  });
}
