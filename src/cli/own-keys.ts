import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeId } from '../common/index.js';
import { encodeMemberRequest } from '../identity/index.js';
import { makeFolder, writePrivateFile, writePublicFile } from '../machine/index.js';
import { createTlsKey, newIdentity } from '../pki/index.js';
import type { Environment } from '../pki/index.js';
import { usageError } from './exit-codes.js';
import { makeNodeHome } from './node-home.js';
import { endKeys, keysOfVariables } from './node-keys.js';
import type { KeyVariable } from './node-keys.js';

export const MEMBER_FILE = 'member.json';

/** Where the keys of a node go that makes its own. */
export type OwnPlace = {
  readonly node: NodeId;
  readonly folder: string;
  readonly dataDir: string;
  readonly nodeKey?: KeyVariable;
};

/**
 * Makes what is a node's alone: identity key and store, node key, TLS key, and the public half of all, which is written last: a
 * folder that has it is complete.
 *
 * @returns the text of `member.json`.
 * @throws ClusterError `invalid-request` or `already-exists` (`NODE_EXISTS`): nothing is ever overwritten.
 */
export async function makeOwnKeys(
  { node, folder, dataDir, nodeKey }: OwnPlace,
  environment: Environment,
): Promise<string> {
  const at = (name: string) => join(folder, name);
  refuseToOverwrite([at(MEMBER_FILE), at('key.pem')]);
  const keys = keysOfVariables([{ id: node, ...(nodeKey && { nodeKey }) }], environment);
  using identity = newIdentity();
  const tls = createTlsKey();
  const text = encodeMemberRequest(
    { nodeId: node, role: 'tee', identityKey: identity.publicKey, tlsKey: tls.publicKey },
    (bytes) => identity.sign(bytes),
  );
  try {
    makeFolder(folder);
    await makeNodeHome({ nodeKeyFile: at('node.key'), dataDir }, node, identity, keys.get(node));
  } finally {
    endKeys(keys);
  }
  writePrivateFile(at('key.pem'), tls.privateKey);
  writePublicFile(at(MEMBER_FILE), text);
  return text;
}

function refuseToOverwrite(files: readonly string[]): void {
  const there = files.find((file) => existsSync(file));
  if (there === undefined) return;
  throw usageError(
    `${there} is there already, and nothing is ever overwritten: choose another folder with --out`,
  );
}
