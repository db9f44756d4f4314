import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import { BUILD_LEVEL, DEFAULT_LIMITS, encodeGenesis, parseGenesis } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { identityPathOf, writePrivateFile, writePublicFile } from '../machine/index.js';
import {
  alternativeHosts,
  createAuthority,
  createNodeKey,
  issueCertificate,
  newIdentity,
} from '../pki/index.js';
import type { IdentityOwner } from '../machine/index.js';
import type { Credential, Environment, NewIdentity } from '../pki/index.js';
import { authorityFiles } from './authorities.js';
import type { AuthorityFiles } from './authorities.js';
import { CLIENT_FILE, OPERATOR_FOLDER, writeClientFile } from './client-file.js';
import type { ClusterPlan } from './cluster-plan.js';
import { usageError } from './exit-codes.js';
import { endKeys, keysOfVariables } from './node-keys.js';
import type { FirstKey } from './node-keys.js';
import { addressOf, nodeYaml } from './node-yaml.js';

/** The names of this machine to itself. */
export const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

const DAYS_PER_YEAR = 365;
const AUTHORITY_YEARS = 10;

/** The files in the folder of a node or of the operator. */
type Member = { readonly folder: string; readonly credential: Credential };

/**
 * Makes all that a cluster begins with: its authorities, the genesis, per node a certificate, a node key and an identity
 * key sealed with it, and an operator's certificate. Each folder is complete, to be carried to its machine.
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
  const keys = keysOfVariables(plan.nodes, environment);
  const identities = new Map(plan.nodes.map(({ id }) => [id, newIdentity()]));
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
  const authorities = await createAuthorities(plan);
  const { peer, requester } = authorities;
  const nodes = await Promise.all(
    plan.nodes.map(async (node) => ({
      node,
      identity: identityOf(node.id, identities),
      folder: join(plan.folder, node.id),
      credential: await issueCertificate(peer, {
        role: 'tee',
        name: node.id,
        ...alternativeHosts(node.hosts),
        days: plan.days,
      }),
    })),
  );
  const operator: Member = {
    folder: join(plan.folder, OPERATOR_FOLDER),
    credential: await issueCertificate(requester, {
      role: 'operator',
      name: plan.operator,
      dns: [],
      ips: [],
      days: plan.days,
    }),
  };
  const genesis = parseGenesis(
    encodeGenesis({
      level: BUILD_LEVEL,
      createdMs: Date.now(),
      members: nodes.map(({ node, identity }) => ({
        nodeId: node.id,
        role: 'tee',
        identityKey: identity.publicKey,
      })),
      peerCa: peer.certificate,
      requesterCa: requester.certificate,
      unsigned: plan.unsigned,
      limits: DEFAULT_LIMITS,
    }),
  );

  makeFolder(plan.folder);
  for (const { files, credential } of authorities.all) {
    writePublicFile(files.certificate, credential.certificate);
    writePrivateFile(files.privateKey, credential.privateKey);
  }
  for (const { node, identity, folder, credential } of nodes) {
    writeMember({ folder, credential }, peer, genesis);
    writePublicFile(join(folder, 'node.yaml'), nodeYaml(node, plan.nodes));
    const owner = { clusterId: genesis.clusterId, nodeId: node.id };
    writeSecrets(folder, identity, owner, keys.get(node.id));
  }
  writeMember(operator, peer, genesis);
  writeClientFile(join(operator.folder, CLIENT_FILE), {
    endpoints: plan.nodes.map((node) => addressOf(node, node.clientListen)),
    ca: join(operator.folder, 'ca.pem'),
    cert: join(operator.folder, 'cert.pem'),
    key: join(operator.folder, 'key.pem'),
    clusterFile: join(operator.folder, 'cluster.json'),
  });
  writePublicFile(join(plan.folder, 'cluster.json'), textOf(genesis));
  return genesis;
}

/** The authorities of nodes and of requesters, and where their files go. */
type Authorities = {
  readonly peer: Credential;
  readonly requester: Credential;
  readonly all: readonly { readonly files: AuthorityFiles; readonly credential: Credential }[];
};

async function createAuthorities({ folder, oneAuthority }: ClusterPlan): Promise<Authorities> {
  const days = AUTHORITY_YEARS * DAYS_PER_YEAR;
  if (oneAuthority) {
    const credential = await createAuthority('Quorate', days);
    const all = [{ files: authorityFiles(folder, 'one'), credential }];
    return { peer: credential, requester: credential, all };
  }
  const peer = await createAuthority('Quorate nodes', days);
  const requester = await createAuthority('Quorate requesters', days);
  return {
    peer,
    requester,
    all: [
      { files: authorityFiles(folder, 'peer'), credential: peer },
      { files: authorityFiles(folder, 'requester'), credential: requester },
    ],
  };
}

/** The authority in each folder is the nodes': nodes and clients alike check by it which node they reach. */
function writeMember({ folder, credential }: Member, peer: Credential, genesis: Genesis): void {
  makeFolder(folder);
  writePublicFile(join(folder, 'ca.pem'), peer.certificate);
  writePublicFile(join(folder, 'cert.pem'), credential.certificate);
  writePrivateFile(join(folder, 'key.pem'), credential.privateKey);
  writePublicFile(join(folder, 'cluster.json'), textOf(genesis));
}

/** The node key, and the identity key under it, where the node will look for it: in its data directory. */
function writeSecrets(
  folder: string,
  identity: NewIdentity,
  owner: IdentityOwner,
  given: FirstKey | undefined,
): void {
  const data = join(folder, 'data');
  makeFolder(data);
  const { key, header }: FirstKey = given ?? { key: createNodeKey(join(folder, 'node.key')) };
  using nodeKey = key;
  identity.write(identityPathOf(data), owner, nodeKey.bytes, header);
}

function identityOf(node: NodeId, identities: ReadonlyMap<NodeId, NewIdentity>): NewIdentity {
  const identity = identities.get(node);
  assert(identity !== undefined, 'every node has an identity');
  return identity;
}

function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
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
