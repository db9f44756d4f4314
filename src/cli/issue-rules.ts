import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal } from '../common/index.js';
import { parseGenesis } from '../identity/index.js';
import type { Genesis, MemberRequest, Role } from '../identity/index.js';
import { chainFault } from '../node/index.js';
import { readCertificates } from '../pki/index.js';
import { usageError } from './exit-codes.js';

/** The genesis in a cluster's folder, when there is one. */
export function genesisOf(cluster: string): Genesis | undefined {
  const file = join(cluster, 'cluster.json');
  return existsSync(file) ? parseGenesis(new Uint8Array(readFileSync(file))) : undefined;
}

export function isNode(role: Role): boolean {
  return role === 'tee' || role === 'mesh';
}

/** Refuses a node that the genesis does not name in this role, or whose own request has another identity key. */
export function requireMember(
  genesis: Genesis | undefined,
  role: Role,
  name: string,
  request: MemberRequest | undefined,
): void {
  if (genesis === undefined || !isNode(role)) return;
  const member = genesis.members.find(({ nodeId }) => nodeId === name);
  if (member?.role !== role)
    throw usageError(`cluster.json has no member ${name} of role ${role}: no peer would accept it`);
  if (request !== undefined && !equal(request.identityKey, member.identityKey))
    throw usageError(`--member: cluster.json has another identity key of ${name}`);
}

/**
 * The chain of a new certificate as its owner must show it, leaf first: with the authority's own certificates, where they are
 * intermediates.
 *
 * @throws ClusterError `invalid-request` when nodes of this cluster would not take it, by the function by which they judge.
 */
export function chainOf(
  certificate: string,
  authority: string,
  role: Role,
  genesis: Genesis | undefined,
): string {
  const issuers = readCertificates(authority);
  if (!issuers.ok) throw usageError(`The authority's file ${issuers.refusal}`);
  const between = issuers.value.filter((each) => !each.checkIssued(each));
  const chain = [certificate, ...between.map((each) => each.toString())].join('');
  // Without a genesis the authority itself is what the certificate is held against.
  const bundle = genesis === undefined ? authority : bundleOf(genesis, role);
  const certificates = readCertificates(chain);
  const fault = certificates.ok ? chainFault(certificates.value, bundle) : certificates.refusal;
  if (fault === undefined) return chain;
  const field = isNode(role) ? 'peer_ca' : 'requester_ca';
  throw usageError(
    `Nodes would not take the certificate that this authority issues with role ${role}: it ${fault}. ` +
      `For this role cluster.json names its authorities in ${field}`,
  );
}

/** Whether a genesis names this authority, for whichever role, itself or as the issuer of it. */
export function namesAuthority(genesis: Genesis, authority: string): boolean {
  const reading = readCertificates(authority);
  if (!reading.ok) return false;
  const named = [genesis.peerCa, genesis.requesterCa].flatMap((bundle) => {
    const known = readCertificates(bundle);
    return known.ok ? known.value : [];
  });
  return reading.value.some((each) =>
    named.some((anchor) => anchor.raw.equals(each.raw) || each.checkIssued(anchor)),
  );
}

function bundleOf(genesis: Genesis, role: Role): string {
  return isNode(role) ? genesis.peerCa : genesis.requesterCa;
}

/** DNS names and IP addresses in a node's certificate, for the one that takes its place. */
export function hostsIn(file: string): string[] {
  const reading = readCertificates(readFileSync(file, 'latin1'));
  if (!reading.ok) throw usageError(`${file} ${reading.refusal}`);
  return hostsOf(reading.value[0]);
}

/** Node prints alternative names as `DNS:a, IP Address:10.0.0.1`, and quotes what is no plain name: that is left out. */
function hostsOf({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName
    .split(', ')
    .flatMap((name) => /^(?:DNS|IP Address):([^"]+)$/.exec(name)?.[1] ?? [])
    .map(shortest);
}

/** OpenSSL writes an IPv6 address in full (`0:0:0:0:0:0:0:1`). */
function shortest(host: string): string {
  if (!host.includes(':')) return host;
  return new URL(`http://[${host}]`).hostname.slice(1, -1);
}
