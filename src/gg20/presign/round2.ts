import type { PartyIndex } from '../../common/index.js';
import { randomBelow, randomUnit, type PaillierPublicKey } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import { verifyAlice } from '../zk/alice.js';
import { proveBobWc } from '../zk/bob-wc.js';
import { proveBob } from '../zk/bob.js';
import type { Round1, Round1Each, Round2Each } from './messages.js';
import type { NonceSecrets } from './round1.js';
import { of, place, type Fault, type SignerSession } from './session.js';

/** Phase 2, before anything is answered: j's K encrypts a small number. */
export function checkNonce<P>(
  { set, ssid0, index, facts, own }: SignerSession<P>,
  j: PartyIndex,
  { K }: Round1,
  { proof }: Round1Each,
): readonly Fault[] {
  const statement = { key: of(facts, j).key, c: K, to: own.trapdoor };
  const check = verifyAlice(set, place(ssid0, j, index, 1), statement, proof);
  return check === undefined ? [] : [{ culprit: j, check: `Pi_alice: ${check}` }];
}

/** The numbers that Bob added to the products that he answered one Alice with. */
export type AnswerMasks = {
  /** beta' in [0, q^5), of the product with gamma; shown in blame of type 5. */
  readonly beta: bigint;
  readonly betaNonce: bigint;
  /** nu' in [0, q^5), of the product with w: never shown. */
  readonly nu: bigint;
};

/**
 * Phase 2, as Bob: K_j^gamma_i·Enc(beta') and K_j^w_i·Enc(nu'), each with its proof for j. K_j is answered once: a session runs each
 * round once.
 */
export function answerNonce<P>(
  { set, index, facts, own }: SignerSession<P>,
  ssid: Uint8Array,
  { gamma }: NonceSecrets<P>,
  j: PartyIndex,
  { K }: Round1,
  random: Random,
): { readonly masks: AnswerMasks; readonly each: Round2Each<P> } {
  const { key, to } = of(facts, j);
  const at = place(ssid, index, j, 2);
  const beta = product(set.ranges.beta, key, K, gamma, random);
  const nu = product(set.ranges.beta, key, K, own.w, random);
  const statement = { key, c1: K, c2: beta.c, to };
  const proof = proveBob(set, at, statement, { x: gamma, y: beta.addend, r: beta.nonce }, random);
  const statementWc = { key, c1: K, c2: nu.c, to, X: of(facts, index).W };
  const witnessWc = { x: own.w, y: nu.addend, r: nu.nonce };
  const proofWc = proveBobWc(set, at, statementWc, witnessWc, random);
  return {
    masks: { beta: beta.addend, betaNonce: beta.nonce, nu: nu.addend },
    each: { c: beta.c, proof, ch: nu.c, proofWc },
  };
}

/** K^factor·Enc(addend; nonce): the fresh encryption hides the factor in the ciphertext, and the addend in the plaintext. */
function product(
  addendBound: bigint,
  key: PaillierPublicKey,
  K: bigint,
  factor: bigint,
  random: Random,
) {
  const [addend, nonce] = [randomBelow(addendBound, random), randomUnit(key.N, random)];
  const c = key.modNN.multiply(key.power(K, factor), key.encrypt(addend, nonce));
  return { addend, nonce, c };
}
