import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeId, toHex } from '../../../src/common/index.js';
import { SecretBytes } from '../../../src/crypto/index.js';
import { unwrapKey, wrapKey } from '../../../src/pki/seal-program.js';

const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so';
const NODE = nodeId('node-1');
const OTHER = nodeId('node-2');
const folder = mkdtempSync(join(tmpdir(), 'quorate-seal-'));
afterAll(() => rmSync(folder, { recursive: true }));

function pathOf(program: string): string {
  return fileURLToPath(new URL(`../../../../deploy/seal/${program}`, import.meta.url));
}

type Environment = Record<string, string | undefined>;

/** What a program must do, whatever it seals by. */
async function roundTrip(program: string, environment: Environment): Promise<void> {
  const path = pathOf(program);
  using key = new SecretBytes(Uint8Array.from(randomBytes(32)));
  const wrapped = await wrapKey({ path, nodeId: NODE }, key, environment);
  const again = await wrapKey({ path, nodeId: NODE }, key, environment);
  using opened = await unwrapKey({ path, nodeId: NODE }, wrapped, environment);
  expect(toHex(opened.bytes)).toBe(toHex(key.bytes));
  expect(toHex(wrapped)).not.toBe(toHex(again));
  expect(toHex(wrapped)).not.toContain(toHex(key.bytes));

  // Another node's, and one with a bit changed.
  await expect(unwrapKey({ path, nodeId: OTHER }, wrapped, environment)).rejects.toMatchObject({
    reason: 'SEAL_PROGRAM',
  });
  const changed = wrapped.with(wrapped.length - 3, (wrapped.at(-3) ?? 0) ^ 1);
  await expect(unwrapKey({ path, nodeId: NODE }, changed, environment)).rejects.toMatchObject({
    reason: 'SEAL_PROGRAM',
  });
}

describe('Vault', () => {
  const master = randomBytes(32);
  const asked: string[] = [];
  const server = createServer((request, response) => void serve(request, response));
  let environment: Environment;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }

  /** As Vault's transit engine with a key of type aes256-gcm96 answers. */
  async function answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const token = request.headers['x-vault-token'];
    if (token !== 't0ken') return { status: 403, body: { errors: ['permission denied'] } };
    const said = JSON.parse(Buffer.concat(parts).toString()) as Record<string, string>;
    const associated = Buffer.from(said['associated_data'] ?? '', 'base64');
    asked.push(`${request.method} ${request.url} ${associated.toString()}`);
    if (request.url === '/v1/transit/encrypt/quorate') {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', master, nonce).setAAD(associated);
      const plain = Buffer.from(said['plaintext'] ?? '', 'base64');
      const sealed = Buffer.concat([
        nonce,
        cipher.update(plain),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return {
        status: 200,
        body: { data: { ciphertext: `vault:v1:${sealed.toString('base64')}` } },
      };
    }
    try {
      const bytes = Buffer.from((said['ciphertext'] ?? '').slice('vault:v1:'.length), 'base64');
      const decipher = createDecipheriv('aes-256-gcm', master, bytes.subarray(0, 12));
      decipher.setAAD(associated).setAuthTag(bytes.subarray(-16));
      const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
      return { status: 200, body: { data: { plaintext: plain.toString('base64') } } };
    } catch {
      return { status: 400, body: { errors: ['cipher: message authentication failed'] } };
    }
  }

  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 't0ken\n', { mode: 0o600 });
    environment = {
      PATH: process.env['PATH'],
      VAULT_ADDR: `http://127.0.0.1:${port}`,
      VAULT_TOKEN_FILE: tokenFile,
      QUORATE_VAULT_KEY: 'quorate',
    };
  });
  afterAll(() => new Promise((closed) => server.close(closed)));

  test('a node key is wrapped and opened by the transit engine, for its own node alone', async () => {
    await roundTrip('vault-transit.mjs', environment);
    expect(asked[0]).toBe('POST /v1/transit/encrypt/quorate quorate/1 node key: node-1');
    expect(asked[2]).toBe('POST /v1/transit/decrypt/quorate quorate/1 node key: node-1');
  });

  test.each([
    [
      'a refused token',
      { VAULT_TOKEN_FILE: undefined, VAULT_TOKEN: 'other' },
      'Vault answers 403: permission denied',
    ],
    ['a server that is not there', { VAULT_ADDR: 'http://127.0.0.1:2' }, 'ECONNREFUSED'],
    [
      'a variable that is missing',
      { QUORATE_VAULT_KEY: undefined },
      'QUORATE_VAULT_KEY is not set',
    ],
  ])('the program says what is wrong: %s', async (_, changes, words) => {
    using key = new SecretBytes(new Uint8Array(32).fill(5));
    const program = { path: pathOf('vault-transit.mjs'), nodeId: NODE };
    const wrapping = wrapKey(program, key, { ...environment, ...changes });
    await expect(wrapping).rejects.toThrow(words);
  });
});

