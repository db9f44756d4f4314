import { bodyLayout, bytesField, numberField } from '../body.js';
import type { ParameterSet } from '../parameter-set.js';
import { bytesLayout, listLayout, scalarLayout, type Layout } from '../zk/layout.js';
import { presignatureLayout, type PresignatureParts } from './presignature.js';

const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;

/**
 * The body of SHARE_i. Besides s_i it has all that a combiner needs, which need not have been in the session: the presignature's
 * public half, and every signer's READY of it. So each share is judged by itself.
 */
export type ShareBody<P> = {
  readonly presigId: Uint8Array;
  /** A: the hash of all ACCEPTs, or nothing in the interactive mode. */
  readonly accepts: Uint8Array;
  readonly s: bigint;
  /** Of the session in which READY was said. */
  readonly session: Uint8Array;
  readonly presignature: PresignatureParts<P>;
  /** Signatures of READY, in order of signers. */
  readonly readies: readonly Uint8Array[];
};

/** How a session signs: with the message bound before its first round, or with a presignature. */
export type SigningMode = 'interactive' | 'online';

/** @param signers - How many there are. */
export function shareLayout<P>(
  set: ParameterSet<P>,
  signers: number,
  mode: SigningMode,
): Layout<ShareBody<P>> {
  const hash = bytesField(bytesLayout(HASH_BYTES));
  return bodyLayout<ShareBody<P>>('share', {
    presigId: hash,
    accepts: bytesField(bytesLayout(mode === 'online' ? HASH_BYTES : 0)),
    s: numberField(scalarLayout(set.curve.group)),
    session: hash,
    presignature: bytesField(presignatureLayout(set, signers)),
    readies: bytesField(listLayout(bytesLayout(SIGNATURE_BYTES), signers)),
  });
}
