import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseGenesis } from '../../identity/index.js';
import type { Connection } from '../../client/index.js';
import { CERTIFICATE_WARN_DAYS } from './members.js';

const DAY_MS = 86_400_000;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** How long before its end an authority of the genesis is warned of: the cluster ends with it. */
export const AUTHORITY_WARN_DAYS = 90;

/** One line for the caller's own certificate if it ends soon, and for authorities of the cluster that do. */
export function ownCertificateWarnings(
  { cert, clusterFile }: Pick<Connection, 'cert' | 'clusterFile'>,
  nowMs: number,
): string[] {
  const { requesterCa, peerCa } = parseGenesis(new Uint8Array(readFileSync(clusterFile)));
  const own = Math.min(...endsOf(readFileSync(cert, 'latin1')));
  return [
    ...warning('your certificate', own, CERTIFICATE_WARN_DAYS, nowMs),
    ...warning(
      'the last authority of nodes',
      Math.max(...endsOf(peerCa)),
      AUTHORITY_WARN_DAYS,
      nowMs,
    ),
    ...warning(
      'the last authority of requesters',
      Math.max(...endsOf(requesterCa)),
      AUTHORITY_WARN_DAYS,
      nowMs,
    ),
  ];
}

function warning(what: string, endMs: number, warnDays: number, nowMs: number): string[] {
  const days = Math.floor((endMs - nowMs) / DAY_MS);
  if (!Number.isFinite(endMs) || days >= warnDays) return [];
  const when = new Date(endMs).toISOString();
  return [
    days < 0
      ? `warning: ${what} expired on ${when}`
      : `warning: ${what} ends in ${days} days, on ${when}`,
  ];
}

/** Of files that the client has used already: each block is a certificate. */
function endsOf(pem: string): number[] {
  return (pem.match(CERTIFICATE) ?? []).map((block) =>
    Date.parse(new X509Certificate(block).validTo),
  );
}
