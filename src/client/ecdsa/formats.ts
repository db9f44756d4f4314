import { concat } from '../../common/index.js';
import { ecdsaFromDer } from '../../identity/index.js';
import { QuorateError } from '../errors.js';

const HALF_BYTES = 32;
const RAW_BYTES = 2 * HALF_BYTES;
const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** An integer of DER whose first bit is set is negative; a zero byte goes before it. */
const SIGN_BIT = 0x80;

/**
 * An ECDSA signature as DER (SEQUENCE of two INTEGER, RFC 3279 §2.2.3), 8 to 72 bytes: what OpenSSL, Bitcoin scripts, JCA and
 * TLS libraries take.
 *
 * @param signature - r ‖ s, 64 bytes, as a cluster gives it and as JOSE and WebCrypto write it.
 * @throws QuorateError `invalid-request` for another length, or an r or s of zero.
 */
export function ecdsaToDer(signature: Uint8Array): Uint8Array {
  const halves = halvesOf(signature).map(integerOf);
  const length = halves.reduce((sum, half) => sum + half.length, 0);
  return concat(Uint8Array.of(SEQUENCE, length), ...halves);
}

/**
 * The 64 bytes r ‖ s of an ECDSA signature in DER.
 *
 * @throws QuorateError `invalid-request` for bytes that are not spelled in the one way of DER, or an r or s of zero or over 256 bits.
 */
export function ecdsaToRaw(der: Uint8Array): Uint8Array {
  const raw = ecdsaFromDer(der);
  if (raw === undefined)
    throw wrongSignature('is not the DER of an ECDSA signature of a curve of 256 bits');
  halvesOf(raw);
  return raw;
}

/** @throws QuorateError `invalid-request` */
export function halvesOf(signature: Uint8Array): readonly Uint8Array[] {
  if (signature.length !== RAW_BYTES)
    throw wrongSignature(`has ${signature.length} bytes; r ‖ s has ${RAW_BYTES}`);
  const halves = [signature.subarray(0, HALF_BYTES), signature.subarray(HALF_BYTES)];
  if (halves.some((half) => half.every((byte) => byte === 0)))
    throw wrongSignature('has an r or s of zero');
  return halves;
}

export function wrongSignature(words: string): QuorateError {
  return new QuorateError('invalid-request', `The signature ${words}`, {
    reason: 'INVALID_SIGNATURE_FORMAT',
    field: 'signature',
  });
}

function integerOf(half: Uint8Array): Uint8Array {
  const digits = half.subarray(half.findIndex((byte) => byte !== 0));
  const isNegative = (digits[0] ?? 0) >= SIGN_BIT;
  const contents = isNegative ? concat(Uint8Array.of(0), digits) : digits;
  return concat(Uint8Array.of(INTEGER, contents.length), contents);
}
