import type { NodeId } from '../common/index.js';
import { equalSecrets } from '../crypto/index.js';
import type { SecretBytes } from '../crypto/index.js';
import { newPassphraseKey, nodeKeyOf, takeVariable } from '../pki/index.js';
import type { Environment, PassphraseHeader } from '../pki/index.js';
import { usageError } from './exit-codes.js';

/** Where a node will find its node key, where that is no file beside its configuration. */
export type KeyVariable = { readonly kind: 'env' | 'passphrase'; readonly variable: string };

const VARIABLE = /^[A-Z_][A-Z0-9_]{0,62}$/;

/** Reads the name of a variable, which no message repeats: it may be the secret itself. */
export function variableArgument(flag: string) {
  return (text: string): string => {
    if (VARIABLE.test(text)) return text;
    throw usageError(`${flag} must be the name of a variable, in capital letters, digits and _`);
  };
}

/** A node key for a node's first identity file, and what that file must say of its passphrase. */
export type FirstKey = { readonly key: SecretBytes; readonly header?: PassphraseHeader };

type Planned = { readonly id: NodeId; readonly nodeKey?: KeyVariable };

/**
 * The node keys of all nodes that have theirs from a variable, by node. The caller ends their lives.
 *
 * @throws ClusterError `invalid-request` when one is missing or no key, or when two nodes have the same secret: then one
 * stolen secret would open the shares of both.
 */
export function keysOfVariables(
  nodes: readonly Planned[],
  environment: Environment,
): ReadonlyMap<NodeId, FirstKey> {
  const texts = new Map<NodeId, SecretBytes>();
  const keys = new Map<NodeId, FirstKey>();
  try {
    for (const { id, nodeKey } of nodes) {
      if (nodeKey === undefined) continue;
      const text = takeVariable(environment, { ...nodeKey, where: id });
      const same = [...texts].find(([, known]) => equalSecrets(known.bytes, text.bytes));
      texts.set(id, text);
      if (same !== undefined)
        throw usageError(`${same[0]} and ${id} have the same secret: each node needs its own`);
      keys.set(id, firstKey(id, nodeKey, text));
    }
    return keys;
  } catch (error) {
    endKeys(keys);
    throw error;
  } finally {
    for (const text of texts.values()) text[Symbol.dispose]();
  }
}

/** Wipes keys, each of them perhaps again. */
export function endKeys(keys: ReadonlyMap<NodeId, FirstKey>): void {
  for (const { key } of keys.values()) key[Symbol.dispose]();
}

/**
 * The node key that a variable's text spells, or that is made of the passphrase there, with a salt of its own.
 *
 * @throws ClusterError `invalid-request`.
 */
export function firstKey(
  id: NodeId,
  { kind }: Pick<KeyVariable, 'kind'>,
  text: SecretBytes,
): FirstKey {
  if (kind === 'passphrase') return newPassphraseKey(text, id);
  return { key: nodeKeyOf(text, `${id}: the variable`, 'node_key.env') };
}
