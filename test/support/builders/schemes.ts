import { frostScheme, type Schemes, type Verifiers } from '../../../src/algorithms/index.js';
import {
  frostSuites,
  type FrostAlgorithm,
  type Suite,
  type Suites,
} from '../../../src/frost/index.js';
import type { Gg20Tables } from '../../../src/gg20/index.js';
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../../../src/identity/index.js';
import { arithmeticBy, BACKEND_CHOICES, chooseBackends } from '../../../src/machine/index.js';
import { groupsBy } from '../../../src/machine/backends/choice.js';
import { Algorithm } from '../../../src/wire/index.js';

/** As for a node: the kind of library that the environment names, else the fastest that loads. */
const wanted = process.env['QUORATE_CRYPTO_BACKEND'] ?? 'auto';
const choice = BACKEND_CHOICES.find((known) => known === wanted);
if (choice === undefined) throw new Error(`QUORATE_CRYPTO_BACKEND: ${wanted} is no kind`);
const { names } = await chooseBackends(choice);

/** The tables that a node computes with on this machine: fast ones, where libraries of curves load. */
const { schemes, verifiers, gg20 } = await arithmeticBy(names);
export const SCHEMES: Schemes = schemes;
export const VERIFIERS: Verifiers = verifiers;
export const GG20: Gg20Tables = gg20;

/** The suite behind each algorithm, over the same libraries. */
export const SUITES: Suites = frostSuites(await groupsBy(names));
export const ed25519Suite: Suite = SUITES[Algorithm.FROST_ED25519_SHA512];
export const secp256k1Suite: Suite = SUITES[Algorithm.FROST_SECP256K1_SHA256];
export const taprootSuite: Suite = SUITES[Algorithm.FROST_SECP256K1_TAPROOT];
export const p256Suite: Suite = SUITES[Algorithm.FROST_P256_SHA256];

/** The algorithms that sign with FROST. */
export const FROST_ALGORITHMS: readonly FrostAlgorithm[] = KEY_ALGORITHMS.filter(isFrost);

function isFrost(algorithm: KeyAlgorithm): algorithm is FrostAlgorithm {
  return algorithm in SUITES;
}

/** The table of algorithms with another suite in the place of the one with its name. */
export function schemesWith(suite: Suite): Schemes {
  return { ...SCHEMES, [suite.algorithm]: frostScheme(suite) };
}
