import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClusterError, isId, nodeId, whyUnreadable } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import { parseMemberRequest } from '../identity/index.js';
import type { MemberRequest } from '../identity/index.js';
import { hostKindOf, nodeVerify } from '../machine/index.js';
import type { NodePlan } from './cluster-plan.js';
import { LOOPBACK } from './create-cluster.js';
import { usageError } from './exit-codes.js';
import { PEER_PORT_STEP } from './host-argument.js';
import type { Hosts } from './host-argument.js';

/** The flags of `quorate certs init` that say which nodes there are. */
export type NodeFlags = {
  readonly nodes: readonly NodeId[];
  readonly host?: Hosts;
  readonly nodeKeyEnv?: ReadonlyMap<string, string>;
  readonly nodeKeyPassphraseEnv?: ReadonlyMap<string, string>;
  readonly allowNoRedundancy?: true;
};

export const CLIENT_PORT = 7400;
/** On one machine, each node's ports are so far from the one before. */
const PORT_STEP = 10;
/** A key has at least two participants, and one more where none may be missed. */
const REDUNDANT_NODES_MIN = 3;

/**
 * The nodes of a new cluster. Nodes with hosts of their own all use the same ports unless told; nodes on this machine each have
 * their own.
 *
 * @param members - The public halves of nodes that made their own keys; without them, their keys are made here.
 * @throws ClusterError `invalid-request`.
 */
export function planNodes(flags: NodeFlags, members: readonly MemberRequest[]): NodePlan[] {
  const { host = new Map(), nodeKeyEnv, nodeKeyPassphraseEnv } = flags;
  const nodes = members.length === 0 ? flags.nodes : members.map((member) => member.nodeId);
  requireKnown('--host', host, nodes);
  requireKnown('--node-key-env', nodeKeyEnv, nodes);
  requireKnown('--node-key-passphrase-env', nodeKeyPassphraseEnv, nodes);
  requireRedundancy(nodes.length, flags.allowNoRedundancy ?? false);
  return nodes.map((id, at) => {
    const own = host.get(id);
    const port = own === undefined ? CLIENT_PORT + at * PORT_STEP : (own.port ?? CLIENT_PORT);
    const listen = own === undefined ? '127.0.0.1' : anyAddressFor(own.names);
    const member = members.find((each) => each.nodeId === id);
    return {
      id,
      hosts: own?.names ?? LOOPBACK,
      clientListen: `${listen}:${port}`,
      peerListen: `${listen}:${port + PEER_PORT_STEP}`,
      ...keyVariable(id, flags),
      ...(member && { member }),
    };
  });
}

/** A node that others dial by an IPv6 address listens for both families. */
function anyAddressFor([first = '']: readonly string[]): string {
  return hostKindOf(first) === 'ipv6' ? '[::]' : '0.0.0.0';
}

function requireRedundancy(count: number, allowed: boolean): void {
  if (count >= REDUNDANT_NODES_MIN || allowed) return;
  const why =
    count === 1
      ? 'a cluster of one node can never make a key: a key needs two participants'
      : 'a cluster of two nodes tolerates no loss: when one is down nothing is signed, and when one is lost so are all keys';
  throw usageError(
    `--nodes: ${why}, and members cannot be added later. Take 3, or 5, or say --allow-no-redundancy`,
  );
}

function requireKnown(
  flag: string,
  given: ReadonlyMap<string, unknown> = new Map(),
  nodes: readonly NodeId[],
): void {
  for (const id of given.keys()) {
    if (!nodes.some((node) => node === id))
      throw usageError(`${flag}: ${id} is not among the nodes ${nodes.join(', ')}`);
  }
}

function keyVariable(
  id: NodeId,
  { nodeKeyEnv, nodeKeyPassphraseEnv }: NodeFlags,
): Pick<NodePlan, 'nodeKey'> {
  const key = nodeKeyEnv?.get(id);
  const passphrase = nodeKeyPassphraseEnv?.get(id);
  if (key !== undefined && passphrase !== undefined)
    throw usageError(`${id}: give one of --node-key-env and --node-key-passphrase-env`);
  if (key !== undefined) return { nodeKey: { kind: 'env', variable: key } };
  if (passphrase === undefined) return {};
  return { nodeKey: { kind: 'passphrase', variable: passphrase } };
}

/** Reads `--nodes`. */
export function nodesArgument(text: string): NodeId[] {
  const ids = text.split(',').map((id) => id.trim());
  const wrong = ids.find((id) => !isId(id));
  if (wrong !== undefined) {
    throw usageError(`--nodes: "${wrong}" must be lower-case letters, digits, _ and -, at most 63`);
  }
  if (new Set(ids).size !== ids.length) throw usageError('--nodes: a node is named twice');
  return ids.map(nodeId);
}

/** Collects `node=VARIABLE`. The value is not repeated: operators write the secret itself there by mistake. */
export function variableArgument(flag: string) {
  return (
    text: string,
    before: ReadonlyMap<string, string> | undefined,
  ): ReadonlyMap<string, string> => {
    const [, id, variable] = /^([^=]*)=([A-Z_][A-Z0-9_]{0,62})$/.exec(text) ?? [];
    if (id === undefined || variable === undefined)
      throw usageError(`${flag} must be node=VARIABLE, the name in capital letters, digits and _`);
    return new Map([...(before ?? []), [id, variable]]);
  };
}

/**
 * Reads the public halves of nodes, and checks the proof in each.
 *
 * @throws ClusterError `invalid-request` naming the file.
 */
export function readMembers(files: readonly string[], folder: string): MemberRequest[] {
  const members = files.map((file) => readMember(file, folder));
  for (const { nodeId: id, role } of members) {
    if (role !== 'tee')
      throw usageError(
        `--member: ${id} has role ${role}; this release runs only nodes of role tee`,
      );
    if (members.filter((each) => each.nodeId === id).length > 1)
      throw usageError(`--member: two files are of the node ${id}`);
  }
  return members;
}

/** Reads the public half of one node. */
export function readMember(file: string, folder: string): MemberRequest {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(resolve(folder, file)));
  } catch (error) {
    throw usageError(`--member: ${file} cannot be read: ${whyUnreadable(error)}`);
  }
  try {
    return parseMemberRequest(bytes, (...asked) => nodeVerify.identity(...asked));
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    throw usageError(`--member: ${file}: ${error.message}`);
  }
}
