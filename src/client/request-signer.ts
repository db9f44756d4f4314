import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Identity } from '../identity/index.js';
import { identityOf } from '../rpc/index.js';
import { QuorateError } from './errors.js';

/** Signs requests for their requester. The key may live elsewhere: in an HSM, behind another process. */
export type RequestSigner = {
  /** PEM, leaf first: the certificate that names the requester, and what leads to the requesters' authority. */
  readonly chain: string;
  /** By the leaf's key over exactly these bytes: Ed25519, 64 bytes; or ECDSA on P-256 with SHA-256, in DER. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
};

/**
 * Signs with the key that a client shows in TLS.
 *
 * @param tls - PEM. The key may be of any kind: it is when it should sign that one of another kind than the profile
 * takes is refused, since a client that only reads needs no signature.
 */
export function tlsSigner(tls: { readonly cert: string; readonly key: string }): RequestSigner {
  const key = createPrivateKey(tls.key);
  const scheme = schemeOf(key);
  return {
    chain: tls.cert,
    sign: async (bytes) => {
      if (scheme === undefined) throw unsupported(key);
      return new Uint8Array(sign(scheme.digest, bytes, key));
    },
  };
}

/** The certificates of a PEM bundle, each in DER. @throws QuorateError when there is none. */
export function pemCertificates(pem: string): Buffer[] {
  const blocks = [
    ...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g),
  ].map(([, base64 = '']) => Buffer.from(base64, 'base64'));
  if (blocks.length > 0) return blocks;
  throw new QuorateError('invalid-request', 'The signer shows no certificate in PEM', {
    reason: 'INVALID_CREDENTIALS',
  });
}

/** The same as the metadata has them: one behind the other. */
export function derOf(pem: string): Buffer {
  return Buffer.concat(pemCertificates(pem));
}

/** The identity that the first certificate of a chain names: the requester, to the cluster. */
export function requesterOf(chain: string): Identity | undefined {
  const { subjectAltName = '' } = new X509Certificate(derOf(chain));
  return identityOf({ subjectaltname: subjectAltName });
}

/** How the profile of certificates signs with such a key; `undefined` when it does not take it. */
function schemeOf(key: KeyObject): { readonly digest: string | null } | undefined {
  if (key.asymmetricKeyType === 'ed25519') return { digest: null };
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    ? { digest: 'sha256' }
    : undefined;
}

function unsupported(key: KeyObject): QuorateError {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const kind = [key.asymmetricKeyType, curve].filter(Boolean).join(' ');
  return new QuorateError(
    'invalid-request',
    `Requests are signed with Ed25519 or P-256, and the client's key is ${kind}; take a certificate with such a key, or hand in a signer`,
    { reason: 'SIGNING_KEY_UNSUPPORTED' },
  );
}
