import { resolve } from 'node:path';
import { readFileSync } from 'node:fs';
import { whyUnreadable } from '../common/index.js';
import { Requesters } from '../identity/index.js';
import { nodeVerify, writePrivateFile, writePublicFile } from '../machine/index.js';
import { anchorFault, createAuthority, readCertificates } from '../pki/index.js';
import type { Credential } from '../pki/index.js';
import { authorityFiles } from './authorities.js';
import type { AuthorityKind } from './authorities.js';
import type { ClusterPlan } from './cluster-plan.js';
import { usageError } from './exit-codes.js';

/** An authority of a new cluster: made here, with its private key, or given, and then only its certificates are here. */
export type NewAuthority = { readonly bundle: string; readonly credential?: Credential };

export type NewAuthorities = { readonly peer: NewAuthority; readonly requester: NewAuthority };

const DAYS_PER_YEAR = 365;
const AUTHORITY_YEARS = 10;
const NAMES: Readonly<Record<AuthorityKind, string>> = {
  peer: 'Quorate nodes',
  requester: 'Quorate requesters',
  one: 'Quorate',
};

/** The authorities of a plan. Writes nothing. */
export async function newAuthorities(plan: ClusterPlan): Promise<NewAuthorities> {
  if (plan.oneAuthority) {
    const one = await made('one');
    return { peer: one, requester: one };
  }
  return {
    peer: plan.peerCa === undefined ? await made('peer') : { bundle: plan.peerCa },
    requester:
      plan.requesterCa === undefined ? await made('requester') : { bundle: plan.requesterCa },
  };
}

/** Writes the authorities into a cluster's folder, with the private keys of those that were made here. */
export function writeAuthorities(plan: ClusterPlan, { peer, requester }: NewAuthorities): void {
  const files: readonly (readonly [AuthorityKind, NewAuthority])[] = plan.oneAuthority
    ? [['one', peer]]
    : [
        ['peer', peer],
        ['requester', requester],
      ];
  for (const [kind, { bundle, credential }] of files) {
    const { certificate, privateKey } = authorityFiles(plan.folder, kind);
    writePublicFile(certificate, bundle);
    if (credential !== undefined) writePrivateFile(privateKey, credential.privateKey);
  }
}

async function made(kind: AuthorityKind): Promise<NewAuthority> {
  const credential = await createAuthority(NAMES[kind], AUTHORITY_YEARS * DAYS_PER_YEAR);
  return { bundle: credential.certificate, credential };
}

/**
 * Reads the certificates of an authority of the owner's own, for a genesis: as PEM and nothing else.
 *
 * @throws ClusterError `invalid-request` when TLS would not take one of them as a trust anchor, or the profile not.
 */
export function readAnchors(flag: string, folder: string, file: string): string {
  const reading = readCertificates(textOf(flag, resolve(folder, file), file));
  if (!reading.ok) throw usageError(`${flag}: ${file} ${reading.refusal}`);
  const bundle = reading.value.map((each) => each.toString()).join('');
  const fault = anchorFault(bundle, Date.now());
  if (fault !== undefined) throw usageError(`${flag}: ${file}: ${fault}`);
  const judge = new Requesters(bundle, (...asked) => nodeVerify.certified(...asked));
  if (judge.authorityCount !== reading.value.length)
    throw usageError(
      `${flag}: ${file} has an authority that is not of the profile in certs/README.md`,
    );
  return bundle;
}

function textOf(flag: string, path: string, file: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw usageError(`${flag}: ${file} cannot be read: ${whyUnreadable(error)}`);
  }
}
