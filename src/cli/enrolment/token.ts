import { join } from 'node:path';
import { ClusterError, fromHex } from '../../common/index.js';
import type { NodeId } from '../../common/index.js';
import { SecretBytes } from '../../crypto/index.js';
import { readKeyFile } from '../../pki/index.js';
import { usageError } from '../exit-codes.js';

const TOKEN = /^[0-9a-f]{64}\s*$/;

/**
 * Reads a token: 64 hex characters, in a file that others may not read. Its user ends its life.
 *
 * @throws ClusterError `invalid-request` naming the file, never what it holds.
 */
export function readToken(path: string): SecretBytes {
  let file: SecretBytes;
  try {
    file = readKeyFile(path);
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    throw usageError(`${path} cannot be read: it must hold a token`);
  }
  using text = file;
  const words = new TextDecoder().decode(text.bytes);
  const bytes = TOKEN.test(words) ? fromHex(words.trim()) : undefined;
  if (bytes === undefined)
    throw usageError(
      `${path} must hold a token: 64 lower-case hex characters (openssl rand -hex 32)`,
    );
  return new SecretBytes(bytes);
}

/**
 * The tokens of nodes, each in the file of its name.
 *
 * @throws ClusterError `invalid-request` also when two are the same: then one node could speak for another.
 */
export function readTokens(folder: string, nodes: readonly NodeId[]): Map<NodeId, SecretBytes> {
  const tokens = new Map<NodeId, SecretBytes>();
  for (const node of nodes) {
    const token = readToken(join(folder, node));
    const same = [...tokens].find(([, known]) => Buffer.compare(known.bytes, token.bytes) === 0);
    tokens.set(node, token);
    if (same === undefined) continue;
    for (const each of tokens.values()) each[Symbol.dispose]();
    throw usageError(`${same[0]} and ${node} have the same token: each node needs its own`);
  }
  return tokens;
}
