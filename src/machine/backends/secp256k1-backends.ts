import { secp256k1Group, type Group } from '../../crypto/index.js';
import type { CurveBackend } from './curve-backend.js';
import { LibraryGroup } from './library-group.js';
import { loadSecp256k1Addon, loadSecp256k1Wasm } from './secp256k1-packages.js';

type LoadedAtOnce = Omit<CurveBackend, 'load'> & { readonly load: () => Group<unknown> };

/** The libraries of secp256k1, the fastest first. */
export const SECP256K1_BACKENDS: readonly LoadedAtOnce[] = [
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
];
