import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Algorithm,
  ecdsaToDer,
  ethereumAddress,
  ethereumSignature,
} from '../../../src/client/index.js';
import { fromHex, toHex, utf8 } from '../../../src/common/index.js';
import { isMessageHash, keccak256, messageDigest, sha256 } from '../../../src/crypto/index.js';
import { createPublicServer } from '../../../src/rpc/index.js';
import type { PublicServer } from '../../../src/rpc/index.js';
import { Hash, SignRequest } from '../../../src/wire/index.js';
import {
  authorities,
  FakeBackend,
  genesisFor,
  keyRecord,
  MemoryLogger,
  NODES,
  signatureResult,
  taskRecord,
  tlsFor,
} from '../rpc/server-fixture.js';
import { quorate } from './fake-context.js';

const secret = sha256(utf8('secret of a test'));
const publicKey = secp256k1.getPublicKey(secret);
const message = 'a transaction';

/** A signature in one process, for tests only. */
function signs(digest: Uint8Array) {
  const made = secp256k1.sign(digest, secret, { prehash: false, lowS: true, format: 'recovered' });
  return { signature: made.slice(1), recoveryId: made[0] ?? 9 };
}

let folder: string;
let server: PublicServer;
let backend: FakeBackend;
let connection: readonly string[];
beforeAll(async () => {
  const both = await authorities();
  const genesis = genesisFor(both);
  backend = new FakeBackend(genesis);
  const algorithm = Algorithm.GG20_SECP256K1;
  backend.keys.set('ether', keyRecord('ether', { algorithm, publicKey }));
  backend.keys.set('frost', keyRecord('frost'));
  backend.onSubmit = ({ request }) => {
    const { payload, hash } = SignRequest.decode(request);
    const bytes = Uint8Array.from(payload?.value ?? []);
    const made = signs(isMessageHash(hash) ? messageDigest(hash, bytes) : bytes);
    const rest = { publicKey, keyVersion: 1, signers: ['node-1'], derivationPath: [] };
    return Promise.resolve(taskRecord('t', signatureResult({ ...made, ...rest })));
  };
  const logger = new MemoryLogger();
  const tls = await tlsFor(both, 'tee', NODES[0]);
  server = createPublicServer({ listen: '127.0.0.1:0', tls, genesis, backend, logger });
  const endpoint = await server.listen();

  folder = mkdtempSync(join(tmpdir(), 'quorate-ecdsa-'));
  const app = await tlsFor(both, 'app', 'app');
  const files = (['ca', 'cert', 'key'] as const).map((name) => {
    const file = join(folder, name);
    writeFileSync(file, app[name], { mode: 0o600 });
    return [`--${name}`, file];
  });
  const clusterFile = join(folder, 'cluster.json');
  writeFileSync(clusterFile, genesis.bytes);
  const signer = ['--cluster-file', clusterFile];
  connection = ['--endpoint', endpoint, ...signer, ...files.flat()];
});
afterAll(async () => {
  await server.stop(0);
  rmSync(folder, { recursive: true });
});

function run(...argv: string[]) {
  return quorate([...argv, ...connection]);
}
const sign = (...flags: string[]) =>
  run('sign', 'ether', '--public-key', toHex(publicKey), ...flags);

function lastRequest(): SignRequest {
  return SignRequest.decode(backend.submissions.at(-1)?.request ?? new Uint8Array());
}

