import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../../src/common/index.js';
import { METHODS } from '../../../src/state/index.js';
import { encode, GenerateKeyResponse, GetKeyResponse } from '../../../src/wire/index.js';
import type { Key } from '../../../src/wire/index.js';
import { spiffeIdOf } from '../../support/adversary/collusion.js';
import type { Collusion } from '../../support/adversary/collusion.js';
import { falseKeys } from '../../support/adversary/false-keys.js';
import { ScriptedNode } from '../../support/adversary/scripted-node.js';
import { collude } from '../client/colluding.js';
import { quorate } from './fake-context.js';

let collusion: Collusion;
let node: ScriptedNode;
let folder: string;
/** What the node answers to GetKey and GenerateKey. */
let shown: Key;
beforeAll(async () => {
  collusion = await collude({ unsigned: false });
  const { tls, victim, genesis } = collusion;
  const script = {
    '/quorate.v1.KeyService/GetKey': async () => encode(GetKeyResponse, { key: shown }),
    [METHODS.generateKey]: async () => encode(GenerateKeyResponse, { key: shown, taskId: 't' }),
  };
  const ca = genesis.peerCa;
  node = await ScriptedNode.open({ ca, cert: tls.certificate, key: tls.privateKey }, script);
  folder = mkdtempSync(join(tmpdir(), 'quorate-trust-'));
  writeFileSync(join(folder, 'ca.pem'), ca);
  writeFileSync(join(folder, 'cert.pem'), victim.certificate);
  writeFileSync(join(folder, 'key.pem'), victim.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'cluster.json'), genesis.bytes);
  const client = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', cluster_file: 'cluster.json' };
  const endpoints = [node.address];
  writeFileSync(join(folder, 'client.json'), JSON.stringify({ endpoints, ...client }));
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  shown = collusion.honest;
  node.received.length = 0;
});

function run(...argv: readonly string[]) {
  return quorate([...argv, '--client-file', join(folder, 'client.json')]);
}

