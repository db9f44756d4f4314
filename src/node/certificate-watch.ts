import { X509Certificate } from 'node:crypto';
import type { Millis } from '../common/index.js';
import type { Logger } from '../ports/index.js';

const DAY_MS: Millis = 86_400_000;
/** How long before its end a certificate is told about. */
export const CERTIFICATE_WARN_MS: Millis = 7 * DAY_MS;

/** The end of the first certificate of a chain in PEM. */
export function endOf(pem: string): Millis {
  return Date.parse(new X509Certificate(pem).validTo);
}

/** Warns, now and once a day until `stop`, when the certificate of this node ends soon or has ended. */
export class CertificateWatch {
  readonly #timer: NodeJS.Timeout;

  constructor(endMs: Millis, logger: Pick<Logger, 'warn'>, now: () => Millis) {
    const look = (): void => {
      const leftMs = endMs - now();
      const facts = { ends: new Date(endMs).toISOString(), days: Math.floor(leftMs / DAY_MS) };
      if (leftMs <= 0) logger.warn('The certificate of this node has expired', facts);
      else if (leftMs <= CERTIFICATE_WARN_MS)
        logger.warn('The certificate of this node ends soon', facts);
    };
    look();
    this.#timer = setInterval(look, DAY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
