import { existsSync, readFileSync } from 'node:fs';
import { CLIENT_FILE, OPERATOR_FOLDER, readClientFile } from '../client/index.js';
import { writeClientFile } from './client-file.js';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import type { Millis } from '../common/index.js';
import { parseSpiffe } from '../identity/index.js';
import type { Genesis, MemberRequest, Role } from '../identity/index.js';
import { makeFolder, writePrivateFile, writePublicFile } from '../machine/index.js';
import { alternativeHosts, issueCertificate, issueForKey } from '../pki/index.js';
import type { Credential, KeyType } from '../pki/index.js';
import { authorityOf } from './authorities.js';
import type { AuthorityFiles } from './authorities.js';
import { usageError } from './exit-codes.js';
import {
  chainOf,
  genesisOf,
  hostsIn,
  isNode,
  namesAuthority,
  requireMember,
} from './issue-rules.js';

export type IssuePlan = {
  /** Where the files go. */
  readonly folder: string;
  /** The folder that `quorate certs init` made; it need not be there if an authority is named. */
  readonly cluster: string;
  /** Whether the caller named that folder: then its genesis counts, whatever the authority. */
  readonly isClusterNamed: boolean;
  readonly authority: AuthorityFiles | undefined;
  /** SPIFFE ids whose keys the new client accepts: its client file says so. */
  readonly requesters: readonly string[];
  /** The public half of a node that keeps its TLS key where it is. */
  readonly member?: MemberRequest;
  readonly request: {
    readonly role: Role;
    readonly name: string;
    readonly days: number;
    readonly keyType: KeyType;
    /** DNS names and IP addresses; of a node, those of its old certificate unless given. */
    readonly hosts: readonly string[];
    /** A node's old certificate; the one in the cluster's folder unless given. */
    readonly old?: string;
  };
};

export type IssuedFiles = {
  readonly spiffeId: string;
  readonly notBeforeMs: Millis;
  readonly notAfterMs: Millis;
  /** DNS names and IP addresses in the certificate. */
  readonly hosts: readonly string[];
  /** Whether a genesis was there to hold the certificate against. */
  readonly isJudged: boolean;
  /** Names in the folder. */
  readonly files: readonly string[];
};

/**
 * Issues a certificate, sees that nodes would read it as they should, and writes it with what its owner needs besides.
 *
 * @throws ClusterError `invalid-request` when something does not fit, before anything is written, or when one of the
 * files is there: nothing is ever overwritten.
 */
export async function issueFiles(plan: IssuePlan): Promise<IssuedFiles> {
  const { folder, cluster, request, member } = plan;
  const { role, name } = request;
  const stranger = plan.requesters.find((id) => parseSpiffe(id) === undefined);
  if (stranger !== undefined)
    throw usageError(`--requester must be a whole SPIFFE id, not "${stranger}"`);
  const files = plan.authority ?? authorityOf(cluster, role);
  const authority: Credential = {
    certificate: read(files.certificate),
    privateKey: read(files.privateKey),
  };
  const genesis = judgeOf(plan, authority.certificate);
  requireMember(genesis, role, name, member);
  const hosts = hostsFor(plan);
  const leaf = { ...request, ...alternativeHosts(hosts) };
  const issued: Partial<Credential> & { readonly certificate: string } =
    member === undefined
      ? await issueCertificate(authority, leaf)
      : { certificate: await issueForKey(authority, leaf, member.tlsKey) };
  const chain = chainOf(issued.certificate, authority.certificate, role, genesis);
  const inFolder = plan.authority === undefined ? genesis : undefined;
  const more = inFolder === undefined || isNode(role) ? {} : clientFiles(cluster, inFolder);
  const keyFiles = issued.privateKey === undefined ? [] : ['key.pem'];
  const names = ['cert.pem', ...keyFiles, ...Object.keys(more)];
  const hasEndpoints = existsSync(clientFileOf(cluster)) && 'cluster.json' in more;
  if (hasEndpoints) names.push(CLIENT_FILE);
  else if (plan.requesters.length > 0)
    throw usageError('--requester goes into a client.json, and none is written here');
  refuseToOverwrite(folder, names);

  makeFolder(folder);
  if (issued.privateKey !== undefined) writePrivateFile(join(folder, 'key.pem'), issued.privateKey);
  writePublicFile(join(folder, 'cert.pem'), chain);
  for (const [file, text] of Object.entries(more)) writePublicFile(join(folder, file), text);
  if (hasEndpoints) {
    writeClientFile(join(folder, CLIENT_FILE), {
      endpoints: readClientFile(clientFileOf(cluster)).endpoints,
      ca: join(folder, 'ca.pem'),
      cert: join(folder, 'cert.pem'),
      key: join(folder, 'key.pem'),
      clusterFile: join(folder, 'cluster.json'),
      ...(plan.requesters.length > 0 && { requesters: plan.requesters }),
    });
  }
  const { validFrom, validTo } = new X509Certificate(issued.certificate);
  return {
    spiffeId: `spiffe://quorate/${role}/${name}`,
    notBeforeMs: Date.parse(validFrom),
    notAfterMs: Date.parse(validTo),
    hosts,
    isJudged: genesis !== undefined,
    files: names,
  };
}

/**
 * The genesis that a certificate is held against. Where an authority is named and the folder is not, the usual folder may be
 * another cluster's: it counts when it names the authority.
 */
function judgeOf(plan: IssuePlan, authority: string): Genesis | undefined {
  const genesis = genesisOf(plan.cluster);
  if (genesis === undefined || plan.authority === undefined || plan.isClusterNamed) return genesis;
  return namesAuthority(genesis, authority) ? genesis : undefined;
}

/** A node's certificate that is renewed without names given keeps those that it had: clients in other languages check them. */
function hostsFor({ cluster, request }: IssuePlan): readonly string[] {
  const { role, name, hosts, old } = request;
  if (!isNode(role) || hosts.length > 0) return hosts;
  const known = old ?? join(cluster, name, 'cert.pem');
  if (old === undefined && !existsSync(known)) return [];
  if (!existsSync(known)) throw usageError(`--renew: there is no file ${known}`);
  return hostsIn(known);
}

/** The files of a client besides its certificate: the authorities that it trusts, and the genesis. */
function clientFiles(cluster: string, genesis: Genesis): Readonly<Record<string, string>> {
  return { 'ca.pem': genesis.peerCa, 'cluster.json': read(join(cluster, 'cluster.json')) };
}

function clientFileOf(cluster: string): string {
  return join(cluster, OPERATOR_FOLDER, CLIENT_FILE);
}

function read(file: string): string {
  if (!existsSync(file)) {
    throw usageError(
      `There is no file ${file}: give --cluster, the folder that \`quorate certs init\` made, or --ca and --ca-key`,
    );
  }
  return readFileSync(file, 'utf8');
}

function refuseToOverwrite(folder: string, names: readonly string[]): void {
  const there = names.find((name) => existsSync(join(folder, name)));
  if (there === undefined) return;
  throw usageError(
    `${join(folder, there)} is there already, and nothing is ever overwritten: choose another folder with --out`,
  );
}
