import { beforeAll, expect, test } from '@jest/globals';
import { createPublicKey, verify } from 'node:crypto';
import { LiveCredentials } from '../../../src/client/live-credentials.js';
import { FILES_LOOK_MS } from '../../../src/client/limits.js';
import type { Genesis } from '../../../src/client/index.js';
import { utf8 } from '../../../src/common/index.js';
import type { TlsFiles } from '../../../src/rpc/index.js';
import { authorities, genesisFor, tlsFor } from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';

let both: Authorities;
let genesis: Genesis;
let first: TlsFiles;
let second: TlsFiles;
beforeAll(async () => {
  both = await authorities();
  genesis = genesisFor(both);
  [first, second] = [await tlsFor(both, 'app', 'pay'), await tlsFor(both, 'app', 'pay')];
});

function live(options: { readonly reload?: () => TlsFiles } = {}) {
  const clock = { ms: 0 };
  const credentials = new LiveCredentials(
    { ...first, endpoints: [], clusterFile: genesis.bytes, ...options },
    genesis,
    () => clock.ms,
  );
  return { credentials, clock };
}

test('files are read again every 10 s at most, and a renewed pair shows itself and signs', async () => {
  let files = first;
  let reads = 0;
  const { credentials, clock } = live({
    reload: () => {
      reads += 1;
      return files;
    },
  });
  const context = credentials.current.secureContext;
  files = second;
  clock.ms = FILES_LOOK_MS - 1;
  expect(credentials.look()).toBe(false);
  expect(reads).toBe(0);
  clock.ms += 1;
  expect(credentials.look()).toBe(true);
  expect(credentials.look()).toBe(false);
  expect(reads).toBe(1);
  expect(credentials.current.secureContext).not.toBe(context);
  const { signer } = credentials;
  const message = utf8('pay 3');
  expect(signer.chain).toBe(second.cert);
  const signature = await signer.sign(message);
  expect(verify('sha256', message, createPublicKey(second.cert), signature)).toBe(true);
});

test('without files there is nothing to read', () => {
  const { credentials, clock } = live();
  clock.ms = 10 * FILES_LOOK_MS;
  expect(credentials.look()).toBe(false);
});

test.each<[string, () => Promise<TlsFiles>]>([
  ['of another requester', () => tlsFor(both, 'app', 'other')],
  ['of another role', () => tlsFor(both, 'operator', 'pay')],
  ['of another authority', () => tlsFor(both, 'app', 'pay', both.foreign)],
  ['whose halves do not match', async () => ({ ...second, key: first.key })],
  ['that is none', async () => ({ ...second, cert: '' })],
])('a pair %s is not used, and a good one is later', async (_, make) => {
  let files = await make();
  const { credentials, clock } = live({ reload: () => files });
  const { current } = credentials;
  clock.ms = FILES_LOOK_MS;
  expect(credentials.look()).toBe(false);
  expect(credentials.current).toBe(current);
  expect(credentials.signer.chain).toBe(first.cert);
  files = second;
  clock.ms += FILES_LOOK_MS;
  expect(credentials.look()).toBe(true);
});
