import { ClusterError } from '../common/index.js';
import { REQUEST_METADATA, splitChain } from '../identity/index.js';
import type { Authorization } from '../wire/index.js';
import type { CallMetadata } from './call.js';

/** Milliseconds, decimal, in one spelling. */
const EXPIRY = /^(0|[1-9][0-9]{0,15})$/;

/**
 * The requester's signature in a call's metadata, not checked yet; `undefined` for a call that has none.
 *
 * @throws ClusterError `invalid-request` when a part is missing or malformed, `unauthenticated` for what is no chain.
 */
export function authorizationOf(metadata: CallMetadata): Authorization | undefined {
  const values = Object.values(REQUEST_METADATA).map((key) => ({ key, all: metadata.get(key) }));
  if (values.every(({ all }) => all.length === 0)) return undefined;
  for (const { key, all } of values) {
    if (all.length === 0)
      throw invalid('SIGNATURE_INCOMPLETE', key, `A signed request needs ${key}, too`);
    if (all.length > 1) throw invalid('INVALID_METADATA', key, `${key} stands there twice`);
  }
  const chain = bytesOf(metadata, REQUEST_METADATA.certificate);
  const certificates = splitChain(chain);
  if (certificates === undefined)
    throw new ClusterError(
      'unauthenticated',
      'The metadata holds no chain of 1 to 3 certificates in DER, of at most 4 KiB',
      { reason: 'INVALID_CERTIFICATE' },
    );
  return {
    certificates,
    signature: bytesOf(metadata, REQUEST_METADATA.signature),
    expireTimeMs: expiryOf(metadata),
  };
}

/**
 * The same, of an order that an operator must have signed.
 *
 * @throws ClusterError `unauthenticated` SIGNATURE_REQUIRED where there is none.
 */
export function requireAuthorization(metadata: CallMetadata): Authorization {
  const authorization = authorizationOf(metadata);
  if (authorization !== undefined) return authorization;
  throw new ClusterError('unauthenticated', 'An operator must sign this', {
    reason: 'SIGNATURE_REQUIRED',
  });
}

function expiryOf(metadata: CallMetadata): bigint {
  const key = REQUEST_METADATA.expiry;
  const [text] = metadata.get(key);
  if (typeof text !== 'string' || !EXPIRY.test(text))
    throw invalid('INVALID_METADATA', key, `${key} is milliseconds since 1970, decimal`);
  return BigInt(text);
}

function bytesOf(metadata: CallMetadata, key: string): Uint8Array {
  const [value] = metadata.get(key);
  return typeof value === 'object' ? new Uint8Array(value) : new Uint8Array(0);
}

function invalid(reason: string, field: string, message: string): ClusterError {
  return new ClusterError('invalid-request', message, { reason, field });
}
