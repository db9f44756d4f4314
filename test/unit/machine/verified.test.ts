import { expect, test } from '@jest/globals';
import { remembering } from '../../../src/machine/verified.js';
import type { SignatureKey, Verify } from '../../../src/ports/index.js';

/** Says that a signature is right when it repeats the bytes, and counts how often it was asked. */
function counting(): Verify & { asked: number } {
  return {
    asked: 0,
    identity: () => true,
    certified(_key, bytes, signature) {
      this.asked += 1;
      return Buffer.compare(bytes, signature) === 0;
    },
  };
}

const key: SignatureKey = { kind: 'p256', bytes: new Uint8Array(65).fill(4) };
const bytes = new Uint8Array(64).fill(1);

function alter(array: Uint8Array): Uint8Array {
  return array.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
}

/** One of many. */
function message(at: number): Uint8Array {
  return new Uint8Array(new Uint32Array(16).fill(at).buffer);
}

test('a right signature is verified once, and every other one is computed', () => {
  const inner = counting();
  const verify = remembering({ ...inner, certified: (...asked) => inner.certified(...asked) });
  expect(verify.certified(key, bytes, bytes)).toBe(true);
  expect(verify.certified(key, bytes, bytes)).toBe(true);
  expect(inner.asked).toBe(1);

  expect(verify.certified(key, alter(bytes), bytes)).toBe(false);
  expect(verify.certified(key, bytes, alter(bytes))).toBe(false);
  expect(inner.asked).toBe(3);
  verify.certified({ ...key, bytes: alter(key.bytes) }, bytes, bytes);
  verify.certified({ ...key, kind: 'ed25519' }, bytes, bytes);
  expect(inner.asked).toBe(5);
});

test('a wrong signature is computed every time', () => {
  const inner = counting();
  const verify = remembering({ ...inner, certified: (...asked) => inner.certified(...asked) });
  for (let time = 0; time < 3; time++)
    expect(verify.certified(key, bytes, alter(bytes))).toBe(false);
  expect(inner.asked).toBe(3);
});

test('the cache of right signatures is bounded: the oldest go', () => {
  const inner = counting();
  const verify = remembering({ ...inner, certified: (...asked) => inner.certified(...asked) });
  for (let at = 0; at <= 4096; at++) verify.certified(key, message(at), message(at));
  verify.certified(key, message(4096), message(4096));
  expect(inner.asked).toBe(4097);
  verify.certified(key, message(0), message(0));
  expect(inner.asked).toBe(4098);
});
