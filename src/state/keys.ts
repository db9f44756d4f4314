import type { KeyRecord, Ready } from '../wire/index.js';

/** The version that a key is born with. */
export const FIRST_VERSION = 1;

/** The version that a version is made from: the one before it; 0, where there is none, for the first. */
export function baseVersionOf(version: number): number {
  return version - 1;
}

/** What a participant of the active version said when it was made, as it was signed. */
export function readyOfKey(key: KeyRecord, node: string): Ready | undefined {
  const signature = key.ready.find(({ nodeId }) => nodeId === node)?.signature;
  if (signature === undefined) return undefined;
  const { sessionId, requestHash, keyId, algorithm, threshold, participants, version } = key;
  const { publicPolynomial, publicKey, chainCode, digest } = key;
  return {
    nodeId: node,
    sessionId,
    requestHash,
    keyId,
    algorithm,
    threshold,
    participants,
    baseVersion: baseVersionOf(version),
    version,
    publicPolynomial,
    publicKey,
    chainCode,
    digest,
    signature,
  };
}

/** Claims that a key's certificate is complete: `installed` of as many participants as it takes to sign. */
export function isCertified(key: KeyRecord): boolean {
  return key.installed.length >= key.threshold;
}
