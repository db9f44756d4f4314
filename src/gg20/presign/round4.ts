import { inverse, modulo } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import { EVERYONE } from '../zk/context.js';
import { proveSchnorr } from '../zk/schnorr.js';
import { verifyT } from '../zk/t.js';
import type { Round3, Round4 } from './messages.js';
import { privateHashFaults } from './private-hashes.js';
import type { NonceSecrets } from './round1.js';
import {
  failed,
  of,
  othersOf,
  place,
  unlessFaults,
  type BySigner,
  type PresignResult,
  type SignerSession,
} from './session.js';

/** The bodies of private messages that came in rounds 1 and 2, as their senders signed them. */
export type HeardPrivately = {
  readonly round1: BySigner<Uint8Array>;
  readonly round2: BySigner<Uint8Array>;
};

/** Phase 4: every T is a commitment that its sender can open, and every list names what came. Gives delta^−1. */
export function checkSums<P>(
  session: SignerSession<P>,
  ssid: Uint8Array,
  heard: BySigner<Round3<P>>,
  bodies: HeardPrivately,
): PresignResult<bigint> {
  const { set, signers } = session;
  const { order } = set.curve.group;
  const lists = (name: 'hashes1' | 'hashes2') =>
    new Map(othersOf(session).map((j) => [j, of(heard, j)[name]]));
  const proofs = othersOf(session).flatMap((j) => {
    const { T, proof } = of(heard, j);
    const check = verifyT(set, place(ssid, j, EVERYONE, 3), { T }, proof);
    return check === undefined ? [] : [{ culprit: j, check: `Pi_T: ${check}` }];
  });
  const faults = [
    ...privateHashFaults(session, 1, bodies.round1, lists('hashes1')),
    ...privateHashFaults(session, 2, bodies.round2, lists('hashes2')),
    ...proofs,
  ];
  const delta = modulo(
    signers.reduce((sum, j) => sum + of(heard, j).delta, 0n),
    order,
  );
  if (faults.length === 0 && delta === 0n) return failed({ kind: 'type-5' });
  return unlessFaults(faults, () => inverse(delta, order));
}

/** Phase 4: Gamma_i is shown, with a proof that gamma_i is known, when every delta has come. */
export function showGamma<P>(
  { set, index }: SignerSession<P>,
  ssid: Uint8Array,
  { gamma, Gamma, salt }: NonceSecrets<P>,
  random: Random,
): Round4<P> {
  const at = place(ssid, index, EVERYONE, 4);
  return { Gamma, salt, proof: proveSchnorr(set, at, { X: Gamma }, gamma, random) };
}
