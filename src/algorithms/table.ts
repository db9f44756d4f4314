import { ed25519Suite, p256Suite, secp256k1Suite, taprootSuite } from '../frost/index.js';
import { Algorithm } from '../wire/index.js';
import { frostScheme } from './frost-scheme.js';
import type { Schemes } from './scheme.js';

/** The algorithms of this release. */
export const SCHEMES: Schemes = {
  [Algorithm.FROST_ED25519_SHA512]: frostScheme(ed25519Suite),
  [Algorithm.FROST_SECP256K1_SHA256]: frostScheme(secp256k1Suite),
  [Algorithm.FROST_SECP256K1_TAPROOT]: frostScheme(taprootSuite),
  [Algorithm.FROST_P256_SHA256]: frostScheme(p256Suite),
};
