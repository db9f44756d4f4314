import { equal, type PartyIndex } from '../../common/index.js';
import { lagrangeAtZero, wipe, xof } from '../../crypto/index.js';
import type { KeyAlgorithm } from '../../identity/index.js';
import type { Job } from '../../ports/index.js';
import { bytesItem, listItem, pointItem, transcript, u16Item } from '../../wire/index.js';
import { isOnPolynomial } from '../checks.js';
import type { SharingContext, SharingGroup } from '../group.js';
import { HASH_BYTES } from '../messages.js';
import { decodeAll, sumOfPolynomials, verificationShare } from '../public.js';
import { resharing } from './messages.js';

/** C_i = XOF("commit/reshare/open", [ssid, i, T("reshare/open", [A′]), salt], 32): binding, and hiding by the salt. */
export function dealingCommitment(
  sessionId: Uint8Array,
  party: PartyIndex,
  coefficients: readonly Uint8Array[],
  salt: Uint8Array,
): Uint8Array {
  const { open } = resharing.kinds;
  const payload = transcript(open, [listItem(coefficients.map(pointItem))]);
  const items = [bytesItem(sessionId), u16Item(party), bytesItem(payload), bytesItem(salt)];
  return xof(`commit/${open}`, items, HASH_BYTES);
}

/** One dealer's place in a reshare, with all that its dealing is judged by. Public, and plain data. */
export type Dealing = {
  readonly sessionId: Uint8Array;
  /** The dealer in the session. */
  readonly party: PartyIndex;
  /** The dealer in the base sharing: one of `dealers`. */
  readonly dealer: PartyIndex;
  /** S_old: the indices of all dealers in the base sharing. */
  readonly dealers: readonly PartyIndex[];
  /** V_0 .. V_{t−1} of the base sharing. */
  readonly baseV: readonly Uint8Array[];
  /** t′. */
  readonly threshold: number;
};

/** lambda_i(S_old)·X_i: the point that the dealer's polynomial must have at zero. X_i is of the base sharing's V alone. */
function dealtPoint<P>(
  sharing: SharingGroup<P>,
  { dealer, dealers, baseV }: Pick<Dealing, 'dealer' | 'dealers' | 'baseV'>,
): P | undefined {
  const { group } = sharing;
  const X_i = verificationShare(sharing, baseV, dealer);
  return X_i && group.multiplyPublic(X_i, lagrangeAtZero(group.order, dealers, dealer));
}

/** Whether A′_i[0] = lambda_i·X_i: the dealer deals its own share of the key, weighted for these dealers, and no other number. */
export function dealsOwnShare<P>(
  sharing: SharingGroup<P>,
  dealing: Pick<Dealing, 'dealer' | 'dealers' | 'baseV'>,
  A_0: P,
): boolean {
  const expected = dealtPoint(sharing, dealing);
  return expected !== undefined && sharing.group.equal(A_0, expected);
}

/**
 * Whether a dealer opened its own commitment to a right polynomial: the hash, exactly t′ points (one more would raise the threshold), all
 * of them points and none the identity, and the first one lambda_i·X_i. That fixes A′_i[0], so that a dealer cannot choose it as a
 * function of the others': it takes no proof of possession.
 */
export function isRightDealing<P>(
  sharing: SharingGroup<P>,
  dealing: Dealing,
  commitBody: Uint8Array,
  openBody: Uint8Array,
): boolean {
  const { sessionId, party, threshold } = dealing;
  const committed = resharing.rounds.commit.all.decode(commitBody);
  const dealt = resharing.rounds.open.all.decode(openBody);
  if (committed === undefined || dealt?.coefficients.length !== threshold) return false;
  const { coefficients, salt } = dealt;
  if (!equal(committed.hash, dealingCommitment(sessionId, party, coefficients, salt))) return false;

  const [A_0] = decodeAll(sharing, coefficients) ?? [];
  return A_0 !== undefined && dealsOwnShare(sharing, dealing, A_0);
}

export type CheckDealingInput = Dealing & {
  readonly algorithm: KeyAlgorithm;
  readonly commitBody: Uint8Array;
  readonly openBody: Uint8Array;
};

/** {@link isRightDealing}: one job for each dealer. */
export const checkDealingJob: Job<CheckDealingInput, boolean, SharingContext> = {
  name: 'sharing/check-dealing',
  lane: 'generation',
  compute: ({ algorithm, commitBody, openBody, ...dealing }, { schemes }) =>
    isRightDealing(schemes[algorithm].sharing, dealing, commitBody, openBody),
};

/**
 * Whether the value for a receiver is on the polynomial that the same dealer opened: g_i(j)·G = Σ_l j^l·A′_i[l].
 *
 * @param receiver - j: the receiver's index in the new sharing.
 */
export function isDealtValue<P>(
  sharing: SharingGroup<P>,
  openBody: Uint8Array,
  valueBody: Uint8Array,
  receiver: PartyIndex,
): boolean {
  const coefficients = resharing.rounds.open.all.decode(openBody)?.coefficients ?? [];
  const value = resharing.rounds.value.each.decode(valueBody)?.value;
  return value !== undefined && isOnPolynomial(sharing, coefficients, value, receiver);
}

export type CheckDealtValueInput = {
  readonly algorithm: KeyAlgorithm;
  readonly openBody: Uint8Array;
  /** Holds a secret: taken, and wiped. */
  readonly valueBody: Uint8Array;
  readonly receiver: PartyIndex;
};

/** {@link isDealtValue}. */
export const checkDealtValueJob: Job<CheckDealtValueInput, boolean, SharingContext> = {
  name: 'sharing/check-dealt-value',
  lane: 'generation',
  takes: ({ valueBody }) => [valueBody],
  compute({ algorithm, openBody, valueBody, receiver }, { schemes }) {
    try {
      return isDealtValue(schemes[algorithm].sharing, openBody, valueBody, receiver);
    } finally {
      wipe(valueBody);
    }
  },
};

/**
 * The new sharing's public polynomial: V′_l = Σ_i A′_i[l], with V′_0 = V_0.
 *
 * @param openBodies - Openings of all dealers, checked.
 * @param count - n′.
 * @returns Nothing when a coefficient or the point of a key share is the identity, or the new sharing is of another key.
 */
export function newPolynomial<P>(
  sharing: SharingGroup<P>,
  openBodies: readonly Uint8Array[],
  V_0: Uint8Array,
  threshold: number,
  count: number,
): readonly Uint8Array[] | undefined {
  const opened = openBodies.map(
    (body) => resharing.rounds.open.all.decode(body)?.coefficients ?? [],
  );
  const V = sumOfPolynomials(sharing, opened, threshold, count);
  const [dealt_0] = V ?? [];
  // Σ_i lambda_i·X_i is V_0 only over as many dealers as the base sharing needs: so fewer of them make no sharing.
  return dealt_0 !== undefined && equal(dealt_0, V_0) ? V : undefined;
}

export type NewPolynomialInput = {
  readonly algorithm: KeyAlgorithm;
  readonly openBodies: readonly Uint8Array[];
  readonly V_0: Uint8Array;
  readonly threshold: number;
  readonly count: number;
};

/** {@link newPolynomial}. */
export const newPolynomialJob: Job<
  NewPolynomialInput,
  readonly Uint8Array[] | undefined,
  SharingContext
> = {
  name: 'sharing/new-polynomial',
  lane: 'generation',
  compute: ({ algorithm, openBodies, V_0, threshold, count }, { schemes }) =>
    newPolynomial(schemes[algorithm].sharing, openBodies, V_0, threshold, count),
};
