import { existsSync, readFileSync } from 'node:fs';
import { CLIENT_FILE, OPERATOR_FOLDER, readClientFile } from '../client/index.js';
import { writeClientFile } from './client-file.js';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import type { Millis } from '../common/index.js';
import { parseGenesis, parseSpiffe, Requesters } from '../identity/index.js';
import type { Genesis, Requester, Role } from '../identity/index.js';
import { makeFolder, nodeVerify, writePrivateFile, writePublicFile } from '../machine/index.js';
import { alternativeHosts, issueCertificate } from '../pki/index.js';
import type { Credential, KeyType } from '../pki/index.js';
import { authorityOf } from './authorities.js';
import type { AuthorityFiles } from './authorities.js';
import { usageError } from './exit-codes.js';

export type IssuePlan = {
  /** Where the files go. */
  readonly folder: string;
  /** The folder that `quorate certs init` made; it need not be there if an authority is named. */
  readonly cluster: string;
  readonly authority: AuthorityFiles | undefined;
  /** SPIFFE ids whose keys the new client accepts: its client file says so. */
  readonly requesters: readonly string[];
  readonly request: {
    readonly role: Role;
    readonly name: string;
    readonly days: number;
    readonly keyType: KeyType;
    /** DNS names and IP addresses. */
    readonly hosts: readonly string[];
  };
};

export type IssuedFiles = {
  readonly spiffeId: string;
  readonly notBeforeMs: Millis;
  readonly notAfterMs: Millis;
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
  const { folder, cluster, request } = plan;
  const { role, name, hosts } = request;
  const stranger = plan.requesters.find((id) => parseSpiffe(id) === undefined);
  if (stranger !== undefined)
    throw usageError(`--requester must be a whole SPIFFE id, not "${stranger}"`);
  const files = plan.authority ?? authorityOf(cluster, role);
  const authority: Credential = {
    certificate: read(files.certificate),
    privateKey: read(files.privateKey),
  };
  const genesis = plan.authority === undefined ? genesisOf(cluster) : undefined;
  requireMember(genesis, role, name);
  const issued = await issueCertificate(authority, {
    ...request,
    ...alternativeHosts(hosts),
  });
  const requester = judge(issued, bundleFor(role, genesis) ?? authority.certificate, files);
  const more = genesis === undefined || isNode(role) ? {} : clientFiles(cluster, genesis);
  const names = ['cert.pem', 'key.pem', ...Object.keys(more)];
  const hasEndpoints = existsSync(clientFileOf(cluster)) && 'cluster.json' in more;
  if (hasEndpoints) names.push(CLIENT_FILE);
  else if (plan.requesters.length > 0)
    throw usageError('--requester goes into a client.json, and none is written here');
  refuseToOverwrite(folder, names);

  makeFolder(folder);
  writePrivateFile(join(folder, 'key.pem'), issued.privateKey);
  writePublicFile(join(folder, 'cert.pem'), issued.certificate);
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
  const { notBeforeMs, notAfterMs, identity } = requester;
  return { spiffeId: identity.spiffeId, notBeforeMs, notAfterMs, files: names };
}

/** Reads the new certificate as a node will, under the authorities that it will be held against. */
function judge(issued: Credential, bundle: string, files: AuthorityFiles): Requester {
  const requesters = new Requesters(bundle, (...asked) => nodeVerify.certified(...asked));
  const chain = [new Uint8Array(new X509Certificate(issued.certificate).raw)];
  const verdict = requesters.judge(chain);
  if (verdict.ok) return verdict.value;
  throw usageError(
    `What ${files.certificate} issues does not count in this cluster: ${verdict.refusal}. ` +
      'Authorities keep to the profile in certs/README.md, and cluster.json names them',
  );
}

function bundleFor(role: Role, genesis: Genesis | undefined): string | undefined {
  return isNode(role) ? genesis?.peerCa : genesis?.requesterCa;
}

/** The files of a client besides its certificate: the authorities that it trusts, and the genesis. */
function clientFiles(cluster: string, genesis: Genesis): Readonly<Record<string, string>> {
  return { 'ca.pem': genesis.peerCa, 'cluster.json': read(join(cluster, 'cluster.json')) };
}

function clientFileOf(cluster: string): string {
  return join(cluster, OPERATOR_FOLDER, CLIENT_FILE);
}

function genesisOf(cluster: string): Genesis | undefined {
  const file = join(cluster, 'cluster.json');
  return existsSync(file) ? parseGenesis(new Uint8Array(readFileSync(file))) : undefined;
}

function requireMember(genesis: Genesis | undefined, role: Role, name: string): void {
  if (genesis === undefined || !isNode(role)) return;
  const member = genesis.members.find(({ nodeId }) => nodeId === name);
  if (member?.role !== role)
    throw usageError(`cluster.json has no member ${name} of role ${role}: no peer would accept it`);
}

function isNode(role: Role): boolean {
  return role === 'tee' || role === 'mesh';
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
