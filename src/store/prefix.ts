import { compare } from '../common/index.js';

/** Where a scan of `prefix` begins that wants nothing before the key `from`. */
export function startOfScan(prefix: Uint8Array, from: Uint8Array | undefined): Uint8Array {
  return from === undefined || compare(from, prefix) < 0 ? prefix : from;
}

/** The first key behind all keys that begin with `prefix`, or `undefined` when there can be none. */
export function endOfPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return undefined;
  const end = prefix.slice(0, length);
  end[length - 1] = (end[length - 1] ?? 0) + 1;
  return end;
}
