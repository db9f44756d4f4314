import { ed25519Group, p256Group, secp256k1Group } from '../../crypto/index.js';
import type { Curve, Group } from '../../crypto/index.js';
import { LibraryGroup } from './library-group.js';
import { OpensslP256Group } from './openssl-p256.js';
import { loadSecp256k1Addon, loadSecp256k1Wasm } from './secp256k1-packages.js';
import { loadSodiumNative } from './sodium-native.js';
import { loadSodiumWasm } from './sodium-wasm.js';

/** How a backend's code is compiled. */
export type BackendKind = 'native' | 'wasm' | 'javascript';

/** A library that a curve's group can be computed by. */
export type CurveBackend = {
  /** The package. */
  readonly name: string;
  readonly kind: BackendKind;
  /** A group with caches of its own. @throws where the package is missing, or has no binary for this machine. */
  readonly load: () => Group<unknown> | Promise<Group<unknown>>;
};

/** The backends of each curve, the fastest first. The last one loads everywhere. */
export const CURVE_BACKENDS: Readonly<Record<Curve, readonly CurveBackend[]>> = {
  ed25519: [
    {
      name: 'sodium-native',
      kind: 'native',
      load: () => new LibraryGroup(ed25519Group, loadSodiumNative()),
    },
    {
      name: 'libsodium-sumo',
      kind: 'wasm',
      load: async () => new LibraryGroup(ed25519Group, await loadSodiumWasm()),
    },
    { name: '@noble/curves', kind: 'javascript', load: () => ed25519Group },
  ],
  secp256k1: [
    {
      name: 'secp256k1',
      kind: 'native',
      load: () => new LibraryGroup(secp256k1Group, loadSecp256k1Addon()),
    },
    {
      name: 'tiny-secp256k1',
      kind: 'wasm',
      load: () => new LibraryGroup(secp256k1Group, loadSecp256k1Wasm()),
    },
    { name: '@noble/curves', kind: 'javascript', load: () => secp256k1Group },
  ],
  p256: [
    { name: 'node:crypto', kind: 'native', load: () => new OpensslP256Group() },
    { name: '@noble/curves', kind: 'javascript', load: () => p256Group },
  ],
};
