import { expect, test } from '@jest/globals';
import { createPublicKey, verify } from 'node:crypto';
import { utf8 } from '../../src/common/index.js';
import { startCluster } from '../support/cluster.js';

test('makes a key and signs at every node, and OpenSSL verifies', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const app = await cluster.client('app');

  const { key, verdict } = await app.generateKey({ keyId: 'treasury' });
  expect(verdict).toBe('vouched');

  for (const node of cluster.nodes) {
    const here = await cluster.client('app', { at: [node] });
    const message = utf8(`pay from ${node}`);
    const { signature, signers } = await here.sign({ keyId: 'treasury', message });

    expect(signers).toHaveLength(2);
    const x = Buffer.from(key.publicKey).toString('base64url');
    const openssl = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    expect(verify(undefined, message, openssl, signature)).toBe(true);
  }
}, 30_000);