function falseKey(name: string): Key {
  const found = falseKeys(collusion).find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no false key "${name}"`);
  return found.key;
}

test('keys get shows the trust in a certificate, and why', async () => {
  const { status, out } = await run('keys', 'get', 'treasury', '--json');

  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'active',
    because: 'all participants signed for it, and spiffe://quorate/app/victim asked for it',
  });
});

test('keys get shows an unverified key and then fails, unless unverified keys were asked for', async () => {
  shown = falseKey('two participants, three were asked for');

  const { status, out, err } = await run('keys', 'get', 'treasury', '--json');
  const asked = await run('keys', 'get', 'treasury', '--require', 'unverified');

  expect(status).toBe(7);
  const because = 'it is not what its request asked for';
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'unverified',
    because,
    error: {
      code: 'protocol-abort',
      reason: 'KEY_UNVERIFIED',
      message: `Key treasury is unverified: ${because}`,
      facts: { verdict: 'unverified', because },
    },
  });
  expect(err).toBe('');
  expect(asked).toMatchObject({ status: 0, err: '' });
  expect(asked.out).toContain(`certificate    unverified: ${because}`);
});

test('keys get accepts a pending key, unless --require demands more', async () => {
  shown = falseKey('the honest key, but nobody says that it is installed');

  expect(await run('keys', 'get', 'treasury')).toMatchObject({ status: 0 });
  expect(await run('keys', 'get', 'treasury', '--require', 'active')).toMatchObject({
    status: 7,
    err: 'quorate: Key treasury is pending: 0 of at least 2 participants say that it is installed',
  });
});

test('keys get accepts a pinned key and a trusted authority', async () => {
  shown = falseKey('a request that somebody else made for a key of this name');
  const stranger = spiffeIdOf(collusion.stranger);

  expect(await run('keys', 'get', 'treasury')).toMatchObject({ status: 7 });
  expect(await run('keys', 'get', 'treasury', '--requester', stranger)).toMatchObject({
    status: 0,
  });
  const known = toHex(shown.publicKey);
  expect(await run('keys', 'get', 'treasury', '--public-key', known)).toMatchObject({ status: 0 });
  const other = toHex(collusion.honest.publicKey);
  expect(await run('keys', 'get', 'treasury', '--public-key', other)).toMatchObject({ status: 7 });
});

test('keys generate fails for a key that answers another request', async () => {
  const { status, out, err } = await run('keys', 'generate', 'treasury', '--json');

  expect(status).toBe(7);
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'unverified',
    error: { message: expect.stringMatching(/its request is not the one that was sent$/) },
  });
  expect(err).toBe('');
});

test('sign asks for no signature under a key that it does not trust, and verify does not use it', async () => {
  shown = falseKey('two participants, three were asked for');

  const signed = await run('sign', 'treasury', '-m', 'hello');
  const verified = await run('verify', 'treasury', '-m', 'hello', '-s', '00'.repeat(64));

  expect(signed).toMatchObject({ status: 7, out: '' });
  expect(signed.err).toMatch(/Key treasury is unverified: it is not what its request asked for/);
  expect(verified).toMatchObject({ status: 7, out: '' });
  expect(node.received.map(({ method }) => method)).not.toContain(METHODS.sign);
});

test('a key of another requester is told by its own word, with the ways to accept it', async () => {
  shown = falseKey('a request that somebody else made for a key of this name');
  const stranger = spiffeIdOf(collusion.stranger);

  const signed = await run('sign', 'treasury', '-m', 'hello', '--json');
  const got = await run('keys', 'get', 'treasury');

  expect(signed.status).toBe(7);
  expect(JSON.parse(signed.out)).toMatchObject({
    error: {
      reason: 'KEY_OF_OTHER_REQUESTER',
      message: expect.stringMatching(/"requesters" in client\.json .*--requester.*--public-key/),
      facts: { verdict: 'other-requester', requester: stranger },
    },
  });
  expect(got.out).toMatch(/certificate +other-requester: /);
  expect(got.out).not.toMatch(/unverified/);
  expect(node.received.map(({ method }) => method)).not.toContain(METHODS.sign);
});

test('a requester that client.json or QUORATE_REQUESTERS names is accepted, and no part of its id is', async () => {
  shown = falseKey('a request that somebody else made for a key of this name');
  const stranger = spiffeIdOf(collusion.stranger);
  const file = join(folder, 'client.json');
  const before = readFileSync(file, 'utf8');
  const write = (requesters: readonly string[]) =>
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(before) as object), requesters }));

  write([stranger]);
  expect(await run('keys', 'get', 'treasury', '--require', 'active')).toMatchObject({ status: 0 });
  write(['spiffe://quorate/app/']);
  expect(await run('keys', 'get', 'treasury')).toMatchObject({
    status: 2,
    err: expect.stringMatching(
      /client\.json: requesters: "spiffe:\/\/quorate\/app\/" is no SPIFFE id/,
    ),
  });
  write([]);
  expect(await run('keys', 'get', 'treasury')).toMatchObject({ status: 7 });
  expect(await run('keys', 'get', 'treasury', '--requester', 'stranger')).toMatchObject({
    status: 2,
    err: expect.stringMatching(/"stranger" is no requester: name its whole SPIFFE id/),
  });
  writeFileSync(file, before);
  const environment = { QUORATE_REQUESTERS: `spiffe://quorate/operator/o, ${stranger}` };
  const argv = ['keys', 'get', 'treasury', '--client-file', file];
  expect(await quorate(argv, { environment })).toMatchObject({ status: 0 });
});

test('a wrong --public-key is found before anything is signed, and accuses no node', async () => {
  const shownKey = toHex(shown.publicKey);

  for (const [flags, words, expected] of [
    [['--public-key', 'abcd'], /^quorate: --public-key must be 32 bytes/, 2],
    [
      ['--public-key', 'ab'.repeat(32)],
      new RegExp(`The public key of treasury is not the one .* the cluster shows ${shownKey}`),
      7,
    ],
    [
      ['--public-key', `02${'ab'.repeat(32)}`, '--algorithm', 'FROST_SECP256K1_SHA256'],
      /The public key of treasury is of another algorithm: FROST_ED25519_SHA512, not /,
      7,
    ],
  ] as const) {
    const { status, err } = await run('sign', 'treasury', '-m', 'hello', ...flags);
    expect(err).toMatch(words);
    expect(status).toBe(expected);
  }
  expect(node.received.map(({ method }) => method)).not.toContain(METHODS.sign);
});

test('an unknown trust level is wrong usage', async () => {
  expect(await run('keys', 'get', 'treasury', '--require', 'good')).toMatchObject({ status: 2 });
});
