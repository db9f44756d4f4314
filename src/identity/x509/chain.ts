import { concat, equal, toHex } from '../../common/index.js';
import type { Millis, Result } from '../../common/index.js';
import { BoundedCache, sha256 } from '../../crypto/index.js';
import type { SignatureKey, Verify } from '../../ports/index.js';
import { lengthPrefixed } from '../../wire/index.js';
import { CERTIFICATES_MAX, CHAIN_BYTES_MAX, CHAINS_REMEMBERED_MAX } from '../limits.js';
import type { Identity } from '../spiffe.js';
import { readBundle } from './bundle.js';
import { readCertificate } from './certificate.js';
import type { Certificate } from './certificate.js';
import { namesOf } from './revocation-name.js';
import type { RevocationName } from './revocation-name.js';

/** The requester that a chain names, and the time in which it does: it says nothing of now. */
export type Requester = {
  readonly identity: Identity;
  readonly key: SignatureKey;
  /** All certificates of the chain and its authority are good from here … */
  readonly notBeforeMs: Millis;
  /** … to here, both included. */
  readonly notAfterMs: Millis;
  /** The names under any of which one of them is revoked. */
  readonly names: readonly RevocationName[];
};

/**
 * Judges chains of requesters' certificates by the narrow profile, under the authorities of one bundle. Pure: the same
 * chain has the same verdict on every node, at any time; what is remembered only saves work.
 */
export class Requesters {
  readonly #authorities: readonly Certificate[];
  readonly #verify: Verify['certified'];
  readonly #remembered = new BoundedCache<Result<Requester, string>>(CHAINS_REMEMBERED_MAX);

  /** @param bundle - PEM. Authorities that do not fit the profile are left out. */
  constructor(bundle: string, verify: Verify['certified']) {
    this.#verify = verify;
    this.#authorities = authoritiesOf(bundle);
  }

  /** How many of the bundle's authorities can stand for a requester. */
  get authorityCount(): number {
    return this.#authorities.length;
  }

  /** @param certificates - DER, leaf first, the authority itself left out or last. */
  judge(certificates: readonly Uint8Array[]): Result<Requester, string> {
    const bytes = certificates.reduce((sum, each) => sum + each.length, 0);
    if (certificates.length === 0) return refused('there is no certificate');
    if (certificates.length > CERTIFICATES_MAX)
      return refused(`a chain has at most ${CERTIFICATES_MAX} certificates`);
    if (bytes > CHAIN_BYTES_MAX) return refused(`a chain has at most ${CHAIN_BYTES_MAX} bytes`);

    const fingerprint = toHex(sha256(concat(...certificates.map(lengthPrefixed))));
    const known = this.#remembered.get(fingerprint);
    if (known !== undefined) return known;
    const verdict = this.#judge(certificates);
    this.#remembered.set(fingerprint, verdict);
    return verdict;
  }

  #judge(certificates: readonly Uint8Array[]): Result<Requester, string> {
    const chain: Certificate[] = [];
    for (const [at, bytes] of certificates.entries()) {
      const reading = readCertificate(bytes);
      if (!reading.ok) return refused(`certificate ${at + 1}: ${reading.refusal}`);
      chain.push(reading.value);
    }
    const [leaf, ...above] = chain;
    if (leaf?.usage.kind !== 'leaf') return refused('the first certificate is an authority’s');
    for (const [at, issuer] of above.entries()) {
      const issued = chain[at];
      if (issued === undefined || !this.#issued(issuer, issued, at))
        return refused(`certificate ${at + 1} is not issued by the next one`);
    }
    const whole = this.#anchored(chain);
    if (whole === undefined)
      return refused('no authority that cluster.json names for this role has issued it');
    return {
      ok: true,
      value: {
        identity: leaf.usage.identity,
        key: leaf.key,
        notBeforeMs: Math.max(...whole.map(({ notBeforeMs }) => notBeforeMs)),
        notAfterMs: Math.min(...whole.map(({ notAfterMs }) => notAfterMs)),
        names: namesOf(whole),
      },
    };
  }

  /** The chain with its authority, which it may name itself or leave out. */
  #anchored(chain: readonly Certificate[]): readonly Certificate[] | undefined {
    const last = chain.at(-1);
    if (last === undefined) return undefined;
    const authority = this.#authorities.find(
      (each) => equal(each.bytes, last.bytes) || this.#issued(each, last, chain.length - 1),
    );
    return authority && [...chain, authority];
  }

  /** Claims that `issuer`, an authority with so many others below it, has issued this. RFC 5280 §6.1.3, §6.1.4. */
  #issued(issuer: Certificate, issued: Certificate, below: number): boolean {
    return (
      issuer.usage.kind === 'authority' &&
      issuer.usage.authoritiesBelowMax >= below &&
      equal(issuer.subject, issued.issuer) &&
      issuer.key.kind === issued.signedBy &&
      this.#verify(issuer.key, issued.signed, issued.signature)
    );
  }
}

/** Of two authorities with one name and key, the one that lasts longer comes first. */
function authoritiesOf(bundle: string): readonly Certificate[] {
  return readBundle(bundle)
    .map(readCertificate)
    .flatMap((reading) => (reading.ok ? [reading.value] : []))
    .filter(({ usage }) => usage.kind === 'authority')
    .sort((a, b) => b.notAfterMs - a.notAfterMs);
}

function refused(refusal: string): Result<never, string> {
  return { ok: false, refusal };
}
