import { frostScheme, SCHEMES, type Schemes } from '../../../src/algorithms/index.js';
import {
  ed25519Suite,
  p256Suite,
  secp256k1Suite,
  taprootSuite,
  type Suite,
} from '../../../src/frost/index.js';
import type { KeyAlgorithm } from '../../../src/identity/index.js';
import { Algorithm } from '../../../src/wire/index.js';

/** The suite behind each algorithm. */
export const SUITES: Readonly<Record<KeyAlgorithm, Suite>> = {
  [Algorithm.FROST_ED25519_SHA512]: ed25519Suite,
  [Algorithm.FROST_SECP256K1_SHA256]: secp256k1Suite,
  [Algorithm.FROST_SECP256K1_TAPROOT]: taprootSuite,
  [Algorithm.FROST_P256_SHA256]: p256Suite,
};

/** The table of algorithms with another suite in the place of the one with its name. */
export function schemesWith(suite: Suite): Schemes {
  return { ...SCHEMES, [suite.algorithm]: frostScheme(suite) };
}
