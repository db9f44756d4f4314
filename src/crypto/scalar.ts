import type { Random } from '../ports/index.js';
import { wipe } from './secret.js';

/** The representative of `value` in 0 .. q−1. */
export function modulo(value: bigint, q: bigint): bigint {
  const rest = value % q;
  return rest < 0n ? rest + q : rest;
}

/** 1/value modulo the prime q, for public values: extended Euclid takes a time that depends on them. */
export function inverse(value: bigint, q: bigint): bigint {
  let [r, nextR] = [q, modulo(value, q)];
  let [s, nextS] = [0n, 1n];
  while (nextR !== 0n) {
    const quotient = r / nextR;
    [r, nextR] = [nextR, r - quotient * nextR];
    [s, nextS] = [nextS, s - quotient * nextS];
  }
  if (r !== 1n) throw new RangeError('zero has no inverse');
  return modulo(s, q);
}

/** The number that `bytes` spell, lowest byte first. Any length. */
export function decodeLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  let at = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  while (at >= 8) {
    at -= 8;
    value = (value << 64n) | view.getBigUint64(at, true);
  }
  // The rest are the lowest bytes, fewer than 8.
  while (at > 0) {
    at -= 1;
    value = (value << 8n) | BigInt(bytes[at] ?? 0);
  }
  return value;
}

/** `value` in `length` bytes, a multiple of 8, lowest byte first. */
export function encodeLittleEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let rest = value;
  for (let at = 0; at < length; at += 8) {
    view.setBigUint64(at, rest & 0xffff_ffff_ffff_ffffn, true);
    rest >>= 64n;
  }
  if (rest !== 0n) throw new RangeError(`the number needs more than ${length} bytes`);
  return bytes;
}

/** The number that `bytes` spell, highest byte first. Any length. */
export function decodeBigEndian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length - (bytes.length % 8);
  let value = 0n;
  for (let at = 0; at < whole; at += 8) value = (value << 64n) | view.getBigUint64(at);
  for (const byte of bytes.subarray(whole)) value = (value << 8n) | BigInt(byte);
  return value;
}

/** `value`, 0 or more, in `length` bytes, highest byte first. @throws RangeError when it needs more. */
export function encodeBigEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let rest = value;
  let at = length;
  for (; at >= 8; at -= 8) {
    view.setBigUint64(at - 8, rest & 0xffff_ffff_ffff_ffffn);
    rest >>= 64n;
  }
  while (at > 0) {
    at -= 1;
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  if (rest !== 0n) throw new RangeError(`the number needs more than ${length} bytes`);
  return bytes;
}

/** Twice the length of the largest order: reduction leaves a bias below 2^-250. */
const WIDE_BYTES = 64;

/** A number in 1 .. q−1, every one as likely as the next. */
export function randomScalar(q: bigint, random: Random): bigint {
  const wide = random.bytes(WIDE_BYTES);
  const scalar = decodeLittleEndian(wide) % (q - 1n);
  wipe(wide);
  return scalar + 1n;
}
