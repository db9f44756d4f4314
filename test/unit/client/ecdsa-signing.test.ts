import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import {
  Algorithm,
  derivePublicKey,
  Hash,
  QuorateClient,
  verifySignature,
} from '../../../src/client/index.js';
import type { ConnectOptions, Signable } from '../../../src/client/index.js';
import { concat, utf8 } from '../../../src/common/index.js';
import {
  encodeBigEndian,
  isMessageHash,
  keccak256,
  messageDigest,
  secp256k1Group,
  sha256,
} from '../../../src/crypto/index.js';
import { createPublicServer } from '../../../src/rpc/index.js';
import { KeyCertificate, Sharing, SignRequest } from '../../../src/wire/index.js';
import type { TaskRecord } from '../../../src/wire/index.js';
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
import type { Authorities } from '../rpc/server-fixture.js';
import type { Genesis } from '../../../src/client/index.js';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const algorithm = Algorithm.GG20_SECP256K1;
const message = utf8('a transaction');
const x = encodeBigEndian(0x1234n, 32);
const publicKey = secp256k1.getPublicKey(x);
const { order } = secp256k1Group;

let both: Authorities;
let genesis: Genesis;
let options: Omit<ConnectOptions, 'endpoints'>;
beforeAll(async () => {
  both = await authorities();
  genesis = genesisFor(both);
  options = await tlsFor(both, 'app', 'app');
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

type Made = { readonly signature: Uint8Array; readonly recoveryId: number | undefined };

/** A signature in one process, for tests only. */
function signs(digest: Uint8Array, key = x): Made {
  const made = secp256k1.sign(digest, key, { prehash: false, lowS: true, format: 'recovered' });
  return { signature: made.slice(1), recoveryId: made[0] };
}

/** A client of a node that signs what `digestOf` makes of a request, changed as a liar would. */
async function clientOf(
  change: (made: Made) => Made = (made) => made,
): Promise<{ client: QuorateClient; backend: FakeBackend; asked: SignRequest[] }> {
  const backend = new FakeBackend(genesis);
  backend.keys.set('coins', keyRecord('coins', { algorithm, publicKey }));
  const asked: SignRequest[] = [];
  backend.onSubmit = ({ request }) => {
    const read = SignRequest.decode(request);
    asked.push(read);
    return Promise.resolve(answerOf(change(signs(digestOf(read)))));
  };
  const logger = new MemoryLogger();
  const tls = await tlsFor(both, 'tee', NODES[0]);
  const server = createPublicServer({ listen: '127.0.0.1:0', tls, genesis, backend, logger });
  const client = QuorateClient.connect({ ...options, endpoints: [await server.listen()] });
  closing.push(
    () => server.stop(0),
    () => client.close(),
  );
  return { client, backend, asked };
}

function digestOf({ payload, hash }: SignRequest): Uint8Array {
  const bytes = payload?.value ?? new Uint8Array();
  return isMessageHash(hash) ? messageDigest(hash, bytes) : Uint8Array.from(bytes);
}

function answerOf({ signature, recoveryId }: Made): TaskRecord {
  const rest = { publicKey, keyVersion: 1, signers: ['node-1'], derivationPath: [] };
  return taskRecord('t', signatureResult({ signature, recoveryId, ...rest }));
}

/** The other signature with the same r. */
function high({ signature, recoveryId = 0 }: Made): Made {
  const s = secp256k1Group.decodeScalar(signature.slice(32)) ?? 0n;
  const other = secp256k1Group.encodeScalar(order - s);
  return { signature: concat(signature.slice(0, 32), other), recoveryId: recoveryId ^ 1 };
}

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const input = { keyId: 'coins', publicKey };

describe('sign with an ECDSA key', () => {
  test('sign hashes a message with SHA-256 unless it is told another hash', async () => {
    const { client, asked } = await clientOf();
    const first = await client.sign({ ...input, message });
    expect(first).toMatchObject(signs(sha256(message)));
    const second = await client.sign({ ...input, message, hash: Hash.KECCAK256 });
    expect(second).toMatchObject(signs(keccak256(message)));
    await client.sign({ ...input, message, hash: Hash.DOUBLE_SHA256 });
    await client.sign({ ...input, message: new Uint8Array() });
    expect(asked.map(({ hash }) => hash)).toEqual([1, 2, 3, 1]);
  });

  test('sign signs a digest as it is', async () => {
    const { client, asked } = await clientOf();
    const digest = keccak256(message);
    expect(await client.sign({ ...input, digest })).toMatchObject(signs(digest));
    expect(asked).toMatchObject([{ payload: { $case: 'digest' }, hash: Hash.UNSPECIFIED }]);
  });

  test('sign refuses what no ECDSA key signs, before anything is asked of a cluster', async () => {
    const { client, asked } = await clientOf();
    const digest = sha256(message);
    const wrong: [Signable, string, string][] = [
      [{}, 'MISSING_MESSAGE', 'message'],
      [{ hash: Hash.SHA256 }, 'MISSING_MESSAGE', 'message'],
      [{ message, digest }, 'MESSAGE_AND_DIGEST', 'digest'],
      [{ digest: digest.slice(1) }, 'INVALID_DIGEST', 'digest'],
      [{ digest, hash: Hash.SHA256 }, 'HASH_WITH_DIGEST', 'hash'],
      [{ message, hash: 99 as Hash }, 'UNKNOWN_HASH', 'hash'],
      [{ message, hash: Hash.UNSPECIFIED }, 'MISSING_HASH', 'hash'],
    ];
    for (const [signable, reason, field] of wrong)
      expect(await errorOf(client.sign({ ...input, ...signable }))).toMatchObject({
        code: 'invalid-request',
        reason,
        details: { field },
      });
    expect(asked).toEqual([]);
  });

  test('sign returns no signature with a recovery id of another key, or without one', async () => {
    const changes: ((made: Made) => Made)[] = [
      ({ signature, recoveryId = 0 }) => ({ signature, recoveryId: recoveryId ^ 1 }),
      ({ signature }) => ({ signature, recoveryId: undefined }),
      ({ signature }) => ({ signature, recoveryId: 4 }),
      ({ signature }) => ({ signature, recoveryId: 2 ** 32 - 1 }),
    ];
    for (const change of changes) {
      const { client } = await clientOf(change);
      expect(await errorOf(client.sign({ ...input, message }))).toMatchObject({
        code: 'protocol-abort',
        reason: 'RESULT_INVALID',
      });
    }
  });

  test('sign returns no signature of another digest or key, or with the higher s', async () => {
    const changes: ((made: Made) => Made)[] = [
      high,
      () => signs(keccak256(message)),
      () => signs(sha256(message), encodeBigEndian(7n, 32)),
    ];
    for (const change of changes) {
      const { client } = await clientOf(change);
      expect(await errorOf(client.sign({ ...input, message }))).toMatchObject({
        reason: 'RESULT_INVALID',
      });
    }
  });
});

describe('sign with a FROST key', () => {
  const frost = { keyId: 'hidden', publicKey: new Uint8Array(32), message };

  test('sign refuses a hash and a digest, before anything is asked of a cluster', async () => {
    const { client, asked } = await clientOf();
    expect(await errorOf(client.sign({ ...frost, hash: Hash.SHA256 }))).toMatchObject({
      reason: 'HASH_UNSUPPORTED',
    });
    const digest = sha256(message);
    expect(await errorOf(client.sign({ ...frost, message: undefined, digest }))).toMatchObject({
      reason: 'DIGEST_UNSUPPORTED',
    });
    expect(asked).toEqual([]);
  });
});

describe('verifySignature', () => {
  const { signature } = signs(sha256(message));
  const key = { algorithm, publicKey };

  test('verifySignature hashes a message as sign does, and takes a digest as it is', () => {
    expect(verifySignature(key, message, signature)).toBe(true);
    expect(verifySignature(key, { message }, signature)).toBe(true);
    expect(verifySignature(key, { message, hash: Hash.SHA256 }, signature)).toBe(true);
    expect(verifySignature(key, { digest: sha256(message) }, signature)).toBe(true);
    expect(verifySignature(key, { message, hash: Hash.KECCAK256 }, signature)).toBe(false);
    expect(verifySignature(key, { digest: keccak256(message) }, signature)).toBe(false);
    expect(verifySignature(key, sha256(message), signature)).toBe(false);
  });

  test('verifySignature is false for what keys of the algorithm do not sign', () => {
    const none: Signable[] = [
      {},
      { message, digest: sha256(message) },
      { digest: sha256(message).slice(1) },
      { message, hash: 99 as Hash },
    ];
    for (const signed of none) expect(verifySignature(key, signed, signature)).toBe(false);
    const frost = { algorithm: Algorithm.FROST_SECP256K1_SHA256, publicKey };
    expect(verifySignature(frost, { digest: sha256(message) }, signature)).toBe(false);
  });
});

test('the public key of an ECDSA key at a path is that of BIP-32, and its signatures verify', () => {
  // BIP-32, test vector 2: chain m, and m/0.
  const master = hex('4b03d6fc340455b363f51020ad3ecca4f0850280cf436c70c727923f6db46c3e');
  const chainCode = hex('60499f801b896d83179a4374aeb7822aaeaceaa0db1f85ee3e904c4defbd9689');
  const child = hex('abe74a98f6c7eabee0428f53798f0ab8aa1bd37873999041703c742f15ac7e1e');
  const own = secp256k1.getPublicKey(master);
  const publicPolynomial = [own, secp256k1.getPublicKey(x)];
  const shared = { algorithm, threshold: 2, publicPolynomial, publicKey: own, chainCode };
  const certificate = KeyCertificate.fromPartial({ sharing: Sharing.fromPartial(shared) });
  const derived = derivePublicKey({ algorithm, publicKey: own, certificate }, [0]);

  expect(derived).toEqual(secp256k1.getPublicKey(child));
  const { signature } = signs(sha256(message), child);
  const key = { algorithm, publicKey: derived ?? own };
  expect(verifySignature(key, message, signature)).toBe(true);
  expect(verifySignature({ ...key, publicKey: own }, message, signature)).toBe(false);
});
