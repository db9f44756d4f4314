import { X509Certificate } from 'node:crypto';
import type { Millis } from '../common/index.js';
import { readCertificates } from '../pki/index.js';
import type { Logger } from '../ports/index.js';

const HOUR_MS: Millis = 3_600_000;
const DAY_MS: Millis = 24 * HOUR_MS;
/** How long before its end a certificate is told about, once a day. */
export const CERTIFICATE_WARN_MS: Millis = 7 * DAY_MS;
/** How long before its end it is told about every hour, and from then on. */
export const CERTIFICATE_URGENT_MS: Millis = DAY_MS;
/** How long before its end an authority of the genesis is told about, once a day: the cluster ends with it. */
export const AUTHORITY_WARN_MS: Millis = 90 * DAY_MS;

/** The end of a chain in PEM: of the certificate in it that ends first. */
export function endOf(pem: string): Millis {
  const reading = readCertificates(pem);
  const chain = reading.ok ? reading.value : [new X509Certificate(pem)];
  return Math.min(...chain.map(({ validTo }) => Date.parse(validTo)));
}

/** The end of a bundle of authorities: of the one that ends last. */
export function endOfBundle(pem: string): Millis {
  const reading = readCertificates(pem);
  if (!reading.ok) return Infinity;
  return Math.max(...reading.value.map(({ validTo }) => Date.parse(validTo)));
}

type Watched = {
  /** Of the certificate that this node shows now. */
  readonly endMs: () => Millis;
  /** Of the authorities that the genesis names, by whose certificates they issue. */
  readonly authorities?: Readonly<Record<string, Millis>>;
};

/**
 * Warns, now and until `stop`, when the certificate of this node ends soon or has ended: once a day, on its last day and later
 * once an hour. Of authorities once a day.
 */
export class CertificateWatch {
  readonly #timer: NodeJS.Timeout;

  constructor(watched: Watched, logger: Pick<Logger, 'warn'>, now: () => Millis) {
    let hours = 0;
    const look = (): void => {
      const isDaily = hours % 24 === 0;
      hours += 1;
      const endMs = watched.endMs();
      const leftMs = endMs - now();
      if (leftMs <= 0)
        logger.warn('The certificate of this node has expired', factsOf(endMs, leftMs));
      else if (leftMs <= CERTIFICATE_URGENT_MS || (isDaily && leftMs <= CERTIFICATE_WARN_MS))
        logger.warn('The certificate of this node ends soon', factsOf(endMs, leftMs));
      if (!isDaily) return;
      for (const [of, ends] of Object.entries(watched.authorities ?? {})) {
        if (ends - now() > AUTHORITY_WARN_MS) continue;
        logger.warn('The authority of the genesis ends, and with it the cluster', {
          of,
          ...factsOf(ends, ends - now()),
        });
      }
    };
    look();
    this.#timer = setInterval(look, HOUR_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function factsOf(endMs: Millis, leftMs: Millis): { readonly ends: string; readonly days: number } {
  return { ends: new Date(endMs).toISOString(), days: Math.floor(leftMs / DAY_MS) };
}
