import type { X509Certificate } from 'node:crypto';
import type { Millis } from '../common/index.js';
import { readCertificates } from './pem.js';

/**
 * Why TLS would not take one of the certificates of a bundle as a trust anchor; nothing when it takes all of them. OpenSSL ends
 * a chain at a self-signed certificate only: an intermediate as the anchor makes every handshake fail, without a word on
 * either side.
 *
 * @param nowMs - Where a new genesis is made: its authorities must be valid then. A node that starts does not ask, so that a
 * bundle with an old and a new authority works.
 */
export function anchorFault(bundle: string, nowMs?: Millis): string | undefined {
  const reading = readCertificates(bundle);
  if (!reading.ok) return reading.refusal;
  for (const each of reading.value) {
    const fault = faultOf(each, nowMs);
    if (fault !== undefined) return `the certificate of "${nameOf(each)}" ${fault}`;
  }
  return undefined;
}

function faultOf(certificate: X509Certificate, nowMs: Millis | undefined): string | undefined {
  if (!certificate.ca) return 'is not of an authority (basic constraints CA:TRUE)';
  if (!certificate.checkIssued(certificate) || !certificate.verify(certificate.publicKey)) {
    return (
      'is of an intermediate authority, and TLS trusts a root only: name the self-signed root, ' +
      'and put the intermediate behind the leaf in every cert.pem'
    );
  }
  if (nowMs === undefined) return undefined;
  if (Date.parse(certificate.validFrom) > nowMs)
    return `is not valid before ${certificate.validFrom}`;
  if (Date.parse(certificate.validTo) <= nowMs) return `expired on ${certificate.validTo}`;
  return undefined;
}

function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}
