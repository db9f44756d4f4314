import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Algorithm, Hash } from '../../../src/client/index.js';
import { toHex, utf8 } from '../../../src/common/index.js';
import { doubleSha256, keccak256, sha256 } from '../../../src/crypto/index.js';
import { readPayload, readSigned } from '../../../src/cli/message.js';
import { fakeContext, quorate } from './fake-context.js';

let folder: string;
/** Above what one request can carry. */
const large = Buffer.alloc(3 * 1024 * 1024, 'page ');
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-message-'));
  writeFileSync(join(folder, 'contract.pdf'), large);
});
afterAll(() => rmSync(folder, { recursive: true }));

type Flags = Parameters<typeof readPayload>[1];
const FROST = Algorithm.FROST_ED25519_SHA512;
const ECDSA = Algorithm.GG20_SECP256K1;

function contextOf(stdin?: Uint8Array) {
  return fakeContext({ folder, ...(stdin && { stdin }) }).context;
}

/** The message of a FROST key. */
const read = async (flags: Flags, stdin?: Uint8Array) =>
  toHex((await readPayload(FROST, flags, contextOf(stdin))).message ?? new Uint8Array());

test('a message comes as text, as hex, as base64 or from standard input', async () => {
  expect(await read({ message: 'ü' })).toBe('c3bc');
  expect(await read({ messageHex: Uint8Array.of(0, 255) })).toBe('00ff');
  expect(await read({ messageBase64: Uint8Array.of(1) })).toBe('01');
  expect(await read({ file: '-' }, Uint8Array.of(7, 10))).toBe('070a');
  expect(await read({ message: '' })).toBe('');
});

test('a message that is not named is never taken for the empty one', async () => {
  for (const stdin of [undefined, new Uint8Array(), utf8('something')]) {
    await expect(read({}, stdin)).rejects.toThrow(/Which message\?/);
  }
  expect((await quorate(['sign', 'k'], { stdin: new Uint8Array() })).status).toBe(2);
});

test('a file of any size is hashed, and without --hash refused with the flag that helps', async () => {
  const digest = createHash('sha256').update(large).digest('hex');
  expect(await read({ file: 'contract.pdf', hash: 'sha256' })).toBe(digest);
  await expect(read({ file: 'contract.pdf' })).rejects.toThrow(/over 63 KiB; --hash sha256 signs/);
});

describe('a signature over a digest', () => {
  const pair = generateKeyPairSync('ed25519');
  const publicKey = toHex(
    new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)),
  );

  test.each(['sha256', 'sha384', 'sha512'] as const)(
    'verify --hash %s takes the signature over exactly the digest’s bytes',
    async (hash) => {
      const signature = sign(null, createHash(hash).update(large).digest(), pair.privateKey);
      writeFileSync(join(folder, 'raw.sig'), signature);
      const check = async (...flags: string[]) => {
        const argv = ['verify', '--public-key', publicKey, '--signature-file', 'raw.sig', ...flags];
        return (await quorate(argv, { folder })).out;
      };

      expect(await check('--file', 'contract.pdf', '--hash', hash)).toBe('valid');
      expect(await check('--message', 'page ', '--hash', hash)).toBe('invalid');
      const digest = createHash(hash).update(large).digest();
      expect(await check('--message-hex', digest.toString('hex'))).toBe('valid');
      expect(await check('--message-base64', digest.toString('base64'))).toBe('valid');
      expect(await check('--message-base64', digest.toString('base64url'))).toBe('valid');
    },
  );
});

const context = () => contextOf(utf8('hello'));
/** Of standard input, for an ECDSA key. */
const payloadBy = (flags: Flags) => readPayload(ECDSA, { file: '-', ...flags }, context());

describe('the payload of an ECDSA key', () => {
  test('the message goes to the nodes as it is, with the hash that they are to make', async () => {
    const message = utf8('hello');
    expect(await payloadBy({})).toEqual({ message });
    expect(await payloadBy({ hash: 'sha256' })).toEqual({ message, hash: Hash.SHA256 });
    expect(await payloadBy({ hash: 'keccak256' })).toEqual({ message, hash: Hash.KECCAK256 });
    expect(await payloadBy({ hash: 'double-sha256' })).toEqual({
      message,
      hash: Hash.DOUBLE_SHA256,
    });
  });

  test('a signature is checked against the digest of a message of any size', async () => {
    const signed = (flags: Flags) =>
      readSigned(ECDSA, { file: 'contract.pdf', ...flags }, context());
    expect(await signed({})).toEqual({ digest: sha256(large) });
    expect(await signed({ hash: 'sha256' })).toEqual({ digest: sha256(large) });
    expect(await signed({ hash: 'keccak256' })).toEqual({ digest: keccak256(large) });
    expect(await signed({ hash: 'double-sha256' })).toEqual({ digest: doubleSha256(large) });
    await expect(readPayload(ECDSA, { file: 'contract.pdf' }, context())).rejects.toThrow(
      /over 63 KiB; --digest signs its digest/,
    );
  });

  test('a digest is taken as it is, of 32 bytes', async () => {
    const digest = sha256(large);
    for (const reading of [readPayload, readSigned]) {
      expect(await reading(ECDSA, { digest }, context())).toEqual({ digest });
      await expect(reading(ECDSA, { digest: digest.slice(1) }, context())).rejects.toThrow(
        /--digest must be 32 bytes \(64 hex characters\), not 31/,
      );
    }
  });

  test('a hash or digest that does not go with the key is refused with those that do', async () => {
    for (const reading of [readPayload, readSigned]) {
      await expect(reading(ECDSA, { message: 'x', hash: 'sha512' }, context())).rejects.toThrow(
        /--hash sha512 does not go with a key of GG20_SECP256K1: sha256, keccak256, double-sha256/,
      );
      await expect(reading(FROST, { message: 'x', hash: 'keccak256' }, context())).rejects.toThrow(
        /does not go with a key of FROST_ED25519_SHA512: sha256, sha384, sha512/,
      );
      await expect(reading(FROST, { digest: sha256(large) }, context())).rejects.toThrow(
        /--digest is for ECDSA keys/,
      );
    }
  });

  test.each([
    ['--message', 'x'],
    ['--file', 'x'],
    ['--hash', 'sha256'],
  ])('--digest and %s exclude each other', async (...flag) => {
    const ran = await quorate(['sign', 'k', '--digest', '00'.repeat(32), ...flag]);
    expect(ran.status).toBe(2);
    expect(ran.err).toMatch(/cannot be used with/);
  });
});
