import type { Refusal, Result } from '../common/index.js';
import { DIGEST_BYTES, isMessageHash, MESSAGE_HASHES, messageDigest } from '../crypto/index.js';
import type { MessageHash } from '../crypto/index.js';
import { ALGORITHMS } from '../identity/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import { Hash } from '../wire/index.js';
import type { SignRequest } from '../wire/index.js';
import { DIGESTS_LEVEL } from './limits.js';
import { invalidField, notCanonical, refuseField } from './request-fields.js';

/** The part of a Sign that says what is to be signed. Which form it has must fit the key's algorithm: {@link checkPayload}. */
export type SignPayload =
  /** For an algorithm that signs messages. */
  | { readonly form: 'message'; readonly message: Uint8Array }
  /** For an algorithm that signs digests: every node hashes the message for itself. */
  | { readonly form: 'hashed'; readonly message: Uint8Array; readonly hash: MessageHash }
  /** {@link DIGEST_BYTES}, for an algorithm that signs digests: nobody sees what it is the digest of. */
  | { readonly form: 'digest'; readonly digest: Uint8Array };

/** @param level - Below {@link DIGESTS_LEVEL} `hash` and `digest` are fields that nobody knows. */
export function parsePayload(
  { payload, hash }: Pick<SignRequest, 'payload' | 'hash'>,
  level: number,
): Result<SignPayload> {
  const isNew = hash !== Hash.UNSPECIFIED || payload?.$case === 'digest';
  if (isNew && level < DIGESTS_LEVEL) return notCanonical('SignRequest');
  switch (payload?.$case) {
    case undefined:
      return refuseField(
        'message',
        'MISSING_MESSAGE',
        'message must be set, which may be empty, or for an ECDSA key digest',
      );
    case 'message': {
      const { value: message } = payload;
      if (hash === Hash.UNSPECIFIED) return { ok: true, value: { form: 'message', message } };
      if (isMessageHash(hash)) return { ok: true, value: { form: 'hashed', message, hash } };
      return refuseField('hash', 'UNKNOWN_HASH', `hash must be one of ${HASH_NAMES}`);
    }
    case 'digest': {
      const { value: digest } = payload;
      if (digest.length !== DIGEST_BYTES) {
        const words = `digest must be ${DIGEST_BYTES} bytes, not ${digest.length}`;
        return refuseField('digest', 'INVALID_DIGEST', words);
      }
      if (hash !== Hash.UNSPECIFIED) {
        const words = 'hash goes with message: digest is what a hash has made already';
        return refuseField('hash', 'HASH_WITH_DIGEST', words);
      }
      return { ok: true, value: { form: 'digest', digest } };
    }
  }
}

const HASH_NAMES = Object.entries(MESSAGE_HASHES)
  .map(([hash, { name }]) => `${hash} (${name})`)
  .join(', ');

/** Refuses what is to be signed where keys of the algorithm do not sign it in this form. */
export function checkPayload(payload: SignPayload, algorithm: KeyAlgorithm): Refusal | undefined {
  const { name, signs } = ALGORITHMS[algorithm];
  switch (signs) {
    case 'message':
      if (payload.form === 'message') return undefined;
      return payload.form === 'hashed'
        ? invalidField(
            'hash',
            'HASH_UNSUPPORTED',
            `A key of ${name} signs the message itself: leave hash unset`,
          )
        : invalidField(
            'digest',
            'DIGEST_UNSUPPORTED',
            `A key of ${name} signs messages, and no digests of others' making: set message`,
          );
    case 'digest':
      return payload.form === 'message'
        ? invalidField(
            'hash',
            'MISSING_HASH',
            `A key of ${name} signs the hash of a message: set hash to one of ${HASH_NAMES}`,
          )
        : undefined;
  }
}

/** The bytes that the signature is made of: the message itself, or {@link DIGEST_BYTES}. */
export function signedBytes(payload: SignPayload): Uint8Array {
  switch (payload.form) {
    case 'message':
      return payload.message;
    case 'hashed':
      return messageDigest(payload.hash, payload.message);
    case 'digest':
      return payload.digest;
  }
}

/** The hash that made the digest; UNSPECIFIED for a bare digest, and where none is made. */
export function signedHash(payload: SignPayload): Hash {
  return payload.form === 'hashed' ? payload.hash : Hash.UNSPECIFIED;
}
