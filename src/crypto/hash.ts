import { createHash, createHmac } from 'node:crypto';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, utf8 } from '../common/index.js';
import { transcript, type Item } from '../wire/index.js';
import { decodeBigEndian } from './scalar.js';
import { wipe } from './secret.js';

/** SHA-256 of all parts behind one another: 32 bytes. Parts are never copied: some are secret. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return digestOf('sha256', parts);
}

/** SHA-512 of all parts behind one another: 64 bytes. Parts are never copied: some are secret. */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return digestOf('sha512', parts);
}

/** SHA-256 of SHA-256: 32 bytes, as Bitcoin hashes its transactions ("hash256"). */
export function doubleSha256(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}

/** Keccak-256 as Ethereum has it: 32 bytes. Not SHA3-256 (FIPS 202), which pads otherwise. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  // The library takes no subclasses of Uint8Array, such as Buffer.
  return keccak_256(Uint8Array.from(bytes));
}

function digestOf(algorithm: string, parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  const digest = hash.digest();
  // The same memory, so that wiping the digest leaves none.
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}

/** HMAC-SHA-512: 64 bytes. */
export function hmacSha512(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac('sha512', key).update(bytes).digest());
}

/** BIP-340: SHA-256(SHA-256(tag) ‖ SHA-256(tag) ‖ bytes). */
export function taggedHash(tag: string, bytes: Uint8Array): Uint8Array {
  const prefix = sha256(utf8(tag));
  return sha256(prefix, prefix, bytes);
}

/**
 * hash_to_field(message, 1) of RFC 9380 §5.2 for a field of 256 bits: expand_message_xmd (§5.3.1) with SHA-256 to 48 bytes,
 * read big-endian, modulo `order`.
 */
export function hashToField(order: bigint, tag: Uint8Array, message: Uint8Array): bigint {
  const domain = concat(tag, Uint8Array.of(tag.length));
  const first = sha256(XMD_BLOCK, message, XMD_LENGTH, Uint8Array.of(0), domain);
  const one = sha256(first, Uint8Array.of(1), domain);
  const mixed = first.map((byte, at) => byte ^ (one[at] ?? 0));
  const two = sha256(mixed, Uint8Array.of(2), domain);
  const wide = concat(one, two);
  const value = decodeBigEndian(wide.subarray(0, XMD_BYTES)) % order;
  // The value may be a nonce.
  wipe(first, one, mixed, two, wide);
  return value;
}

/** L = ⌈(256 + 128) / 8⌉, RFC 9380 §5.1. */
const XMD_BYTES = 48;
const XMD_LENGTH = Uint8Array.of(0, XMD_BYTES);
/** As many zeros as SHA-256 takes at a time. */
const XMD_BLOCK = new Uint8Array(64);

/** The first `length` bytes of SHAKE256 (FIPS 202 §6.2), in memory of their own. */
export function shake256(bytes: Uint8Array, length: number): Uint8Array {
  const digest = createHash('shake256', { outputLength: length }).update(bytes).digest();
  const own = new Uint8Array(digest);
  wipe(digest);
  return own;
}

/** XOF(label, items, length) = the first `length` bytes of SHAKE256(T(label, items)). */
export function xof(label: string, items: readonly Item[], length: number): Uint8Array {
  return shake256(transcript(label, items), length);
}

/** chal(name, items) = XOF("chal/" ‖ name, items, 64) mod q, read big-endian: for q of at most 384 bits no visible bias. */
export function challenge(name: string, items: readonly Item[], q: bigint): bigint {
  return decodeBigEndian(xof(`chal/${name}`, items, 64)) % q;
}
