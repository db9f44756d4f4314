import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { Search } from '../../secrets/search.js';

const secret = randomBytes(32);
const around = [0, 1, 2, 3].map((count) => randomBytes(count));
const reversed = Buffer.from(secret.toReversed());

test.each([
  ['raw', (bytes: Buffer) => bytes],
  ['hex', (bytes: Buffer) => bytes.toString('hex')],
  ['HEX', (bytes: Buffer) => bytes.toString('hex').toUpperCase()],
  ['Base64', (bytes: Buffer) => bytes.toString('base64')],
  ['Base64 for URLs', (bytes: Buffer) => bytes.toString('base64url')],
  ['a printed Buffer', (bytes: Buffer) => inspect(bytes)],
  ['a printed array', (bytes: Buffer) => inspect([...bytes])],
  ['a printed Uint8Array', (bytes: Buffer) => inspect(new Uint8Array(bytes))],
  ['JSON of a Buffer', (bytes: Buffer) => JSON.stringify(bytes)],
  ['a number', (bytes: Buffer) => inspect(BigInt(`0x${bytes.toString('hex')}`))],
])('finds a secret as %s, in both byte orders, wherever it stands', (_, spell) => {
  const search = new Search([{ kind: 'it', bytes: secret }]);
  for (const bytes of [secret, reversed]) {
    for (const before of around) {
      for (const after of around) {
        // Text may hold more than the secret: then its Base64 begins and ends in the middle of a group.
        const text = spell(Buffer.concat([before, bytes, after]));
        if (/^\d+n$/.test(String(text)) && before.length + after.length > 0) continue;
        const place = Buffer.concat([randomBytes(50), Buffer.from(text), randomBytes(50)]);
        expect(search.in(place).map(({ kind }) => kind)).toContain('it');
      }
    }
  }
});

test('the search reports no text that only resembles a secret', () => {
  const search = new Search([{ kind: 'it', bytes: secret }]);
  const other = Buffer.from(secret);
  other[31] = (other[31] ?? 0) ^ 1;

  expect(search.in(Buffer.concat([other, Buffer.from(other.toString('hex'))]))).toEqual([]);
  expect(search.in(randomBytes(100_000))).toEqual([]);
});
