import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from '../identity/index.js';

/** Where an authority's certificate and private key are, PEM. */
export type AuthorityFiles = { readonly certificate: string; readonly privateKey: string };

/** Which authority of a cluster's folder: of nodes, of requesters, or of both at once. */
export type AuthorityKind = 'peer' | 'requester' | 'one';

const STEM: Readonly<Record<AuthorityKind, string>> = {
  peer: 'peer-ca',
  requester: 'requester-ca',
  one: 'ca',
};

/** The files of an authority, in the folder that `quorate certs init` makes. */
export function authorityFiles(folder: string, kind: AuthorityKind): AuthorityFiles {
  return {
    certificate: join(folder, `${STEM[kind]}.pem`),
    privateKey: join(folder, `${STEM[kind]}-key.pem`),
  };
}

/** The authority in a cluster's folder that issues certificates of this role. */
export function authorityOf(folder: string, role: Role): AuthorityFiles {
  const one = authorityFiles(folder, 'one');
  if (existsSync(one.certificate)) return one;
  return authorityFiles(folder, role === 'tee' || role === 'mesh' ? 'peer' : 'requester');
}