/** Why the HSM's program cannot be tried here; nothing where it can. */
function missing(): string | undefined {
  if (!existsSync(SOFTHSM)) return `there is no ${SOFTHSM} (Debian's softhsm2)`;
  try {
    createRequire(import.meta.url).resolve('pkcs11js');
    return undefined;
  } catch {
    return 'NODE_PATH leads to no pkcs11js';
  }
}

const why = missing();
(why === undefined ? describe : describe.skip)(
  `PKCS#11${why === undefined ? '' : `: ${why}`}`,
  () => {
    let environment: Environment;

    beforeAll(() => {
      const tokens = join(folder, 'tokens');
      mkdirSync(tokens);
      writeFileSync(join(folder, 'softhsm2.conf'), `directories.tokendir = ${tokens}\n`);
      writeFileSync(join(folder, 'pin'), '123456\n', { mode: 0o600 });
      environment = {
        PATH: process.env['PATH'],
        NODE_PATH: process.env['NODE_PATH'],
        SOFTHSM2_CONF: join(folder, 'softhsm2.conf'),
        QUORATE_PKCS11_MODULE: SOFTHSM,
        QUORATE_PKCS11_TOKEN: 'quorate',
        QUORATE_PKCS11_KEY: 'node-keys',
        QUORATE_PKCS11_PIN_FILE: join(folder, 'pin'),
      };
      const flags = [
        '--init-token',
        '--free',
        '--label',
        'quorate',
        '--so-pin',
        '1234',
        '--pin',
        '123456',
      ];
      const { status, stderr } = spawnSync('softhsm2-util', flags, { env: environment });
      if (status !== 0) throw new Error(`softhsm2-util: ${String(stderr)}`);
    });

    test('a node key is wrapped and opened by a key that does not leave the token, for its own node alone', async () => {
      using key = new SecretBytes(new Uint8Array(32).fill(5));
      const program = { path: pathOf('pkcs11.mjs'), nodeId: NODE };
      await expect(wrapKey(program, key, environment)).rejects.toThrow(
        'the token has no key node-keys',
      );
      const made = spawnSync(program.path, ['make-key'], { env: environment, encoding: 'utf8' });
      expect([made.status, made.stderr]).toEqual([0, '']);
      const again = spawnSync(program.path, ['make-key'], { env: environment, encoding: 'utf8' });
      expect([again.status, again.stderr]).toEqual([1, 'the token has a key node-keys already\n']);
      await roundTrip('pkcs11.mjs', environment);
      writeFileSync(join(folder, 'wrong'), '654321');
      const wrong = { ...environment, QUORATE_PKCS11_PIN_FILE: join(folder, 'wrong') };
      await expect(wrapKey(program, key, wrong)).rejects.toThrow('CKR_PIN_INCORRECT');
    });
  },
);
