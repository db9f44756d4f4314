import { ClusterError, toHex, utf8 } from '../common/index.js';
import { hkdfSha256, SecretBytes } from '../crypto/index.js';
import { systemRandom, writePrivateFile } from '../machine/index.js';

/** A node key is so long. */
export const NODE_KEY_BYTES = 32;

/**
 * Makes a node key: 32 random bytes as hex in a new file, 0600. All that the node keeps sealed is lost with it.
 *
 * @returns the key; the caller ends its life.
 * @throws the system's `EEXIST` when there is one.
 */
export function createNodeKey(path: string): SecretBytes {
  const key = new SecretBytes(systemRandom.bytes(NODE_KEY_BYTES));
  try {
    // The text can not be wiped: it is a string, and what the file holds anyway.
    writePrivateFile(path, `${toHex(key.bytes)}\n`);
    return key;
  } catch (error) {
    key[Symbol.dispose]();
    throw error;
  }
}

/**
 * The node key that `text` spells: 64 lower-case hex characters, with white space around them.
 *
 * @param from - Where the text stands, for the message; the text itself is not told.
 * @throws ClusterError `invalid-request` when it spells anything else.
 */
export function nodeKeyOf(text: SecretBytes, from: string, field: string): SecretBytes {
  const key = new SecretBytes(new Uint8Array(NODE_KEY_BYTES));
  const digits = withoutSpace(text.bytes);
  const isWhole = digits.length === 2 * NODE_KEY_BYTES;
  // Never as a string: strings stay in memory.
  const isHex = digits.every((code, at) => {
    const digit = digitOf(code);
    if (isWhole && digit !== undefined)
      key.bytes[at >> 1] = ((key.bytes[at >> 1] ?? 0) << 4) | digit;
    return digit !== undefined;
  });
  if (isWhole && isHex) return key;
  key[Symbol.dispose]();
  throw new ClusterError(
    'invalid-request',
    `${from} must hold 64 lower-case hex characters, which is a node key of 32 bytes`,
    { reason: 'INVALID_CONFIGURATION', field },
  );
}

/** The key that wraps the data keys of key shares: 32 bytes of HKDF, so that one node key can have several uses. */
export function wrappingKeyOf(nodeKey: Uint8Array): Uint8Array {
  return derived(nodeKey, 'share');
}

/** The key that seals the identity key. */
export function identitySealingKeyOf(nodeKey: Uint8Array): Uint8Array {
  return derived(nodeKey, 'identity');
}

/** By which a node key made of a passphrase is known to be the right one; of no use for anything else. */
export function checkValueOf(nodeKey: Uint8Array): Uint8Array {
  return derived(nodeKey, 'check');
}

/** The key that seals another node key, while the node key changes from one to the other. */
export function keyChangeKeyOf(nodeKey: Uint8Array): Uint8Array {
  return derived(nodeKey, 'change');
}

function derived(nodeKey: Uint8Array, use: string): Uint8Array {
  return hkdfSha256(nodeKey, new Uint8Array(), utf8(`quorate/1 node key: ${use}`), NODE_KEY_BYTES);
}

function withoutSpace(text: Uint8Array): Uint8Array {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text[start])) start += 1;
  while (end > start && isSpace(text[end - 1])) end -= 1;
  return text.subarray(start, end);
}

function isSpace(code: number | undefined): boolean {
  return code === 0x20 || (code !== undefined && code >= 0x09 && code <= 0x0d);
}

/** The value of a lower-case hex digit, given as ASCII. */
function digitOf(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x61 + 10 : undefined;
}
