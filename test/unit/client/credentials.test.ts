import { beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { Credentials } from '../../../src/client/credentials.js';
import { QuorateClient } from '../../../src/client/index.js';
import type { Genesis } from '../../../src/client/index.js';
import type { TlsFiles } from '../../../src/rpc/index.js';
import { authorities, genesisFor, tlsFor } from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';

const DAY_MS = 86_400_000;

let both: Authorities;
let genesis: Genesis;
let tls: TlsFiles;
beforeAll(async () => {
  both = await authorities();
  genesis = genesisFor(both);
  tls = await tlsFor(both, 'app', 'payments');
});

function refusal(nowMs: number, files = tls): unknown {
  try {
    new Credentials(files, genesis, {
      ca: 'ca.pem',
      cert: 'cert.pem',
      key: 'key.pem',
      clusterFile: 'cluster.json',
    }).check(nowMs);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('the caller’s own certificate', () => {
  test('a certificate that nodes take is taken', () => {
    expect(refusal(Date.now())).toBeUndefined();
  });

  test('an expired certificate is told with its file, its name and the date', () => {
    expect(refusal(Date.now() + 3 * DAY_MS)).toMatchObject({
      code: 'unauthenticated',
      reason: 'CERTIFICATE_EXPIRED',
      message: expect.stringMatching(
        /^Your certificate cert\.pem \(spiffe:\/\/quorate\/app\/payments\) expired on \d{4}-.*Z; by this machine's clock it is \d{4}-/,
      ),
    });
  });

  test('a certificate that is not valid yet is told', () => {
    expect(refusal(Date.now() - 3 * DAY_MS)).toMatchObject({
      reason: 'CERTIFICATE_NOT_YET_VALID',
      message: expect.stringMatching(/is not valid before/),
    });
  });

  test('a certificate of another cluster is told before any node is dialled', async () => {
    const foreign = await tlsFor(both, 'app', 'payments', both.foreign);
    expect(refusal(Date.now(), foreign)).toMatchObject({
      reason: 'CERTIFICATE_OF_ANOTHER_AUTHORITY',
    });
    const client = QuorateClient.connect({
      ...foreign,
      endpoints: ['127.0.0.1:1'],
      clusterFile: genesis.bytes,
    });
    await expect(client.getCluster()).rejects.toMatchObject({
      reason: 'CERTIFICATE_OF_ANOTHER_AUTHORITY',
    });
  });
});

test.each([
  ['an encrypted key', /"key" is encrypted/, { key: encryptedKey() }],
  ['a key that is none', /"key" holds no private key in PEM/, { key: 'x' }],
  ['an empty key', /"key" holds no private key in PEM/, { key: '' }],
  [
    'a key that is cut off',
    /cannot be read/,
    { key: plainKey().slice(0, 100) + '\n-----END PRIVATE KEY-----\n' },
  ],
  ['the key of another certificate', /"key" is not the private key of "cert"/, { key: plainKey() }],
  ['no certificate', /"cert" holds no certificate in PEM/, { cert: '' }],
  ['no authority', /"ca" holds no certificate in PEM/, { ca: 'x' }],
])('%s is refused in our own words', (_, words, changes) => {
  const files = { ...tls, ...changes };
  const make = () => new Credentials(files, genesis, undefined);
  expect(make).toThrow(words);
  expect(make).toThrow(expect.objectContaining({ reason: 'INVALID_CREDENTIALS' }));
});

function plainKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

function encryptedKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const how = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  return String(privateKey.export(how));
}
