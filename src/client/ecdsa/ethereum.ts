import { ECDH } from 'node:crypto';
import { concat, toHex, utf8 } from '../../common/index.js';
import { keccak256 } from '../../crypto/index.js';
import { QuorateError } from '../errors.js';
import { halvesOf, wrongSignature } from './formats.js';

/** An uncompressed point begins with 04 (SEC 1 §2.3.3), which Ethereum does not hash. */
const POINT_PREFIX_BYTES = 1;
/** The last bytes of the hash are the address. */
const ADDRESS_BYTES = 20;
const KEY_BYTES = 33;
/** v of signatures without a chain id: 27 for recovery id 0, 28 for 1 (Yellow Paper, appendix F). */
const LEGACY_V = 27;
const RAW_BYTES = 64;

/**
 * A signature as Ethereum's tools take it: r ‖ s ‖ v, 65 bytes, with v = 27 + recovery id, as `ecrecover`, `personal_sign`, EIP-712 and
 * Solidity libraries want it. A transaction wants another v, which its caller works out of the recovery id: since EIP-1559 the
 * recovery id itself; in older ones with a chain id (EIP-155) 35 + 2·chain id + recovery id.
 *
 * @param signature - r ‖ s, 64 bytes, of a secp256k1 key.
 * @param recoveryId - 0 or 1. Above, there is no v: r would be the order of the curve or more, which no signer meets by chance.
 * @throws QuorateError `invalid-request`
 */
export function ethereumSignature(signature: Uint8Array, recoveryId: number): Uint8Array {
  halvesOf(signature);
  if (recoveryId !== 0 && recoveryId !== 1)
    throw wrongSignature(`has recovery id ${recoveryId}; Ethereum has 0 and 1`);
  return concat(signature, Uint8Array.of(LEGACY_V + recoveryId));
}

/**
 * The parts of a signature as Ethereum writes it: r ‖ s ‖ v of 65 bytes, v being 27 or 28, or 0 or 1 as newer tools have it.
 *
 * @throws QuorateError `invalid-request`
 */
export function fromEthereumSignature(bytes: Uint8Array): {
  readonly signature: Uint8Array;
  readonly recoveryId: number;
} {
  const v = bytes[RAW_BYTES];
  if (bytes.length !== RAW_BYTES + 1 || v === undefined)
    throw wrongSignature(`has ${bytes.length} bytes; r ‖ s ‖ v has ${RAW_BYTES + 1}`);
  const recoveryId = v >= LEGACY_V ? v - LEGACY_V : v;
  if (recoveryId > 1) throw wrongSignature(`has v ${v}; it must be 27, 28, 0 or 1`);
  const signature = bytes.slice(0, RAW_BYTES);
  halvesOf(signature);
  return { signature, recoveryId };
}

/**
 * The Ethereum address of a public key: the last 20 bytes of Keccak-256 of x ‖ y, in hex whose letters carry the checksum of EIP-55.
 *
 * @param publicKey - A compressed point of secp256k1, 33 bytes.
 * @throws QuorateError `invalid-request`
 */
export function ethereumAddress(publicKey: Uint8Array): string {
  const point = keccak256(uncompressed(publicKey).subarray(POINT_PREFIX_BYTES));
  return checksummed(toHex(point.subarray(-ADDRESS_BYTES)));
}

/** EIP-55: a letter is a capital where the same digit of the hash of the address's text is 8 or more. */
export function checksummed(address: string): string {
  const hash = toHex(keccak256(utf8(address)));
  const capital = (at: number) => Number.parseInt(hash.charAt(at), 16) >= 8;
  const digits = address.replace(/[a-f]/g, (letter, at: number) =>
    capital(at) ? letter.toUpperCase() : letter,
  );
  return `0x${digits}`;
}

function uncompressed(publicKey: Uint8Array): Uint8Array {
  try {
    if (publicKey.length !== KEY_BYTES) throw new RangeError(`${publicKey.length} bytes`);
    const hex = ECDH.convertKey(publicKey, 'secp256k1', undefined, 'hex', 'uncompressed');
    return Uint8Array.from(Buffer.from(String(hex), 'hex'));
  } catch (cause) {
    throw new QuorateError(
      'invalid-request',
      'The public key is no compressed point of secp256k1 of 33 bytes',
      { reason: 'INVALID_PUBLIC_KEY', field: 'public_key', cause },
    );
  }
}
