import { expect, test } from '@jest/globals';
import { tlsRefusal } from '../../../src/rpc/index.js';
import { CLIENT_ONLY, LEAVES, PEER_MIDDLE, PEER_ROOT } from '../../vectors/own-authority.js';

const { certificate, privateKey } = LEAVES['node-1'];

test('a leaf with its intermediate is taken under the root', async () => {
  const tls = { ca: PEER_ROOT, cert: certificate + PEER_MIDDLE, key: privateKey };
  expect(await tlsRefusal(tls)).toBeUndefined();
});

test.each([
  ['a leaf without its intermediate', PEER_ROOT, certificate, 'unable to verify the first'],
  ['an intermediate as the anchor', PEER_MIDDLE, certificate, 'unable to get issuer'],
  [
    'a leaf for clients alone',
    PEER_ROOT,
    CLIENT_ONLY + PEER_MIDDLE,
    'unsuitable certificate purpose',
  ],
])('a TLS handshake refuses %s', async (_, ca, cert, word) => {
  expect(await tlsRefusal({ ca, cert, key: privateKey })).toMatch(word);
});

test('files that TLS cannot read are a refusal, too', async () => {
  expect(await tlsRefusal({ ca: PEER_ROOT, cert: certificate, key: '' })).toMatch(/./);
  expect(await tlsRefusal({ ca: PEER_ROOT, cert: 'none', key: privateKey })).toMatch(/./);
});