describe('sign with an ECDSA key', () => {
  test('sign prints r and s, DER, or r, s and v', async () => {
    const { signature, recoveryId } = signs(keccak256(utf8(message)));
    const signed = (...flags: string[]) => sign('-m', message, '--hash', 'keccak256', ...flags);
    expect((await signed()).out).toBe(toHex(signature));
    expect((await signed('--format', 'raw')).out).toBe(toHex(signature));
    expect((await signed('--format', 'der')).out).toBe(toHex(ecdsaToDer(signature)));
    const ethereum = ethereumSignature(signature, recoveryId);
    expect((await signed('--format', 'ethereum')).out).toBe(toHex(ethereum));
    const base64 = await signed('--format', 'der', '--output', 'base64');
    expect(base64.out).toBe(Buffer.from(ecdsaToDer(signature)).toString('base64'));
    expect(lastRequest().hash).toBe(Hash.KECCAK256);
  });

  test('sign --json has every form, the hash, its digest and the recovery id', async () => {
    const digest = sha256(utf8(message));
    const { signature, recoveryId } = signs(digest);
    const ran = await sign('-m', message, '--json');
    expect(JSON.parse(ran.out)).toMatchObject({
      signature: toHex(signature),
      recovery_id: recoveryId,
      signature_der: toHex(ecdsaToDer(signature)),
      signature_ethereum: toHex(ethereumSignature(signature, recoveryId)),
      hash: 'sha256',
      digest: toHex(digest),
    });
    expect(lastRequest()).toMatchObject({ hash: Hash.SHA256, payload: { $case: 'message' } });
  });

  test('sign --digest signs 32 bytes as they are', async () => {
    const digest = keccak256(utf8(message));
    const ran = await sign('--digest', toHex(digest), '--json');
    const shown = JSON.parse(ran.out) as { digest: string; signature: string; hash?: string };
    expect(shown).toMatchObject({ digest: toHex(digest) });
    expect(shown).not.toHaveProperty('hash');
    expect(fromHex(shown.signature)).toEqual(signs(digest).signature);
    expect(lastRequest()).toMatchObject({ hash: 0, payload: { $case: 'digest', value: digest } });
  });

  test('sign refuses what does not go with the key before it asks for a signature', async () => {
    const asked = backend.submissions.length;
    const frost = ['sign', 'frost', '--public-key', toHex(new Uint8Array(32).fill(7))];
    for (const [ran, words] of [
      [
        await sign('-m', message, '--hash', 'sha512'),
        /--hash sha512 does not go with a key of GG20/,
      ],
      [await sign('--digest', 'abcd'), /--digest must be 32 bytes/],
      [await sign('-m', message, '--format', 'pem'), /--format must be one of raw, der, ethereum/],
      [
        await run(...frost, '-m', message, '--hash', 'keccak256'),
        /does not go with a key of FROST/,
      ],
      [await run(...frost, '--digest', '00'.repeat(32)), /--digest is for ECDSA keys/],
      [
        await run(...frost, '-m', message, '--format', 'der'),
        /--format der is of ECDSA signatures/,
      ],
    ] as const) {
      expect(ran.err).toMatch(words);
      expect(ran.status).toBe(2);
    }
    expect(backend.submissions).toHaveLength(asked);
  });
});

test('keys get shows the Ethereum address of a GG20_SECP256K1 key, and of no other', async () => {
  const lax = ['--require', 'unverified'];
  const address = ethereumAddress(publicKey);
  expect((await run('keys', 'get', 'ether', ...lax)).out).toContain(`Ethereum address  ${address}`);
  const shown = await run('keys', 'get', 'ether', '--json', ...lax);
  expect(JSON.parse(shown.out)).toMatchObject({ ethereum_address: address });
  expect((await run('keys', 'get', 'frost', ...lax)).out).not.toMatch(/Ethereum/);
});

const generate = (...flags: string[]) =>
  run('keys', 'generate', 'k', '--participants', 'node-1,node-2,node-3', ...flags);

test('keys generate takes a profile of an ECDSA key alone', async () => {
  const frost = await generate('--gg20-profile', 'P2048');
  expect(frost.err).toMatch(/--gg20-profile goes with GG20_SECP256K1 and GG20_P256/);
  const unknown = await generate('--algorithm', 'GG20_P256', '--gg20-profile', 'P1024');
  expect(unknown.err).toMatch(/--gg20-profile must be P3072 or P2048/);
  expect([frost.status, unknown.status]).toEqual([2, 2]);
});
