import { existsSync } from 'node:fs';
import { CLIENT_FILE, OPERATOR_FOLDER } from '../client/index.js';
import { writeClientFile } from './client-file.js';
import { join } from 'node:path';
import { assert } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import { BUILD_LEVEL, DEFAULT_LIMITS, encodeGenesis, parseGenesis } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { makeFolder, writePrivateFile, writePublicFile } from '../machine/index.js';
import { alternativeHosts, issueCertificate, issueForKey, newIdentity } from '../pki/index.js';
import type { Credential, Environment, NewIdentity } from '../pki/index.js';
import type { ClusterPlan, NodePlan } from './cluster-plan.js';
import { usageError } from './exit-codes.js';
import { newAuthorities, writeAuthorities } from './new-authorities.js';
import type { NewAuthority } from './new-authorities.js';
import { makeNodeHome } from './node-home.js';
import { endKeys, keysOfVariables } from './node-keys.js';
import type { FirstKey } from './node-keys.js';
import { addressOf, MONGODB_URI_FILE, nodeYaml } from './node-yaml.js';

const DAYS_APART_MAX = 3;

/** The names of this machine to itself. */
export const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

/**
 * Makes all that a cluster begins with: its authorities, the genesis, per node a certificate, a node key, an identity key and
 * the stores, and an operator's certificate. Of a node that made its own keys only the public half is here, and of an authority
 * that was given only its certificates: then what needs a private key is left to its owner.
 *
 * `cluster.json` beside the authorities is written last: a folder that has one is complete.
 *
 * @param environment - Has the secrets of nodes whose node keys come from variables; they are taken out of it.
 * @throws ClusterError `invalid-request` when the plan does not hold together, before anything is written, or when the
 * folder holds files of a cluster already: nothing is ever overwritten.
 */
export async function createCluster(
  plan: ClusterPlan,
  environment: Environment = {},
): Promise<Genesis> {
  refuseToOverwrite(plan);
  const made = plan.nodes.filter(({ member }) => member === undefined);
  const keys = keysOfVariables(made, environment);
  const identities = new Map(made.map(({ id }) => [id, newIdentity()]));
  try {
    return await create(plan, keys, identities);
  } finally {
    endKeys(keys);
    for (const identity of identities.values()) identity[Symbol.dispose]();
  }
}

async function create(
  plan: ClusterPlan,
  keys: ReadonlyMap<NodeId, FirstKey>,
  identities: ReadonlyMap<NodeId, NewIdentity>,
): Promise<Genesis> {
  const authorities = await newAuthorities(plan);
  const { peer, requester } = authorities;
  const certificates = new Map(
    await Promise.all(
      plan.nodes.map(async (node, at) => {
        const days = daysOf(plan, at);
        return [node.id, await nodeTls(node, days, peer)] as const;
      }),
    ),
  );
  const operator =
    requester.credential &&
    (await issueCertificate(requester.credential, {
      role: 'operator',
      name: plan.operator,
      dns: [],
      ips: [],
      days: plan.days,
    }));
  const genesis = parseGenesis(
    encodeGenesis({
      level: BUILD_LEVEL,
      createdMs: Date.now(),
      members: plan.nodes.map(({ id, member }) => ({
        nodeId: id,
        role: 'tee',
        identityKey: member?.identityKey ?? identityOf(id, identities).publicKey,
      })),
      peerCa: peer.bundle,
      requesterCa: requester.bundle,
      unsigned: plan.unsigned,
      operatorsSign: plan.operatorsSign ?? false,
      limits: plan.limits ?? DEFAULT_LIMITS,
    }),
  );

  makeFolder(plan.folder);
  writeAuthorities(plan, authorities);
  for (const node of plan.nodes) {
    const folder = join(plan.folder, node.id);
    writeMember(folder, certificates.get(node.id), genesis);
    writePublicFile(join(folder, 'node.yaml'), nodeYaml(node, plan.nodes));
    if (node.mongodb !== undefined)
      writePrivateFile(join(folder, MONGODB_URI_FILE), `${node.mongodb.uri}\n`);
    if (node.member !== undefined) continue;
    const home = { nodeKeyFile: join(folder, 'node.key'), dataDir: join(folder, 'data') };
    await makeNodeHome(home, node.id, identityOf(node.id, identities), keys.get(node.id));
  }
  const folder = join(plan.folder, OPERATOR_FOLDER);
  writeMember(folder, operator, genesis);
  writeClientFile(join(folder, CLIENT_FILE), {
    endpoints: plan.nodes.map((node) => addressOf(node, node.clientListen)),
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
    clusterFile: join(folder, 'cluster.json'),
  });
  writePublicFile(join(plan.folder, 'cluster.json'), textOf(genesis));
  return genesis;
}

/**
 * The life of a node's certificate. The ends are some days apart: a renewal that is forgotten takes one node out, and not all in
 * the same second.
 */
function daysOf({ days, nodes }: ClusterPlan, at: number): number {
  const apart = Math.min(DAYS_APART_MAX, Math.floor(days / (3 * nodes.length)));
  return days - at * apart;
}

/** A node's certificate, with its key where that is made here; nothing where the authority's key is elsewhere. */
async function nodeTls(
  { id, hosts, member }: NodePlan,
  days: number,
  { credential }: NewAuthority,
): Promise<Partial<Credential>> {
  const names = alternativeHosts(hosts);
  if (credential === undefined) return {};
  const request = { role: 'tee' as const, name: id, ...names, days };
  if (member === undefined) return issueCertificate(credential, request);
  return { certificate: await issueForKey(credential, request, member.tlsKey) };
}

/** The authority in each folder is the nodes': nodes and clients alike check by it which node they reach. */
function writeMember(folder: string, tls: Partial<Credential> | undefined, genesis: Genesis): void {
  makeFolder(folder);
  writePublicFile(join(folder, 'ca.pem'), genesis.peerCa);
  if (tls?.certificate !== undefined) writePublicFile(join(folder, 'cert.pem'), tls.certificate);
  if (tls?.privateKey !== undefined) writePrivateFile(join(folder, 'key.pem'), tls.privateKey);
  writePublicFile(join(folder, 'cluster.json'), textOf(genesis));
}

function identityOf(node: NodeId, identities: ReadonlyMap<NodeId, NewIdentity>): NewIdentity {
  const identity = identities.get(node);
  assert(identity !== undefined, 'every node has an identity');
  return identity;
}

function textOf(genesis: Genesis): string {
  return new TextDecoder().decode(genesis.bytes);
}

function refuseToOverwrite({ folder, nodes }: ClusterPlan): void {
  const names = [
    'cluster.json',
    'ca.pem',
    'ca-key.pem',
    'peer-ca.pem',
    'peer-ca-key.pem',
    'requester-ca.pem',
    'requester-ca-key.pem',
    OPERATOR_FOLDER,
    ...nodes.map(({ id }) => id),
  ];
  const there = names.find((name) => existsSync(join(folder, name)));
  if (there === undefined) return;
  throw usageError(
    `${join(folder, there)} is there already, and nothing is ever overwritten: a new identity would be another ` +
      'cluster. Choose another folder with --out, or remove this one if no node ever used it.',
  );
}
