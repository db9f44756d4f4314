#!/usr/bin/env node
// A seal program (node_key.seal_program) for HashiCorp Vault's and OpenBao's transit engine: the node key is wrapped
// by a key that never leaves Vault. The node's id is its associated data, so one node's file opens for no other.
//
//   VAULT_ADDR              for example https://vault.example.org:8200
//   VAULT_TOKEN_FILE        a file that holds a token; or VAULT_TOKEN
//   VAULT_NAMESPACE         where there is one
//   QUORATE_VAULT_KEY       the transit key, of type aes256-gcm96
//   QUORATE_VAULT_MOUNT     where the engine is mounted: transit, unless it is set
//
// The token needs `update` on MOUNT/encrypt/KEY and MOUNT/decrypt/KEY. NODE_EXTRA_CA_CERTS names a private authority.
import { readFileSync } from 'node:fs';

const TIMEOUT_MS = 20_000;

const base64 = (bytes) => Buffer.from(bytes).toString('base64');

function need(name) {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set`);
}

async function ask(action, body) {
  const { VAULT_TOKEN_FILE: file, VAULT_NAMESPACE: namespace } = process.env;
  const mount = process.env.QUORATE_VAULT_MOUNT || 'transit';
  const key = encodeURIComponent(need('QUORATE_VAULT_KEY'));
  const url = new URL(`/v1/${mount}/${action}/${key}`, need('VAULT_ADDR'));
  const token = file ? readFileSync(file, 'utf8').trim() : need('VAULT_TOKEN');
  const associated = base64(`quorate/1 node key: ${need('QUORATE_NODE_ID')}`);
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-vault-token': token,
      ...(namespace ? { 'x-vault-namespace': namespace } : {}),
    },
    body: JSON.stringify({ ...body, associated_data: associated }),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said.data ?? {};
  throw new Error(`Vault answers ${answer.status}: ${(said.errors ?? []).join('; ')}`);
}

async function run(action, input) {
  if (action === 'wrap') return (await ask('encrypt', { plaintext: base64(input) })).ciphertext;
  if (action !== 'unwrap') throw new Error('vault-transit.mjs wrap|unwrap');
  const { plaintext } = await ask('decrypt', { ciphertext: input.toString('utf8') });
  return Buffer.from(plaintext ?? '', 'base64');
}

try {
  process.stdout.write((await run(process.argv[2], readFileSync(0))) ?? '');
} catch (error) {
  const cause = error.cause?.message ?? error.cause?.code;
  process.stderr.write(`${error.message}${cause ? `: ${cause}` : ''}\n`);
  process.exitCode = 1;
}
