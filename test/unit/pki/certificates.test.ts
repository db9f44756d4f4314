import { describe, expect, test } from '@jest/globals';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { nodeId } from '../../../src/common/index.js';
import {
  BUILD_LEVEL,
  DEFAULT_LIMITS,
  encodeGenesis,
  parseSpiffe,
  Requesters,
} from '../../../src/identity/index.js';
import { nodeVerify } from '../../../src/machine/index.js';
import { createAuthority, issueCertificate } from '../../../src/pki/index.js';
import type { Credential } from '../../../src/pki/index.js';
import {
  basicConstraints,
  CERT_SIGN,
  certificateOf,
  draftOf,
  ed25519Keys,
  keyUsage,
  pemOf,
  TRUE,
} from '../../support/builders/x509.js';

// Whole seconds: that is what a certificate holds.
const NOW = Math.floor(Date.now() / 1000) * 1000;
const AUTHORITY = await createAuthority('test authority', 365, NOW);
const LEAF = await issueCertificate(
  AUTHORITY,
  {
    role: 'tee',
    name: 'node-1',
    dns: ['localhost', 'node-1.cluster.example'],
    ips: ['127.0.0.1', '::1'],
    days: 30,
  },
  NOW,
);

test('a leaf names its node as SPIFFE URI, with its addresses', () => {
  const names = new X509Certificate(LEAF.certificate).subjectAltName?.split(', ') ?? [];

  expect(names).toEqual([
    'URI:spiffe://quorate/tee/node-1',
    'DNS:localhost',
    'DNS:node-1.cluster.example',
    'IP Address:127.0.0.1',
    'IP Address:0:0:0:0:0:0:0:1',
  ]);
  expect(parseSpiffe((names[0] ?? '').slice(4))).toMatchObject({ role: 'tee', name: 'node-1' });
});

test('OpenSSL finds the leaf issued by the authority, and each with its key', () => {
  const leaf = new X509Certificate(LEAF.certificate);
  const authority = new X509Certificate(AUTHORITY.certificate);

  expect(leaf.checkIssued(authority)).toBe(true);
  expect(leaf.verify(authority.publicKey)).toBe(true);
  expect(authority.verify(authority.publicKey)).toBe(true);
  expect(leaf.checkPrivateKey(createPrivateKey(LEAF.privateKey))).toBe(true);
  expect(authority.checkPrivateKey(createPrivateKey(AUTHORITY.privateKey))).toBe(true);
  expect([authority.ca, leaf.ca]).toEqual([true, false]);
  expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
});

