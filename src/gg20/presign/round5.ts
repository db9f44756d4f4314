import { equal, type PartyIndex } from '../../common/index.js';
import { modulo } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import { EVERYONE } from '../zk/context.js';
import { proveR } from '../zk/r.js';
import { verifySchnorr } from '../zk/schnorr.js';
import type { Round1, Round4, Round5, Round5Each } from './messages.js';
import { gammaCommitment, type NonceSecrets } from './round1.js';
import {
  failed,
  of,
  othersOf,
  place,
  unlessFaults,
  type BySigner,
  type Fault,
  type PresignResult,
  type SignerSession,
} from './session.js';

/** Phase 4: openings and proofs hold; R = delta^−1·Σ Gamma_j = k^−1·G, with r = x(R) mod q ≠ 0. */
export function commonNonce<P>(
  session: SignerSession<P>,
  ssid: Uint8Array,
  commitments: BySigner<Round1>,
  heard: BySigner<Round4<P>>,
  deltaInverse: bigint,
): PresignResult<P> {
  const { set, signers } = session;
  const { group } = set.curve;
  const faults = othersOf(session).flatMap((j): readonly Fault[] => {
    const { Gamma, salt, proof } = of(heard, j);
    const { commitment } = of(commitments, j);
    if (!equal(commitment, gammaCommitment(session, j, Gamma, salt))) {
      return [{ culprit: j, check: 'Gamma opens its commitment' }];
    }
    const check = verifySchnorr(set, place(ssid, j, EVERYONE, 4), { X: Gamma }, proof);
    return check === undefined ? [] : [{ culprit: j, check: `Gamma: ${check}` }];
  });
  if (faults.length > 0) return failed({ kind: 'faults', faults });

  const Gamma = signers.reduce((sum, j) => group.add(sum, of(heard, j).Gamma), group.identity);
  const R = group.multiplyPublic(Gamma, deltaInverse);
  const isUsable = !group.isIdentity(R) && modulo(set.curve.x(R), group.order) !== 0n;
  return isUsable ? unlessFaults([], () => R) : failed({ kind: 'no-nonce' });
}

/** Phase 5: Rb_i = k_i·R. */
export function showRb<P>({ set }: SignerSession<P>, { k }: NonceSecrets<P>, R: P): Round5<P> {
  return { Rb: set.curve.group.multiplySecret(R, k) };
}

/** Pi_R for j: the k_i of Rb_i is that of K_i. */
export function proveRb<P>(
  { set, index, facts, own }: SignerSession<P>,
  ssid: Uint8Array,
  { k, r, K }: NonceSecrets<P>,
  R: P,
  { Rb }: Round5<P>,
  j: PartyIndex,
  random: Random,
): Round5Each<P> {
  const statement = { key: own.key, c: K, to: of(facts, j).to, R, Rb };
  return { proof: proveR(set, place(ssid, index, j, 5), statement, { m: k, r }, random) };
}
