import { NOBLE_GROUPS, type Groups } from '../crypto/index.js';
import { frostSuites } from '../frost/index.js';
import { curvesOver } from '../gg20/index.js';
import { Algorithm } from '../wire/index.js';
import { frostScheme } from './frost-scheme.js';
import { gg20Scheme } from './gg20-scheme.js';
import type { Schemes } from './scheme.js';

/** The algorithms of this release, computed by these groups. Each call makes tables with caches of their own. */
export function schemesOver(groups: Groups): Schemes {
  const suites = frostSuites(groups);
  const curves = curvesOver(groups);
  return {
    [Algorithm.FROST_ED25519_SHA512]: frostScheme(suites[Algorithm.FROST_ED25519_SHA512]),
    [Algorithm.FROST_SECP256K1_SHA256]: frostScheme(suites[Algorithm.FROST_SECP256K1_SHA256]),
    [Algorithm.FROST_SECP256K1_TAPROOT]: frostScheme(suites[Algorithm.FROST_SECP256K1_TAPROOT]),
    [Algorithm.FROST_P256_SHA256]: frostScheme(suites[Algorithm.FROST_P256_SHA256]),
    [Algorithm.GG20_SECP256K1]: gg20Scheme(Algorithm.GG20_SECP256K1, curves.secp256k1),
    [Algorithm.GG20_P256]: gg20Scheme(Algorithm.GG20_P256, curves['P-256']),
  };
}

/** The same by @noble/curves alone, for readers of keys, who compute little and load no machine code. */
export const SCHEMES: Schemes = schemesOver(NOBLE_GROUPS);
