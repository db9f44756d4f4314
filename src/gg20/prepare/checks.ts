import { equal } from '../../common/index.js';
import {
  areUnits,
  decodeBigEndian,
  gcd,
  jacobi,
  PaillierPublicKey,
  RingPedersen,
} from '../../crypto/index.js';
import { bytesItem, integerItem } from '../../wire/index.js';
import { modulusChecks } from '../modulus-checks.js';
import type { ParameterSet } from '../parameter-set.js';
import { commitmentOf, mixedSsid } from '../session-id.js';
import { gg20Transcript, gg20Xof } from '../transcript.js';
import { failedCheck, type Check } from '../zk/check.js';
import { EVERYONE } from '../zk/context.js';
import { facChecks, facLayout } from '../zk/fac.js';
import { modChecks, modLayout } from '../zk/mod.js';
import { prmChecks, prmLayout } from '../zk/prm.js';
import {
  HASH_BYTES,
  type CommitBody,
  type OpenBody,
  type ParametersBody,
  type ProveBody,
  type ProveEachBody,
  type RingPedersenBytes,
} from './messages.js';

/** Of the proofs: their place in the session. */
const [PARAMETERS_ROUND, PROVE_ROUND] = [2, 3];

/** The place of a member in a run. */
export type ProverPlace = {
  readonly ssid0: Uint8Array;
  /** In the set. */
  readonly prover: number;
};

/** C_i over { rid, N, Nh, s, t, hash of Pi_prm }: everything of round 2. */
export function openingCommitment(
  { ssid0, prover }: ProverPlace,
  { rid, N, Nh, s, t, proofHash, salt }: OpenBody,
): Uint8Array {
  const numbers = [N, Nh, s, t].map(integerItem);
  const payload = gg20Transcript('prepare/opening', [
    bytesItem(rid),
    ...numbers,
    bytesItem(proofHash),
  ]);
  return commitmentOf('prepare', ssid0, prover, payload, salt);
}

/** Names Pi_prm in an opening. */
export function parametersHash(proof: Uint8Array): Uint8Array {
  return gg20Xof('prepare/parameters', [bytesItem(proof)], HASH_BYTES);
}

export function parametersPlace({ ssid0, prover }: ProverPlace) {
  return { ssid: ssid0, prover, verifier: EVERYONE, round: PARAMETERS_ROUND };
}

/** The place of Pi_mod, for everyone, or of Pi_fac, for one verifier. */
export function provePlace(
  { ssid0, prover }: ProverPlace,
  rids: readonly Uint8Array[],
  verifier: number = EVERYONE,
) {
  return { ssid: mixedSsid(ssid0, rids), prover, verifier, round: PROVE_ROUND };
}

export function ringPedersenOf({ Nh, s, t }: RingPedersenBytes): RingPedersen {
  return new RingPedersen(decodeBigEndian(Nh), decodeBigEndian(s), decodeBigEndian(t));
}

/** Checks d of one modulus, by name. */
function modulusChecksOf(set: ParameterSet, name: string, bytes: Uint8Array): readonly Check[] {
  return modulusChecks(set.profile, decodeBigEndian(bytes)).map((check) => ({
    ...check,
    name: `${name}: ${check.name}`,
  }));
}

/** Checks d and f of bases whose proof is elsewhere: nothing is computed with others. */
function basesChecks(set: ParameterSet, bases: RingPedersenBytes): readonly Check[] {
  const [Nh, s, t] = [
    decodeBigEndian(bases.Nh),
    decodeBigEndian(bases.s),
    decodeBigEndian(bases.t),
  ];
  return [
    ...modulusChecksOf(set, 'Nh', bases.Nh),
    {
      name: 's and t are no trivial elements',
      holds: () => [s, t].every((each) => each > 1n && each < Nh - 1n) && s !== t,
    },
    { name: 's and t are units', holds: () => areUnits([s, t], Nh) },
    {
      name: 's and t have Jacobi symbol 1',
      holds: () => jacobi(s, Nh) === 1 && jacobi(t, Nh) === 1,
    },
  ];
}

/** Checks a, d and f: the commitment opens, N and Nh can be moduli, s and t can be bases. The name of the first that fails. */
export function materialFault(
  set: ParameterSet,
  place: ProverPlace,
  { commitment }: CommitBody,
  opened: OpenBody,
): string | undefined {
  return failedCheck([
    {
      name: 'the commitment opens',
      holds: () => equal(commitment, openingCommitment(place, opened)),
    },
    ...modulusChecksOf(set, 'N', opened.N),
    ...basesChecks(set, opened),
  ]);
}

/** Check g: Pi_prm is the proof that the opening names, and holds. */
export function parametersFault(
  set: ParameterSet,
  place: ProverPlace,
  opened: OpenBody,
  { proof }: ParametersBody,
): string | undefined {
  const isNamed = {
    name: 'the proof is the one that was opened',
    holds: () => equal(opened.proofHash, parametersHash(proof)),
  };
  const before = failedCheck([isNamed, ...basesChecks(set, opened)]);
  if (before !== undefined) return before;
  return proofFault('Pi_prm', prmLayout(set).decode(proof), (read) =>
    prmChecks(set, parametersPlace(place), { to: ringPedersenOf(opened) }, read),
  );
}

/** Check h: Pi_mod holds in the session that its message names. */
export function modulusFault(
  set: ParameterSet,
  place: ProverPlace,
  opened: Pick<OpenBody, 'N'>,
  { rids, proof }: ProveBody,
): string | undefined {
  const before = failedCheck(modulusChecksOf(set, 'N', opened.N));
  if (before !== undefined) return before;
  return proofFault('Pi_mod', modLayout(set).decode(proof), (read) => {
    const statement = { key: new PaillierPublicKey(decodeBigEndian(opened.N)) };
    return modChecks(set, provePlace(place, rids), statement, read);
  });
}

/**
 * Check i: Pi_fac holds in the session, and under the bases, that its message names.
 *
 * @param verifier - The receiver's index in the set.
 */
export function factorsFault(
  set: ParameterSet,
  place: ProverPlace,
  verifier: number,
  opened: Pick<OpenBody, 'N'>,
  each: ProveEachBody,
): string | undefined {
  const before = failedCheck([...modulusChecksOf(set, 'N', opened.N), ...basesChecks(set, each)]);
  if (before !== undefined) return before;
  return proofFault('Pi_fac', facLayout(set).decode(each.proof), (read) => {
    const statement = { N0: decodeBigEndian(opened.N), to: ringPedersenOf(each) };
    return facChecks(set, provePlace(place, each.rids, verifier), statement, read);
  });
}

/** The first check of a proof that fails, where its statement can be computed with. */
function proofFault<P>(
  name: string,
  read: P | undefined,
  checks: (read: P) => readonly Check[],
): string | undefined {
  if (read === undefined) return `${name} cannot be read`;
  const failed = failedCheck(checks(read));
  return failed && `${name}: ${failed}`;
}

/** Checks b and e of one session: no two members have the same random bytes, no two moduli a common factor. Chance, or no culprit. */
export function areDistinct(openings: readonly OpenBody[]): boolean {
  const rids = new Set(openings.map(({ rid }) => rid.join(' ')));
  if (rids.size !== openings.length) return false;
  const moduli = openings.flatMap(({ N, Nh }) => [decodeBigEndian(N), decodeBigEndian(Nh)]);
  return moduli.every((modulus, at) =>
    moduli.slice(at + 1).every((other) => gcd(modulus, other) === 1n),
  );
}
