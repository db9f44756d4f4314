import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { METHODS } from '../../../src/state/index.js';
import {
  encode,
  ListRevocationsResponse,
  RevokeCertificateRequest,
  RevokeCertificateResponse,
} from '../../../src/wire/index.js';
import { ScriptedNode } from '../../support/adversary/scripted-node.js';
import { authorities, genesisFor, tlsFor } from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';
import { quorate } from './fake-context.js';
import type { Ran } from './fake-context.js';

const LIST = '/quorate.v1.ClusterService/ListRevocations';
const folder = mkdtempSync(join(tmpdir(), 'quorate-'));

let both: Authorities;
let stolen: X509Certificate;
let keyHash: string;
let node: ScriptedNode | undefined;
beforeAll(async () => {
  both = await authorities();
  const { ca, cert, key } = await tlsFor(both, 'operator', 'operator');
  const thief = await tlsFor(both, 'app', 'payments');
  const ofNode = await tlsFor(both, 'tee', 'node-2');
  const files = { ca, cert, key, stolen: thief.cert, node: ofNode.cert };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, `${name}.pem`), text, { mode: 0o600 });
  }
  writeFileSync(join(folder, 'cluster.json'), genesisFor(both).bytes);
  stolen = new X509Certificate(thief.cert);
  const info = stolen.publicKey.export({ type: 'spki', format: 'der' });
  keyHash = createHash('sha256').update(info).digest('hex');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await node?.[Symbol.asyncDispose]();
  node = undefined;
});

async function run(...words: string[]): Promise<Ran> {
  node ??= await ScriptedNode.open(await tlsFor(both, 'tee', 'node-1'), {
    [METHODS.revokeCertificate]: async () => encode(RevokeCertificateResponse, { taskId: 't' }),
    [LIST]: async () =>
      encode(ListRevocationsResponse, {
        revocations: [
          {
            serial: Uint8Array.of(1, 2),
            keyHash: new Uint8Array(0),
            revokeTime: { seconds: 1_700_000_000n, nanos: 0 },
            requester: 'spiffe://quorate/operator/ann',
            taskId: 't',
          },
        ],
      }),
  });
  const files = ['ca', 'cert', 'key'].flatMap((name) => [`--${name}`, join(folder, `${name}.pem`)]);
  const genesis = ['--cluster-file', join(folder, 'cluster.json')];
  return quorate(['certs', ...words, '--endpoint', node.address, ...files, ...genesis], { folder });
}

const asked = (): readonly RevokeCertificateRequest[] =>
  (node?.received ?? [])
    .filter(({ method }) => method === METHODS.revokeCertificate)
    .map(({ request }) => RevokeCertificateRequest.decode(request));

test('certs revoke names a certificate by its serial number, or its key, as the file has it', async () => {
  const serial = stolen.serialNumber.toLowerCase();
  expect(await run('revoke', '--of', 'stolen.pem', '--yes')).toMatchObject({
    status: 0,
    out: `Certificates with the serial number ${serial} are revoked`,
  });
  expect(await run('revoke', '--key-of', 'stolen.pem', '--yes', '--json')).toMatchObject({
    status: 0,
    out: JSON.stringify({ task_id: 't', key_hash: keyHash }),
  });
  expect((await run('revoke', '--serial', `00${serial}`, '--yes', '--own')).status).toBe(0);
  expect((await run('revoke', '--key-hash', keyHash, '--yes')).status).toBe(0);
  const shown = asked().map(({ serial: number, keyHash: hash, allowOwn, allowNode }) => [
    Buffer.from(number).toString('hex'),
    Buffer.from(hash).toString('hex'),
    allowOwn,
    allowNode,
  ]);
  expect(shown).toEqual([
    [serial, '', false, false],
    ['', keyHash, false, false],
    [serial, '', true, false],
    ['', keyHash, false, false],
  ]);
});

test.each([
  [['--of', 'stolen.pem'], 2, /Give --yes/],
  [['--yes'], 2, /Name one of/],
  [['--yes', '--of', 'stolen.pem', '--serial', '01'], 2, /Name one of/],
  [['--yes', '--serial', '00'], 2, /above zero/],
  [['--yes', '--of', 'nothing.pem'], 2, /cannot be read/],
  [['--yes', '--of', 'key.pem'], 2, /holds no certificate/],
])('certs revoke %j asks for nothing, ends with %i and says %s', async (words, status, says) => {
  const ran = await run('revoke', ...words);
  expect(ran.status).toBe(status);
  expect(ran.err).toMatch(says);
  expect(asked()).toEqual([]);
});

test('certs revoke takes a node’s certificate only where that is said', async () => {
  const refused = await run('revoke', '--of', 'node.pem', '--yes');
  expect(refused.status).not.toBe(0);
  expect(refused.err).toMatch(/a certificate of the node node-2/);
  expect(asked()).toEqual([]);
  expect((await run('revoke', '--of', 'node.pem', '--yes', '--node')).status).toBe(0);
  expect(asked().map(({ allowNode }) => allowNode)).toEqual([true]);
});

test('certs list-revoked shows what, since when and by whom', async () => {
  const { out } = await run('list-revoked');
  expect(out.split('\n')).toEqual([
    'BY      VALUE  SINCE                     REQUESTER',
    'serial  0102   2023-11-14T22:13:20.000Z  spiffe://quorate/operator/ann',
  ]);
  expect(JSON.parse((await run('list-revoked', '--json')).out)).toEqual({
    revocations: [
      {
        serial: '0102',
        revoke_time: '2023-11-14T22:13:20.000Z',
        requester: 'spiffe://quorate/operator/ann',
        task_id: 't',
      },
    ],
  });
});
