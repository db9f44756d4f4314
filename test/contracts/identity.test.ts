import { afterAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeVerify } from '../../src/machine/index.js';
import { newIdentity, openIdentity } from '../../src/pki/index.js';
import { Identities } from '../simulation/identities.js';
import { Rng } from '../simulation/rng.js';
import { identitySuite } from './identity-suite.js';

const folder = mkdtempSync(join(tmpdir(), 'quorate-identity-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

identitySuite('sealed file and OpenSSL', () => ({
  signer: (nodeId) => {
    const nodeKey = new Uint8Array(32).fill(7);
    const path = join(folder, `${++files}.key`);
    newIdentity().write(path, nodeId, nodeKey);
    return openIdentity(path, nodeId, nodeKey);
  },
  verify: nodeVerify,
}));

identitySuite('simulated', () => {
  const identities = new Identities();
  return {
    signer: (node) => identities.signer(node, new Rng(1, node)),
    verify: identities,
  };
});
