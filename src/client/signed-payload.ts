import { equal } from '../common/index.js';
import type { Refusal } from '../common/index.js';
import { ALGORITHMS, isKeyAlgorithm } from '../identity/index.js';
import { readerVerifiers } from '../machine/index.js';
import { checkPayload, parsePayload, signedBytes } from '../state/index.js';
import type { SignPayload } from '../state/index.js';
import { Hash, LEVEL_MAX } from '../wire/index.js';
import type { Algorithm, SignRequest, SignResponse } from '../wire/index.js';
import { QuorateError } from './errors.js';
import type { Signable } from './inputs.js';
import type { SigningKey } from './key-doubts.js';

/** The fields of a request that say what is to be signed, and what they mean. */
export type Payload = {
  readonly fields: Pick<SignRequest, 'payload' | 'hash'>;
  readonly meaning: SignPayload;
};

/**
 * The payload for a key of `algorithm`. A message under an algorithm that signs digests is hashed with SHA-256 unless the
 * caller names another hash.
 *
 * @throws QuorateError `invalid-request`, with the reason that the cluster would give: nothing has been signed.
 */
export function payloadOf({ message, digest, hash }: Signable, algorithm: Algorithm): Payload {
  if (message !== undefined && digest !== undefined) {
    throw new QuorateError('invalid-request', 'Give a message or its digest, not both', {
      reason: 'MESSAGE_AND_DIGEST',
      field: 'digest',
    });
  }
  const hashes = isKeyAlgorithm(algorithm) && ALGORITHMS[algorithm].signs === 'digest';
  const byDefault = hashes && message !== undefined ? Hash.SHA256 : Hash.UNSPECIFIED;
  const fields = { payload: payloadField(message, digest), hash: hash ?? byDefault };
  const parsed = parsePayload(fields, LEVEL_MAX);
  if (!parsed.ok) throw refused(parsed.refusal);
  const misfit = isKeyAlgorithm(algorithm) ? checkPayload(parsed.value, algorithm) : undefined;
  if (misfit !== undefined) throw refused(misfit);
  return { fields, meaning: parsed.value };
}

function payloadField(
  message: Uint8Array | undefined,
  digest: Uint8Array | undefined,
): SignRequest['payload'] {
  if (digest !== undefined) return { $case: 'digest', value: digest };
  return message && { $case: 'message', value: message };
}

function refused({ code, reason, message, field }: Refusal): QuorateError {
  return new QuorateError(code, message, { reason, ...(field !== undefined && { field }) });
}

/**
 * Claims that a signature verifies under a public key that its reader trusts.
 *
 * @param signed - The message; or for an ECDSA key the message with its hash, or the digest. A message without a hash is hashed with
 *   SHA-256 for such a key. What keys of the algorithm do not sign in this form does not verify.
 * @param signature - As the cluster gives it: of ECDSA r ‖ s, 64 bytes, with the lower s.
 */
export function verifySignature(
  key: SigningKey,
  signed: Uint8Array | Signable,
  signature: Uint8Array,
): boolean {
  const { algorithm, publicKey } = key;
  if (!isKeyAlgorithm(algorithm)) return false;
  try {
    const { meaning } = payloadOf(isBytes(signed) ? { message: signed } : signed, algorithm);
    return readerVerifiers()[algorithm].verify(publicKey, signedBytes(meaning), signature);
  } catch (error) {
    if (error instanceof QuorateError) return false;
    throw error;
  }
}

/** Claims that an answer's signature verifies, and that its recovery id, which ECDSA's have, leads to the same key. */
export function isAnswered(
  { algorithm, publicKey }: SigningKey,
  meaning: SignPayload,
  { signature, recoveryId }: Pick<SignResponse, 'signature' | 'recoveryId'>,
): boolean {
  if (!isKeyAlgorithm(algorithm)) return false;
  const { verify, recover } = readerVerifiers()[algorithm];
  const bytes = signedBytes(meaning);
  if (!verify(publicKey, bytes, signature)) return false;
  if (recover === undefined || recoveryId === undefined)
    return recover === undefined && recoveryId === undefined;
  const recovered = recover(bytes, signature, recoveryId);
  return recovered !== undefined && equal(recovered, publicKey);
}

function isBytes(signed: Uint8Array | Signable): signed is Uint8Array {
  return signed instanceof Uint8Array;
}
