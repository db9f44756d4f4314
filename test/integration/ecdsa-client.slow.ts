import { expect, jest, test } from '@jest/globals';
import { createPublicKey, verify as verifyByOpenssl } from 'node:crypto';
import { publicKeyPem } from '../../src/cli/format/public-key.js';
import {
  Algorithm,
  derivePublicKey,
  ecdsaToDer,
  Gg20Profile,
  Hash,
  recoverPublicKey,
  verifySignature,
} from '../../src/client/index.js';
import { toHex, utf8 } from '../../src/common/index.js';
import { doubleSha256, keccak256, sha256 } from '../../src/crypto/index.js';
import { startCluster } from '../support/clusters/cluster.js';

/** Six safe primes are looked for, on however few cores. */
const WAIT_MS = 540_000;
const PATIENT = { timeoutMs: 120_000 };
jest.setTimeout(WAIT_MS + 120_000);

test('a client makes ECDSA keys on whole nodes, and signs messages, digests and at paths with them', async () => {
  await using cluster = await startCluster({ nodes: 3, unsigned: false });
  const app = await cluster.client('app');
  const generate = (keyId: string, algorithm: Algorithm) =>
    app.generateKey({ keyId, algorithm, gg20Profile: Gg20Profile.P2048 }, { timeoutMs: WAIT_MS });
  const { key, verdict } = await generate('ether', Algorithm.GG20_SECP256K1);
  expect(verdict).toBe('active');

  const message = utf8('a transaction');
  const long = new Uint8Array(60_000).fill(7);
  const keyId = 'ether';
  for (const [payload, digest] of [
    [{ message }, sha256(message)],
    [{ message, hash: Hash.KECCAK256 }, keccak256(message)],
    [{ message: long, hash: Hash.KECCAK256 }, keccak256(long)],
    [{ message, hash: Hash.DOUBLE_SHA256 }, doubleSha256(message)],
    [{ digest: keccak256(long) }, keccak256(long)],
  ] as const) {
    const { signature, recoveryId = 9 } = await app.sign({ keyId, ...payload }, PATIENT);
    expect(verifySignature(key, payload, signature)).toBe(true);
    const recovered = recoverPublicKey('secp256k1', digest, signature, recoveryId);
    expect(toHex(recovered)).toBe(toHex(key.publicKey));
  }

  const path = [0, 5];
  const derived = await app.sign({ keyId, message, path }, PATIENT);
  expect(derived.publicKey).toEqual(derivePublicKey(key, path));

  for (const [payload, reason] of [
    [{ message, hash: Hash.UNSPECIFIED }, 'MISSING_HASH'],
    [{ digest: message }, 'INVALID_DIGEST'],
  ] as const)
    await expect(app.sign({ keyId, ...payload })).rejects.toMatchObject({ reason });

  // The second key of the same participants waits for nothing.
  const second = await generate('jwt', Algorithm.GG20_P256);
  const { signature } = await app.sign({ keyId: 'jwt', message }, PATIENT);
  const pem = publicKeyPem(Algorithm.GG20_P256, second.key.publicKey).join('\n');
  const openssl = createPublicKey(pem);
  expect(verifyByOpenssl('sha256', message, openssl, ecdsaToDer(signature))).toBe(true);
  const jose = { key: openssl, dsaEncoding: 'ieee-p1363' } as const;
  expect(verifyByOpenssl('sha256', message, jose, signature)).toBe(true);
});
