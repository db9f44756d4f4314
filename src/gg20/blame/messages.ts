import { bodyLayout, bytesField, numberField } from '../body.js';
import type { ParameterSet } from '../parameter-set.js';
import { chaumPedersenLayout, type ChaumPedersenProof } from '../zk/chaum-pedersen.js';
import {
  bytesLayout,
  listLayout,
  numberLayout,
  recordLayout,
  scalarLayout,
  signedLayout,
  type Layout,
} from '../zk/layout.js';
import { presignBodies, SALT_BYTES } from '../presign/messages.js';

/** One addend of Bob's, and the randomness of its encryption. */
export type OpenedMask = { readonly beta: bigint; readonly nonce: bigint };

/** F5: the secrets of a presignature that is burned. Nothing of w is among them: its masks are others. */
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

/** F6: k_i, the plaintexts of the products with w, and that sigma_i is what they give. */
export type Opening7<P> = {
  readonly k: bigint;
  /** Of K. */
  readonly r: bigint;
  /** For each other signer as Bob, ascending. */
  readonly products: readonly OpenedProduct[];
  readonly proof: ChaumPedersenProof<P>;
};

/** @param signers - How many there are. */
export function opening5Layout(set: ParameterSet, signers: number): Layout<Opening5> {
  const { widths, curve } = set;
  const scalar = numberField(scalarLayout(curve.group));
  const mask = recordLayout<OpenedMask>({
    beta: numberLayout(widths.beta),
    nonce: numberLayout(widths.modulus),
  });
  return bodyLayout<Opening5>('presign/opening-5', {
    k: scalar,
    r: numberField(numberLayout(widths.modulus)),
    gamma: scalar,
    salt: bytesField(bytesLayout(SALT_BYTES)),
    masks: bytesField(listLayout(mask, signers - 1)),
  });
}

/** @param signers - How many there are. */
export function opening7Layout<P>(set: ParameterSet<P>, signers: number): Layout<Opening7<P>> {
  const { widths, curve } = set;
  const product = recordLayout<OpenedProduct>({
    mu: signedLayout(widths.betaMask),
    nonce: numberLayout(widths.modulus),
  });
  return bodyLayout<Opening7<P>>('presign/opening-7', {
    k: numberField(scalarLayout(curve.group)),
    r: numberField(numberLayout(widths.modulus)),
    products: bytesField(listLayout(product, signers - 1)),
    proof: bytesField(chaumPedersenLayout(set)),
  });
}

/** Blame: the bodies of round 2 that came to a signer, by sender, ascending: their senders' lists name them. */
export type AnswersHeard = { readonly answers: readonly Uint8Array[] };

/** @param signers - How many there are. */
export function answersHeardLayout(set: ParameterSet, signers: number): Layout<AnswersHeard> {
  const { byteLength } = presignBodies(set, signers).round2Each;
  return bodyLayout<AnswersHeard>('presign/answers', {
    answers: bytesField(listLayout(bytesLayout(byteLength), signers - 1)),
  });
}
