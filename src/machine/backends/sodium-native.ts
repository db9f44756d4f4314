import { requirePackage } from './packages.js';
import type { PointLibrary } from './point-library.js';
import { sodiumLibrary } from './sodium.js';

/** Of the package's functions; all throw where libsodium returns an error. */
type SodiumNative = {
  readonly crypto_core_ed25519_is_valid_point: (point: Uint8Array) => boolean;
  readonly crypto_core_ed25519_add: (sum: Uint8Array, a: Uint8Array, b: Uint8Array) => void;
  readonly crypto_scalarmult_ed25519_base_noclamp: (
    product: Uint8Array,
    scalar: Uint8Array,
  ) => void;
  readonly crypto_scalarmult_ed25519_noclamp: (
    product: Uint8Array,
    scalar: Uint8Array,
    point: Uint8Array,
  ) => void;
};

/** libsodium as machine code, in a package that carries the binaries. @throws where there is none for this machine. */
export function loadSodiumNative(): PointLibrary {
  const sodium: SodiumNative = requirePackage('sodium-native');
  return sodiumLibrary('sodium-native', {
    isValidPoint: (point) => sodium.crypto_core_ed25519_is_valid_point(point),
    add: (sum, a, b) => sodium.crypto_core_ed25519_add(sum, a, b),
    multiplyBase: (product, scalar) =>
      sodium.crypto_scalarmult_ed25519_base_noclamp(product, scalar),
    multiply: (product, scalar, point) =>
      sodium.crypto_scalarmult_ed25519_noclamp(product, scalar, point),
  });
}
