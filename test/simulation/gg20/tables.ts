import {
  gg20Scheme,
  type Schemes,
  type Verifier,
  type Verifiers,
} from '../../../src/algorithms/index.js';
import {
  Gg20Tables,
  parameterSet,
  shareLayout,
  type ParameterSet,
  type SigningMode,
} from '../../../src/gg20/index.js';
import { toHex } from '../../../src/common/index.js';
import type { KeyAlgorithm } from '../../../src/identity/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import type { ReadShare } from '../checkers/session-shares.js';
import { smallCurve, smallVerifier } from './curve.js';

/** GG20's algorithms, and the curve that the small group stands for in each. */
const CURVES = {
  [Algorithm.GG20_SECP256K1]: smallCurve('secp256k1'),
  [Algorithm.GG20_P256]: smallCurve('P-256'),
} as const;

/** The algorithms whose keys the simulated clients ask for. */
export const GG20_ALGORITHMS = [
  Algorithm.GG20_SECP256K1,
  Algorithm.GG20_P256,
] as const satisfies readonly KeyAlgorithm[];

/** The fewest bits whose primes OpenSSL computes powers with; 8 repetitions as in other tests. */
const PROFILE = { name: 'P2048', modulusBits: 1024, repetitions: 8 };

/**
 * The parameter sets of simulated nodes: a group of 61 bits, moduli of 1024 and 8 repetitions, under the names of the smaller profile
 * of both curves. They are values that a test hands in: no name that a configuration or a request can have leads to them, for names
 * are looked up in a node's own tables.
 */
export const SIMULATED_SETS: readonly ParameterSet[] = Object.values(CURVES).map((curve) =>
  parameterSet(curve, PROFILE),
);

/** Tables of their own, with caches of their own. */
export function simulatedGg20(): Gg20Tables {
  return new Gg20Tables(SIMULATED_SETS);
}

/** The same tables of algorithms, in which GG20 computes in the small group. */
export function withSmallGg20(schemes: Schemes): Schemes {
  const small = GG20_ALGORITHMS.map((each) => [each, gg20Scheme(each, CURVES[each])] as const);
  return { ...schemes, ...Object.fromEntries(small) };
}

export function withSmallVerifiers(verifiers: Verifiers): Verifiers {
  const small = GG20_ALGORITHMS.map((each): [KeyAlgorithm, Verifier] => [each, smallVerifier]);
  return { ...verifiers, ...Object.fromEntries(small) };
}

/** What a share of a session says of its presignature, whether it was made in the session or before. */
export const readGg20Share: ReadShare = (body, signers) => {
  const [set] = SIMULATED_SETS;
  if (set === undefined) return undefined;
  const read = (mode: SigningMode) => shareLayout(set, signers, mode).decode(body);
  const share = read('interactive') ?? read('online');
  return (
    share && {
      presignature: toHex(share.presigId),
      nonce: toHex(set.curve.group.encode(share.presignature.R)),
    }
  );
};
