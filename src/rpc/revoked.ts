import { X509Certificate } from 'node:crypto';
import { fromHex } from '../common/index.js';
import { keyName, serialName } from '../identity/index.js';
import type { RevocationName } from '../identity/index.js';

/** A certificate as TLS tells it; nothing of it where the far end has shown none. */
type Shown = { readonly raw?: Buffer; readonly issuerCertificate?: Shown };

/** The certificates of a chain that are looked at: the profile has four at most, with the authority. */
const CHAIN_MAX = 8;

/** The names under which certificates are revoked here, as the state says that this node has applied. It only grows. */
export class RevokedCertificates {
  readonly #names = new Set<RevocationName>();
  readonly #listeners: (() => void)[] = [];

  /** Adds some, and has all that is open looked at again. */
  add(names: readonly RevocationName[]): void {
    const before = this.#names.size;
    for (const name of names) this.#names.add(name);
    if (this.#names.size > before) for (const listener of this.#listeners) listener();
  }

  /** Claims that a certificate with one of these names is revoked. */
  covers(names: readonly RevocationName[]): boolean {
    return this.#names.size > 0 && names.some((name) => this.#names.has(name));
  }

  /** Calls `listener` each time that there are more. */
  onMore(listener: () => void): void {
    this.#listeners.push(listener);
  }
}

/** The names under which a certificate is revoked. */
export function namesOfCertificate(certificate: X509Certificate): readonly RevocationName[] {
  const { serialNumber, publicKey } = certificate;
  return [
    serialName(fromHex(serialNumber.toLowerCase()) ?? new Uint8Array(0)),
    keyName(publicKey.export({ type: 'spki', format: 'der' })),
  ];
}

/** The same of a certificate that TLS has verified, and of those above it, as far as they were shown or are known. */
export function namesOfShown(shown: Shown | undefined): readonly RevocationName[] {
  const names: RevocationName[] = [];
  let each = shown;
  for (let count = 0; each?.raw !== undefined && count < CHAIN_MAX; count++) {
    names.push(...namesOfCertificate(new X509Certificate(each.raw)));
    const above: Shown | undefined = each.issuerCertificate;
    // An authority is its own issuer.
    if (above?.raw?.equals(each.raw) === true) break;
    each = above;
  }
  return names;
}