/** Whether the client of a mutual TLS connection accepts the server, and whom the server sees. */
async function handshake(client: Credential): Promise<string[]> {
  const server = createServer({
    key: LEAF.privateKey,
    cert: LEAF.certificate,
    ca: AUTHORITY.certificate,
    requestCert: true,
    minVersion: 'TLSv1.3',
  });
  const accepted = new Promise<string>((done) => {
    server.once('secureConnection', (socket) =>
      done(socket.getPeerCertificate().subjectaltname ?? ''),
    );
    server.once('tlsClientError', () => done('refused'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const socket = connect({
    host: '127.0.0.1',
    port,
    key: client.privateKey,
    cert: client.certificate,
    ca: AUTHORITY.certificate,
  });
  socket.on('error', () => {});
  const seen = await accepted;
  const authorized = String(socket.authorized);
  socket.destroy();
  server.close();
  return [authorized, seen];
}

test('two leaves of one authority connect over mutual TLS, and one of another does not', async () => {
  const request = { role: 'app', name: 'wallet', dns: [], ips: [], days: 30 } as const;
  const today = Date.now();
  const stranger = await issueCertificate(await createAuthority('test authority', 30), request);

  expect(await handshake(await issueCertificate(AUTHORITY, request, today))).toEqual([
    'true',
    'URI:spiffe://quorate/app/wallet',
  ]);
  expect((await handshake(stranger))[1]).toBe('refused');
});

test('a leaf certificate is for servers and clients', () => {
  expect(new X509Certificate(LEAF.certificate).keyUsage).toEqual([
    '1.3.6.1.5.5.7.3.1',
    '1.3.6.1.5.5.7.3.2',
  ]);
});

test('a certificate is valid for its days, and from five minutes before', () => {
  const leaf = new X509Certificate(LEAF.certificate);

  expect(Date.parse(leaf.validFrom)).toBe(NOW - 300_000);
  expect(Date.parse(leaf.validTo)).toBe(NOW + 30 * 86_400_000);
});

test('a leaf does not outlive its authority', async () => {
  const request = { role: 'app', name: 'wallet', dns: [], ips: [], days: 400 } as const;

  const leaf = new X509Certificate((await issueCertificate(AUTHORITY, request, NOW)).certificate);

  expect(leaf.validTo).toBe(new X509Certificate(AUTHORITY.certificate).validTo);
  expect(leaf.subjectAltName).toBe('URI:spiffe://quorate/app/wallet');
});

test('every certificate has a serial number of its own', async () => {
  const other = await createAuthority('test authority', 1, NOW);
  const serials = [AUTHORITY, LEAF, other].map(
    (each) => new X509Certificate(each.certificate).serialNumber,
  );

  expect(new Set(serials).size).toBe(3);
  expect(serials.every((serial) => serial.length === 32)).toBe(true);
});

test('the genesis accepts the bundle of authorities', () => {
  const bundle = AUTHORITY.certificate + LEAF.certificate;

  expect(() =>
    encodeGenesis({
      level: BUILD_LEVEL,
      createdMs: NOW,
      members: [{ nodeId: nodeId('node-1'), role: 'tee', identityKey: new Uint8Array(32) }],
      peerCa: bundle,
      requesterCa: AUTHORITY.certificate,
      unsigned: false,
      limits: DEFAULT_LIMITS,
    }),
  ).not.toThrow();
});

test.each([
  ['name', { name: 'Node 1' }],
  ['name', { name: '' }],
  ['dns', { dns: ['not a name'] }],
  ['dns', { dns: ['a,URI:spiffe://quorate/operator/root'] }],
  ['dns', { dns: Array.from({ length: 33 }, (_, at) => `n${at}`) }],
  ['ips', { ips: ['localhost'] }],
  ['days', { days: 0 }],
  ['days', { days: 1.5 }],
  ['days', { days: 4_000 }],
])('a bad %s is refused: %j', async (field, part) => {
  const request = { role: 'tee', name: 'node-1', dns: [], ips: [], days: 30, ...part } as const;

  await expect(issueCertificate(AUTHORITY, request, NOW)).rejects.toMatchObject({
    code: 'invalid-request',
    details: { field },
  });
});

describe('an authority that issues certificates', () => {
  const wallet = { role: 'app', name: 'wallet', dns: [], ips: [], days: 30 } as const;
  const ED = { name: 'ed', keys: ed25519Keys() };
  const extensions = [basicConstraints(TRUE), keyUsage(CERT_SIGN)];
  const ed = {
    certificate: pemOf(certificateOf(draftOf({ subject: ED.name, keys: ED.keys, extensions }, ED))),
    privateKey: ED.keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };

  test('an authority with an Ed25519 key issues to keys of either kind, and nodes read both', async () => {
    const requesters = new Requesters(ed.certificate, (...asked) => nodeVerify.certified(...asked));
    for (const keyType of ['p256', 'ed25519'] as const) {
      const issued = await issueCertificate(ed, { ...wallet, keyType }, NOW);
      const chain = [new Uint8Array(new X509Certificate(issued.certificate).raw)];
      expect(requesters.judge(chain)).toMatchObject({
        ok: true,
        value: { key: { kind: keyType } },
      });
    }
  });

  test('an expired authority, or one with another’s key or key type, issues nothing', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsa = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const later = NOW + 366 * 86_400_000;
    const issue = (authority: Credential, nowMs = NOW) =>
      issueCertificate(authority, wallet, nowMs);

    await expect(issue(AUTHORITY, later)).rejects.toThrow(/expired on/);
    const { certificate } = AUTHORITY;
    await expect(issue({ certificate, privateKey: ed.privateKey })).rejects.toThrow(
      /is not that of/,
    );
    await expect(issue({ certificate, privateKey: rsa })).rejects.toThrow(
      /must be P-256 or Ed25519/,
    );
    await expect(issue({ certificate, privateKey: 'no' })).rejects.toThrow(/key cannot be read/);
    await expect(issue({ ...ed, certificate: 'no' })).rejects.toThrow(/certificate cannot be read/);
  });
});
