import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Millis, NodeId } from '../../common/index.js';
import { parseGenesis } from '../../identity/index.js';
import type { Genesis, Limits } from '../../identity/index.js';
import { splitAddress, writePublicFile } from '../../machine/index.js';
import { createCluster } from '../create-cluster.js';
import { usageError } from '../exit-codes.js';
import { facts } from '../format/table.js';
import type { Hosts } from '../host-argument.js';
import { planNodes } from '../init-plan.js';
import { readAnchors } from '../new-authorities.js';
import type { CommandContext } from '../command-context.js';
import { askMember, deliver, forEach } from './calls.js';
import type { Applicant, Patience } from './calls.js';
import { readTokens } from './token.js';

/** The flags of `quorate cluster init`. */
export type MakeFlags = {
  readonly node: ReadonlyMap<NodeId, string>;
  readonly tokens: string;
  readonly out: string;
  readonly host?: Hosts;
  readonly peerCa?: string;
  readonly requesterCa?: string;
  readonly operator: string;
  readonly days: number;
  readonly limit?: Limits;
  readonly allowNoRedundancy?: true;
  readonly wait: Millis;
  readonly json?: true;
};

/** In a node's folder: that node has said that it keeps its genesis. */
const DELIVERED_FILE = 'delivered';

/** Makes a cluster of nodes that wait, and brings each its genesis. */
export async function makeCluster(flags: MakeFlags, context: CommandContext): Promise<void> {
  const folder = resolve(context.folder, flags.out);
  const ids = [...flags.node.keys()];
  const tokens = readTokens(resolve(context.folder, flags.tokens), ids);
  const patience = { untilMs: Date.now() + flags.wait, say: (words: string) => context.err(words) };
  try {
    const applicants = [...flags.node].flatMap(([nodeId, address]): Applicant[] => {
      const token = tokens.get(nodeId);
      return token === undefined ? [] : [{ nodeId, address, token }];
    });
    const genesis = await genesisOf(flags, folder, applicants, patience, context);
    await forEach(applicants, patience, (each, own) => bring(each, folder, genesis, own));
    tell(flags, genesis, folder, context);
  } finally {
    for (const token of tokens.values()) token[Symbol.dispose]();
  }
}

/** The genesis of this folder: the one that an earlier call has made, or a new one of the nodes that answer. */
async function genesisOf(
  flags: MakeFlags,
  folder: string,
  applicants: readonly Applicant[],
  patience: Omit<Patience, 'signal'>,
  context: CommandContext,
): Promise<Genesis> {
  const file = join(folder, 'cluster.json');
  if (existsSync(file)) {
    const genesis = parseGenesis(new Uint8Array(readFileSync(file)));
    const there = genesis.members.map(({ nodeId }) => nodeId).sort();
    if (
      there.join() ===
      applicants
        .map(({ nodeId }) => nodeId)
        .sort()
        .join()
    )
      return genesis;
    throw usageError(`${file} is of ${there.join(', ')}: choose another folder with --out`);
  }
  const { peerCa, requesterCa, operator, days, limit: limits } = flags;
  const anchors = (flag: string, path: string) => readAnchors(flag, context.folder, path);
  const given = {
    ...(peerCa !== undefined && { peerCa: anchors('--peer-ca', peerCa) }),
    ...(requesterCa !== undefined && { requesterCa: anchors('--requester-ca', requesterCa) }),
  };
  const members = await forEach(applicants, patience, askMember);
  const allowed = flags.allowNoRedundancy && { allowNoRedundancy: flags.allowNoRedundancy };
  const nodes = planNodes({ nodes: [], host: hostsOf(flags), ...allowed }, members);
  const plan = { folder, nodes, operator, days, unsigned: false, ...given };
  return createCluster({ ...plan, ...(limits && { limits }) });
}

/** The host that is dialled to enrol a node is its first name; those of `--host` come behind. */
function hostsOf({ node, host = new Map() }: MakeFlags): Hosts {
  const stranger = [...host.keys()].find((id) => ![...node.keys()].some((each) => each === id));
  if (stranger !== undefined) throw usageError(`--host: ${stranger} is not among the nodes`);
  return new Map(
    [...node].map(([id, address]) => {
      const more = host.get(id);
      const first = splitAddress(address)?.host ?? address;
      const names = [first, ...(more?.names ?? []).filter((name) => name !== first)];
      return [id, { names, ...(more?.port !== undefined && { port: more.port }) }];
    }),
  );
}

async function bring(
  applicant: Applicant,
  folder: string,
  genesis: Genesis,
  patience: Patience,
): Promise<void> {
  const { nodeId } = applicant;
  const at = (name: string) => join(folder, nodeId, name);
  if (existsSync(at(DELIVERED_FILE))) return;
  const member = genesis.members.find((each) => each.nodeId === nodeId);
  if (member === undefined) throw usageError(`${folder} has no node ${nodeId}`);
  const cert = existsSync(at('cert.pem')) ? readFileSync(at('cert.pem'), 'utf8') : undefined;
  const cluster = readFileSync(at('cluster.json'), 'utf8');
  const delivery = { cluster, ca: genesis.peerCa, cert };
  await deliver(applicant, member, delivery, genesis.clusterId, patience);
  writePublicFile(at(DELIVERED_FILE), '');
}

function tell(flags: MakeFlags, genesis: Genesis, folder: string, context: CommandContext): void {
  const nodes = genesis.members.map(({ nodeId }) => nodeId);
  if (flags.json) {
    context.out(JSON.stringify({ cluster_id: genesis.clusterId, folder, nodes }));
    return;
  }
  for (const line of facts([
    ['cluster', genesis.clusterId],
    ['nodes', `${nodes.join(', ')}  each has its genesis`],
    ['operator', join(folder, 'operator')],
  ]))
    context.out(line);
  const keys = flags.peerCa === undefined || flags.requesterCa === undefined;
  if (keys)
    context.err('The private keys of authorities in that folder belong to a safe place, off line.');
}
