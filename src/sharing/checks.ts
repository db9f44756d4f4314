import { equal, type PartyIndex } from '../common/index.js';
import { challenge, evaluateInExponent, xof } from '../crypto/index.js';
import {
  bytesItem,
  listItem,
  pointItem,
  transcript,
  u16Item,
  type KeygenOpening,
} from '../wire/index.js';
import type { SharingGroup } from './group.js';
import { HASH_BYTES, keygenKinds } from './messages.js';
import { decodeAll } from './public.js';

/** What KG2 opens: everything but the salt. */
export type Opening = Omit<KeygenOpening, 'salt'>;

/** C_i = XOF("commit/KG1", [ssid, i, T("KG1", [A, B, z]), salt], 32): binding, and hiding by the salt. */
export function commitmentTo(
  sessionId: Uint8Array,
  i: PartyIndex,
  { coefficients, proofCommitment, proofResponse }: Opening,
  salt: Uint8Array,
): Uint8Array {
  const payload = transcript('KG1', [
    listItem(coefficients.map(pointItem)),
    pointItem(proofCommitment),
    bytesItem(proofResponse),
  ]);
  const items = [bytesItem(sessionId), u16Item(i), bytesItem(payload), bytesItem(salt)];
  return xof('commit/KG1', items, HASH_BYTES);
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
 * Whether participant `who` opened in KG2 what it committed to in KG1: the hash, exactly t points (one more would raise the
 * threshold), all of them points and none the identity, and a proof that it knows a_0 (without which A_0 could cancel
 * the others'). Speaks for itself: bodies are enough, from whoever has them.
 */
export function isRightOpening<P>(
  sharing: SharingGroup<P>,
  sessionId: Uint8Array,
  who: PartyIndex,
  threshold: number,
  kg1: Uint8Array,
  kg2: Uint8Array,
): boolean {
  const { group } = sharing;
  const commitment = keygenKinds.KG1.decode(kg1);
  const opening = keygenKinds.KG2.decode(kg2);
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

/** Whether the KG3 for `to` is on the polynomial that the same sender's KG2 shows: f(to)·G = Σ_l to^l·A_l. */
export function isRightValue<P>(
  sharing: SharingGroup<P>,
  kg2: Uint8Array,
  kg3: Uint8Array,
  to: PartyIndex,
): boolean {
  const { group } = sharing;
  const A = decodeAll(sharing, keygenKinds.KG2.decode(kg2)?.coefficients ?? []);
  const bytes = keygenKinds.KG3.decode(kg3)?.value;
  const value = bytes && group.decodeScalar(bytes);
  if (A === undefined || A.length === 0 || value === undefined) return false;
  // The value is a secret of this node's: the hardened path.
  return group.equal(group.multiplyBase(value), evaluateInExponent(group, A, to));
}
