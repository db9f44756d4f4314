import { equal, type PartyIndex } from '../common/index.js';
import { challenge, evaluateInExponent, wipe, xof } from '../crypto/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { Job } from '../ports/index.js';
import {
  bytesItem,
  listItem,
  pointItem,
  transcript,
  u16Item,
  type KeygenOpening,
} from '../wire/index.js';
import type { SharingContext, SharingGroup } from './group.js';
import { HASH_BYTES, keygen } from './messages.js';
import { decodeAll } from './public.js';

/** An opening without its salt. */
export type Opening = Omit<KeygenOpening, 'salt'>;

/** C_i = XOF("commit/keygen/open", [ssid, i, T("keygen/open", [A, B, z]), salt], 32): binding, and hiding by the salt. */
export function commitmentTo(
  sessionId: Uint8Array,
  i: PartyIndex,
  { coefficients, proofCommitment, proofResponse }: Opening,
  salt: Uint8Array,
): Uint8Array {
  const payload = transcript(keygen.kinds.open, [
    listItem(coefficients.map(pointItem)),
    pointItem(proofCommitment),
    bytesItem(proofResponse),
  ]);
  const items = [bytesItem(sessionId), u16Item(i), bytesItem(payload), bytesItem(salt)];
  return xof(`commit/${keygen.kinds.open}`, items, HASH_BYTES);
}

/** e = chal("frost-dkg-pok", [ssid, i, A_i, B_i]): with the session in it, a proof is worth nothing elsewhere. */
export function proofChallenge<P>(
  { group }: SharingGroup<P>,
  sessionId: Uint8Array,
  i: PartyIndex,
  A: readonly Uint8Array[],
  B: Uint8Array,
): bigint {
  const items = [bytesItem(sessionId), u16Item(i), listItem(A.map(pointItem)), pointItem(B)];
  return challenge('frost-dkg-pok', items, group.order);
}

/**
 * Whether participant `who` opened its own commitment: the hash, exactly t points (one more would raise the threshold), all
 * of them points and none the identity, and a proof that it knows a_0 (without which A_0 could cancel the others'). The
 * bodies are enough to tell, for any node that has them.
 */
export function isRightOpening<P>(
  sharing: SharingGroup<P>,
  sessionId: Uint8Array,
  who: PartyIndex,
  threshold: number,
  commitBody: Uint8Array,
  openBody: Uint8Array,
): boolean {
  const { group } = sharing;
  const commitment = keygen.rounds.commit.all.decode(commitBody);
  const opening = keygen.rounds.open.all.decode(openBody);
  if (commitment === undefined || opening?.coefficients.length !== threshold) return false;
  if (!equal(commitment.hash, commitmentTo(sessionId, who, opening, opening.salt))) return false;

  const [A_0] = decodeAll(sharing, opening.coefficients) ?? [];
  const B = group.decode(opening.proofCommitment);
  const z = group.decodeScalar(opening.proofResponse);
  if (A_0 === undefined || B === undefined || z === undefined) return false;

  // z·G = B + e·A_0
  const { coefficients, proofCommitment } = opening;
  const e = proofChallenge(sharing, sessionId, who, coefficients, proofCommitment);
  const expected = group.add(B, group.multiplyPublic(A_0, e));
  return group.equal(group.multiplyPublic(group.base, z), expected);
}

export type CheckOpeningInput = {
  readonly algorithm: KeyAlgorithm;
  readonly sessionId: Uint8Array;
  readonly who: PartyIndex;
  readonly threshold: number;
  readonly commitBody: Uint8Array;
  readonly openBody: Uint8Array;
};

/** {@link isRightOpening}: one job for each participant, so that nothing waits behind all of them. */
export const checkOpeningJob: Job<CheckOpeningInput, boolean, SharingContext> = {
  name: 'sharing/check-opening',
  lane: 'generation',
  compute: ({ algorithm, sessionId, who, threshold, commitBody, openBody }, { schemes }) =>
    isRightOpening(schemes[algorithm].sharing, sessionId, who, threshold, commitBody, openBody),
};

/** Whether the value for `to` is on the polynomial that the same sender's opening shows: f(to)·G = Σ_l to^l·A_l. */
export function isRightValue<P>(
  sharing: SharingGroup<P>,
  openBody: Uint8Array,
  valueBody: Uint8Array,
  to: PartyIndex,
): boolean {
  const coefficients = keygen.rounds.open.all.decode(openBody)?.coefficients ?? [];
  const value = keygen.rounds.value.each.decode(valueBody)?.value;
  return value !== undefined && isOnPolynomial(sharing, coefficients, value, to);
}

/**
 * Whether f(to) = `value`, for the polynomial f that these points are Feldman's commitment to (Feldman 1987).
 *
 * @param value - A secret of this node's: an encoded scalar, of any length until it is read here.
 */
export function isOnPolynomial<P>(
  sharing: SharingGroup<P>,
  coefficients: readonly Uint8Array[],
  value: Uint8Array,
  to: PartyIndex,
): boolean {
  const { group } = sharing;
  const A = decodeAll(sharing, coefficients);
  const scalar = group.decodeScalar(value);
  if (A === undefined || A.length === 0 || scalar === undefined) return false;
  // The hardened path.
  return group.equal(group.multiplyBase(scalar), evaluateInExponent(group, A, to));
}

export type CheckValueInput = {
  readonly algorithm: KeyAlgorithm;
  readonly openBody: Uint8Array;
  /** Holds a secret: taken, and wiped. */
  readonly valueBody: Uint8Array;
  readonly to: PartyIndex;
};

/** {@link isRightValue}. */
export const checkValueJob: Job<CheckValueInput, boolean, SharingContext> = {
  name: 'sharing/check-value',
  lane: 'generation',
  takes: ({ valueBody }) => [valueBody],
  compute({ algorithm, openBody, valueBody, to }, { schemes }) {
    try {
      return isRightValue(schemes[algorithm].sharing, openBody, valueBody, to);
    } finally {
      wipe(valueBody);
    }
  },
};
