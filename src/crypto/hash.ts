import { createHash } from 'node:crypto';
import { transcript, type Item } from '../wire/index.js';

/** SHA-256: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

/** SHA-512: 64 bytes. */
export function sha512(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(bytes).digest());
}

/** XOF(label, items, length) = the first `length` bytes of SHAKE256(T(label, items)). */
export function xof(label: string, items: readonly Item[], length: number): Uint8Array {
  const hash = createHash('shake256', { outputLength: length });
  return new Uint8Array(hash.update(transcript(label, items)).digest());
}

/** chal(name, items) = XOF("chal/" ‖ name, items, 64) mod q, read big-endian: for q of at most 384 bits no visible bias. */
export function challenge(name: string, items: readonly Item[], q: bigint): bigint {
  return bigEndian(xof(`chal/${name}`, items, 64)) % q;
}

function bigEndian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let value = 0n;
  for (let at = 0; at < bytes.length; at += 8) value = (value << 64n) | view.getBigUint64(at);
  return value;
}
