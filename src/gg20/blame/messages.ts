import { bodyLayout, bytesField } from '../body.js';
import type { ParameterSet } from '../parameter-set.js';
import type { ChaumPedersenProof } from '../zk/chaum-pedersen.js';
import { listLayout, numberLayout, recordLayout, signedLayout, type Layout } from '../zk/layout.js';
import { shortAnswerLayout, type ShortAnswer } from '../presign/answer-form.js';

/** One addend of Bob's, and the randomness of its encryption. */
export type OpenedMask = { readonly beta: bigint; readonly nonce: bigint };

/** Type 5: the secrets of a presignature that is burned. Nothing of w is among them: its masks are others. */
export type Opening5 = {
  readonly k: bigint;
  /** Of K. */
  readonly r: bigint;
  readonly gamma: bigint;
  /** Of the commitment to Gamma. */
  readonly salt: Uint8Array;
  /** For each other signer as Alice, ascending. */
  readonly masks: readonly OpenedMask[];
};

/** One plaintext that was decrypted, and the randomness of its ciphertext. */
export type OpenedProduct = { readonly mu: bigint; readonly nonce: bigint };

/** Type 7: k_i, the plaintexts of the products with w, and that sigma_i is what they give. */
export type Opening7<P> = {
  readonly k: bigint;
  /** Of K. */
  readonly r: bigint;
  /** For each other signer as Bob, ascending. */
  readonly products: readonly OpenedProduct[];
  readonly proof: ChaumPedersenProof<P>;
};

export function maskLayout({ widths }: ParameterSet): Layout<OpenedMask> {
  return recordLayout<OpenedMask>({
    beta: numberLayout(widths.beta),
    nonce: numberLayout(widths.modulus),
  });
}

export function productLayout({ widths }: ParameterSet): Layout<OpenedProduct> {
  return recordLayout<OpenedProduct>({
    mu: signedLayout(widths.betaMask),
    nonce: numberLayout(widths.modulus),
  });
}

/** Blame: the answers that came to a signer, by sender, ascending, without their proofs: their senders' lists name them. */
export type AnswersHeard = { readonly answers: readonly ShortAnswer[] };

/** @param signers - How many there are. */
export function answersHeardLayout(set: ParameterSet, signers: number): Layout<AnswersHeard> {
  return bodyLayout<AnswersHeard>('presign/answers', {
    answers: bytesField(listLayout(shortAnswerLayout(set), signers - 1)),
  });
}
