import type { ParameterSet } from '../parameter-set.js';
import { SALT_BYTES } from '../presign/messages.js';
import type { NonceSecrets } from '../presign/round1.js';
import type { AnswerMasks } from '../presign/round2.js';
import type { Products, SumSecrets } from '../presign/round3.js';
import {
  bytesLayout,
  numberLayout,
  pointLayout,
  recordLayout,
  scalarLayout,
  signedLayout,
  type Layout,
} from '../zk/layout.js';

/** The secrets of one presignature between its rounds: each job takes what it needs, and its holder wipes the rest. */
export type SecretLayouts<P> = {
  readonly nonce: Layout<NonceSecrets<P>>;
  readonly masks: Layout<AnswerMasks>;
  readonly products: Layout<Products>;
  readonly sums: Layout<SumSecrets>;
};

export function secretLayouts<P>({ curve, widths }: ParameterSet<P>): SecretLayouts<P> {
  const scalar = scalarLayout(curve.group);
  const modulus = numberLayout(widths.modulus);
  const beta = numberLayout(widths.beta);
  const product = signedLayout(widths.betaMask);
  return {
    nonce: recordLayout<NonceSecrets<P>>({
      k: scalar,
      r: modulus,
      K: numberLayout(widths.square),
      gamma: scalar,
      Gamma: pointLayout(curve.group),
      salt: bytesLayout(SALT_BYTES),
    }),
    masks: recordLayout<AnswerMasks>({ beta, betaNonce: modulus, nu: beta }),
    products: recordLayout<Products>({ alpha: product, mu: product }),
    sums: recordLayout<SumSecrets>({ delta: scalar, sigma: scalar, l: scalar }),
  };
}
