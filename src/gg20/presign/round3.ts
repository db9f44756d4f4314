import type { PartyIndex } from '../../common/index.js';
import { modulo, randomScalar } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import { verifyBobWc } from '../zk/bob-wc.js';
import { verifyBob } from '../zk/bob.js';
import { EVERYONE } from '../zk/context.js';
import { commitTo, proveT } from '../zk/t.js';
import type { Round2Each, Round3 } from './messages.js';
import type { NonceSecrets } from './round1.js';
import type { AnswerMasks } from './round2.js';
import {
  of,
  othersOf,
  place,
  unlessFaults,
  type BySigner,
  type PresignResult,
  type SignerSession,
} from './session.js';

/** The plaintexts of one Bob's answers: whole numbers with their sign. */
export type Products = {
  /** k_i·gamma_j + beta'. */
  readonly alpha: bigint;
  /** k_i·w_j + nu'; shown in blame of type 7. */
  readonly mu: bigint;
};

/** Phase 3: both proofs of j hold before anything of j is decrypted. */
export function takeAnswer<P>(
  { set, index, facts, own }: SignerSession<P>,
  ssid: Uint8Array,
  { K }: NonceSecrets<P>,
  j: PartyIndex,
  { c, proof, ch, proofWc }: Round2Each<P>,
): PresignResult<Products> {
  const at = place(ssid, j, index, 2);
  const common = { key: own.key, c1: K, to: own.trapdoor };
  const bob = verifyBob(set, at, { ...common, c2: c }, proof);
  const bobWc = bob ?? verifyBobWc(set, at, { ...common, c2: ch, X: of(facts, j).W }, proofWc);
  const failing = bob === undefined ? 'Pi_bob_wc' : 'Pi_bob';
  const faults = bobWc === undefined ? [] : [{ culprit: j, check: `${failing}: ${bobWc}` }];
  return unlessFaults(faults, () => ({
    alpha: own.key.decryptSigned(c),
    mu: own.key.decryptSigned(ch),
  }));
}

/** A signer's additive shares of k·gamma and k·x. */
export type SumSecrets = {
  /** Shares k·gamma: public from round 3 on. */
  readonly delta: bigint;
  /** Shares k·x. */
  readonly sigma: bigint;
  /** Of T = sigma·G + l·H. */
  readonly l: bigint;
};

/**
 * Phase 3: delta_i = k_i·gamma_i + Σ (alpha_ij − beta'_ij), sigma_i = k_i·w_i + Σ (mu_ij − nu'_ij) mod q, and T_i.
 *
 * @param masks - What this signer added as Bob to the products of each other one.
 * @param hashes - Of its private messages of rounds 1 and 2.
 */
export function sumProducts<P>(
  session: SignerSession<P>,
  ssid: Uint8Array,
  { k, gamma }: NonceSecrets<P>,
  masks: BySigner<AnswerMasks>,
  products: BySigner<Products>,
  hashes: Pick<Round3<P>, 'hashes1' | 'hashes2'>,
  random: Random,
): { readonly sums: SumSecrets; readonly all: Round3<P> } {
  const { set, index, own } = session;
  const { order } = set.curve.group;
  let [delta, sigma] = [k * gamma, k * own.w];
  for (const j of othersOf(session)) {
    delta += of(products, j).alpha - of(masks, j).beta;
    sigma += of(products, j).mu - of(masks, j).nu;
  }
  const l = randomScalar(order, random);
  const sums = { delta: modulo(delta, order), sigma: modulo(sigma, order), l };
  const T = commitTo(set, sums);
  const proof = proveT(set, place(ssid, index, EVERYONE, 3), { T }, sums, random);
  return { sums, all: { delta: sums.delta, T, proof, ...hashes } };
}
