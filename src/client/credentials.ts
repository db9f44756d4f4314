import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { Genesis, Identity } from '../identity/index.js';
import { contextOptions, identityOf } from '../rpc/index.js';
import type { TlsFiles } from '../rpc/index.js';
import { QuorateError } from './errors.js';
import type { ConnectFiles } from './inputs.js';
import { CLOCK_CORRECTION_MS_MAX } from './limits.js';
import { pemCertificates } from './request-signer.js';

/** Names for what comes from no file. */
const NAMES: ConnectFiles = {
  ca: '"ca"',
  cert: '"cert"',
  key: '"key"',
  clusterFile: '"clusterFile"',
};

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** The caller's certificate and key, as TLS shows them to nodes. */
export class Credentials {
  readonly secureContext: SecureContext;
  /** The identity that its certificate names. */
  readonly identity: Identity | undefined;
  readonly #chain: readonly X509Certificate[];
  readonly #label: string;
  readonly #authorities: readonly X509Certificate[] | undefined;

  /**
   * @param genesis - Its authorities of requesters are those that the certificate must come from.
   * @param files - Where the PEM is from, for messages.
   * @throws QuorateError `invalid-request` INVALID_CREDENTIALS for PEM that TLS cannot use.
   */
  constructor(tls: TlsFiles, genesis: Genesis | undefined, files: ConnectFiles = NAMES) {
    this.#chain = certificatesOf(files.cert, tls.cert);
    certificatesOf(files.ca, tls.ca);
    const [leaf] = this.#chain;
    this.identity = identityOf({ subjectaltname: leaf?.subjectAltName ?? '' });
    const names = [
      files === NAMES ? undefined : files.cert,
      this.identity && `(${this.identity.spiffeId})`,
    ].filter(Boolean);
    this.#label = ['Your certificate', ...names].join(' ');
    this.#authorities = genesis && certificatesOf(files.clusterFile, genesis.requesterCa);
    this.secureContext = contextOf(tls, files);
  }

  /**
   * Finds out before anything is dialled what nodes answer with a closed connection and no word.
   *
   * @throws QuorateError `unauthenticated`.
   */
  check(nowMs: number = Date.now()): void {
    const [leaf] = this.#chain;
    if (leaf === undefined) return;
    const [notBefore, notAfter] = [leaf.validFrom, leaf.validTo].map((text) => Date.parse(text));
    const now = `by this machine's clock it is ${new Date(nowMs).toISOString()}`;
    if (notAfter !== undefined && nowMs > notAfter)
      this.#refuse('CERTIFICATE_EXPIRED', `expired on ${dateOf(notAfter)}; ${now}`);
    // Nodes decide by the cluster's clock, and a client may sign on a machine whose clock is that far behind.
    if (notBefore !== undefined && nowMs < notBefore - CLOCK_CORRECTION_MS_MAX)
      this.#refuse('CERTIFICATE_NOT_YET_VALID', `is not valid before ${dateOf(notBefore)}; ${now}`);
    if (this.#authorities?.some((authority) => this.#comesFrom(authority)) === false)
      this.#refuse(
        'CERTIFICATE_OF_ANOTHER_AUTHORITY',
        "comes from no authority of requesters in the cluster file: it is another cluster's, or the cluster file is",
      );
  }

  #comesFrom(authority: X509Certificate): boolean {
    return this.#chain.some(
      (certificate) =>
        certificate.fingerprint256 === authority.fingerprint256 ||
        (certificate.checkIssued(authority) && certificate.verify(authority.publicKey)),
    );
  }

  #refuse(reason: string, words: string): never {
    throw new QuorateError('unauthenticated', `${this.#label} ${words}`, { reason });
  }
}

function dateOf(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : 'an unreadable date';
}

function certificatesOf(what: string, pem: string): X509Certificate[] {
  try {
    return pemCertificates(pem).map((der) => new X509Certificate(der));
  } catch (cause) {
    throw unusable(`${what} holds no certificate in PEM`, cause);
  }
}

function contextOf(tls: TlsFiles, files: ConnectFiles): SecureContext {
  // TLS takes an empty key for none at all, and does not complain.
  if (!PRIVATE_KEY.test(tls.key)) throw unusable(`${files.key} holds no private key in PEM`);
  try {
    return createSecureContext(contextOptions(tls));
  } catch (cause) {
    throw unusable(keyFault(tls.key, files, cause), cause);
  }
}

function keyFault(pem: string, { cert, key }: ConnectFiles, cause: unknown): string {
  if (/ENCRYPTED/.test(pem))
    return `${key} is encrypted: give it decrypted, or sign elsewhere with a signer`;
  return /mismatch/i.test(String(cause))
    ? `${key} is not the private key of ${cert}`
    : `${key} holds a private key that cannot be read`;
}

function unusable(words: string, cause?: unknown): QuorateError {
  return new QuorateError('invalid-request', words, { reason: 'INVALID_CREDENTIALS', cause });
}

/**
 * Finds out what nodes would hold against a client's certificate and key, without dialling one.
 *
 * @returns The SPIFFE id that it names.
 * @throws QuorateError as {@link Credentials} and its check do.
 */
export function examineCredentials(
  { ca, cert, key, files }: TlsFiles & { readonly files?: ConnectFiles | undefined },
  genesis: Genesis,
): string | undefined {
  const credentials = new Credentials({ ca, cert, key }, genesis, files);
  credentials.check();
  return credentials.identity?.spiffeId;
}
