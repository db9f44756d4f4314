import { readFileSync } from 'node:fs';
import { ClusterError, fromHex, toHex, utf8 } from '../common/index.js';
import { hkdfSha256, wipe } from '../crypto/index.js';
import { writePrivateFile } from './files.js';
import { systemRandom } from './random.js';

const NODE_KEY_BYTES = 32;

/**
 * Makes a node key: 32 random bytes as hex in a new file, 0600. All that the node keeps sealed is lost with it.
 *
 * @throws the system's `EEXIST` when there is one.
 */
export function createNodeKey(path: string): void {
  const key = systemRandom.bytes(NODE_KEY_BYTES);
  writePrivateFile(path, `${toHex(key)}\n`);
  wipe(key);
}

/**
 * Reads a node key: 32 bytes, which the caller wipes.
 *
 * @throws ClusterError `invalid-request` when the file holds anything but 64 hex characters; its content is not told.
 */
export function loadNodeKey(path: string): Uint8Array {
  const key = fromHex(readFileSync(path, 'utf8').trim());
  if (key?.length === NODE_KEY_BYTES) return key;
  throw new ClusterError(
    'invalid-request',
    `The node key ${path} must hold 64 lower-case hex characters`,
    { field: 'node_key.file' },
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

function derived(nodeKey: Uint8Array, use: string): Uint8Array {
  return hkdfSha256(nodeKey, new Uint8Array(), utf8(`quorate/1 node key: ${use}`), NODE_KEY_BYTES);
}
