import { ed25519Group, p256Group, type Curve } from '../../crypto/index.js';
import type { CurveBackend } from './curve-backend.js';
import { LibraryGroup } from './library-group.js';
import { OpensslP256Group } from './openssl-p256.js';
import { SECP256K1_BACKENDS } from './secp256k1-backends.js';
import { loadSodiumNative } from './sodium-native.js';
import { loadSodiumWasm } from './sodium-wasm.js';

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
  secp256k1: SECP256K1_BACKENDS,
  p256: [
    { name: 'node:crypto', kind: 'native', load: () => new OpensslP256Group() },
    { name: '@noble/curves', kind: 'javascript', load: () => p256Group },
  ],
};
