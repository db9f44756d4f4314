import { CERTIFICATES_MAX, CHAIN_BYTES_MAX } from '../limits.js';
import { Der, TAG } from './der.js';

const PEM = /-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE-----/g;

/** The certificates of a PEM bundle, DER, in order. What is no base64 (RFC 4648 §4) is left out. */
export function readBundle(pem: string): readonly Uint8Array[] {
  return [...pem.matchAll(PEM)].flatMap(([, body = '']) => fromBase64(body.replaceAll('\n', '')));
}

function fromBase64(text: string): readonly Uint8Array[] {
  try {
    return [Uint8Array.from(atob(text), (character) => character.charCodeAt(0))];
  } catch {
    return [];
  }
}

/**
 * Takes apart certificates that stand one behind the other, as a call's metadata has them. `undefined` when there are
 * none, more than a chain may have, or something else between them.
 */
export function splitChain(bytes: Uint8Array): Uint8Array[] | undefined {
  if (bytes.length > CHAIN_BYTES_MAX) return undefined;
  const chain: Uint8Array[] = [];
  const der = new Der(bytes);
  try {
    while (!der.done && chain.length <= CERTIFICATES_MAX)
      chain.push(der.whole(TAG.sequence, 'a certificate'));
  } catch {
    return undefined;
  }
  return chain.length >= 1 && chain.length <= CERTIFICATES_MAX ? chain : undefined;
}
