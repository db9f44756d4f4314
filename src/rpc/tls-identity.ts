import type { PeerCertificate, SecureContextOptions } from 'node:tls';
import { parseSpiffe } from '../identity/index.js';
import type { Identity } from '../identity/index.js';

/** The files of one side of mutual TLS, each as PEM. */
export type TlsFiles = {
  /** The authorities that may issue the other side's certificate. */
  readonly ca: string;
  /** This side's chain, leaf first. */
  readonly cert: string;
  readonly key: string;
};

/** No renegotiation, no weak suites, client certificates encrypted: nothing older is spoken on any listener. */
const TLS_VERSION = 'TLSv1.3';

/** The settings of both sides' TLS contexts. */
export function contextOptions(tls: TlsFiles): SecureContextOptions {
  return { ca: tls.ca, cert: tls.cert, key: tls.key, minVersion: TLS_VERSION };
}

/**
 * The identity that a verified certificate names: its one URI name, read as a SPIFFE id. `undefined` for none, several, or another
 * kind of URI.
 *
 * Node prints the alternative names as one line of text and quotes a name with characters of that line's own syntax
 * (CVE-2021-44532). No SPIFFE id of ours needs quotes, so a line with any is not read at all.
 */
export function identityOf(
  certificate: Pick<PeerCertificate, 'subjectaltname'> | undefined,
): Identity | undefined {
  const line = certificate?.subjectaltname ?? '';
  if (line.includes('"')) return undefined;
  const [first, ...more] = line.split(', ').filter((name) => name.startsWith('URI:'));
  return first === undefined || more.length > 0
    ? undefined
    : parseSpiffe(first.slice('URI:'.length));
}
