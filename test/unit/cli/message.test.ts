import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex, utf8 } from '../../../src/common/index.js';
import { readMessage } from '../../../src/cli/message.js';
import { fakeContext, quorate } from './fake-context.js';

let folder: string;
/** Above what one request can carry. */
const large = Buffer.alloc(3 * 1024 * 1024, 'page ');
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-message-'));
  writeFileSync(join(folder, 'contract.pdf'), large);
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = async (flags: Parameters<typeof readMessage>[0], stdin?: Uint8Array) =>
  toHex(await readMessage(flags, fakeContext({ folder, ...(stdin && { stdin }) }).context));

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
