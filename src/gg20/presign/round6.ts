import type { PartyIndex } from '../../common/index.js';
import type { Random } from '../../ports/index.js';
import { EVERYONE } from '../zk/context.js';
import { verifyR } from '../zk/r.js';
import { proveS } from '../zk/s.js';
import type { Round1, Round3, Round5, Round5Each, Round6 } from './messages.js';
import type { SumSecrets } from './round3.js';
import {
  failed,
  of,
  place,
  unlessFaults,
  type BySigner,
  type Fault,
  type PresignResult,
  type SignerSession,
} from './session.js';

/** Phase 5: the k of j's Rb is that of its K. */
export function checkRb<P>(
  { set, index, facts, own }: SignerSession<P>,
  ssid: Uint8Array,
  R: P,
  j: PartyIndex,
  { K }: Round1,
  { Rb }: Round5<P>,
  { proof }: Round5Each<P>,
): readonly Fault[] {
  const statement = { key: of(facts, j).key, c: K, to: own.trapdoor, R, Rb };
  const check = verifyR(set, place(ssid, j, index, 5), statement, proof);
  return check === undefined ? [] : [{ culprit: j, check: `Pi_R: ${check}` }];
}

/** Phase 5: Σ Rb_j = G; else some delta is not what its sender's products give (type 5). */
export function checkRbSum<P>(
  { set, signers }: SignerSession<P>,
  heard: BySigner<Round5<P>>,
): PresignResult<true> {
  const { group } = set.curve;
  const sum = signers.reduce((total, j) => group.add(total, of(heard, j).Rb), group.identity);
  return group.equal(sum, group.base) ? unlessFaults([], () => true) : failed({ kind: 'type-5' });
}

/** Phase 6, only when every signer's echo of round 5 agrees: S_i = sigma_i·R, with Pi_S. */
export function showS<P>(
  { set, index }: SignerSession<P>,
  ssid: Uint8Array,
  R: P,
  sums: SumSecrets,
  { T }: Round3<P>,
  hashes5: readonly Uint8Array[],
  random: Random,
): Round6<P> {
  const S = set.curve.group.multiplySecret(R, sums.sigma);
  const at = place(ssid, index, EVERYONE, 6);
  return { S, proof: proveS(set, at, { R, S, T }, sums, random), hashes5 };
}
