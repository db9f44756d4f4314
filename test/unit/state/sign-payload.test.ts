import { describe, expect, test } from '@jest/globals';
import { concat, toHex, utf8 } from '../../../src/common/index.js';
import { doubleSha256, keccak256, sha256 } from '../../../src/crypto/index.js';
import { ALGORITHMS, KEY_ALGORITHMS } from '../../../src/identity/index.js';
import {
  METHODS,
  parseRequest,
  signedBytes,
  signedHash,
  TASK_KINDS,
} from '../../../src/state/index.js';
import { isSign } from '../../../src/state/kinds/sign.js';
import { checkPayload } from '../../../src/state/sign-payload.js';
import type { SignPayload } from '../../../src/state/sign-payload.js';
import { Algorithm, encode, Hash, SignRequest } from '../../../src/wire/index.js';
import { Ledger } from '../../support/builders/ledger.js';
import { activeGg20Key, prepare } from '../../support/builders/participant-sets.js';

const MESSAGE = utf8('a message');
const DIGEST = sha256(MESSAGE);

/** The reason and field of a refusal, or what is to be signed. */
function read(fields: Partial<SignRequest>, level?: number): object {
  const request = SignRequest.fromPartial({ requestId: 'r', keyId: 'demo', ...fields });
  return readBytes(encode(SignRequest, request), level);
}

function readBytes(bytes: Uint8Array, level?: number): object {
  const parsed = parseRequest(TASK_KINDS, METHODS.sign, bytes, level);
  if (!parsed.ok) {
    const { code, reason, field } = parsed.refusal;
    return { code, reason, field };
  }
  const { asked } = parsed.value;
  return isSign(asked) ? asked.payload : {};
}

const message = { $case: 'message', value: MESSAGE } as const;
const digestOf = (value: Uint8Array) => ({ $case: 'digest', value }) as const;
const refused = (reason: string, field?: string) => ({ code: 'invalid-request', reason, field });

describe('a Sign says what is to be signed', () => {
  test('as a message, as a message with its hash, or as a digest', () => {
    expect(read({ payload: message })).toEqual({ form: 'message', message: MESSAGE });
    for (const hash of [Hash.SHA256, Hash.KECCAK256, Hash.DOUBLE_SHA256])
      expect(read({ payload: message, hash })).toEqual({ form: 'hashed', message: MESSAGE, hash });
    expect(read({ payload: digestOf(DIGEST) })).toEqual({ form: 'digest', digest: DIGEST });
  });

  test('with a hash that there is, and none beside a digest', () => {
    for (const hash of [4, 99, 2 ** 31 - 1, -1])
      expect(read({ payload: message, hash: hash as Hash })).toEqual(
        refused('UNKNOWN_HASH', 'hash'),
      );
    expect(read({ payload: digestOf(DIGEST), hash: Hash.SHA256 })).toEqual(
      refused('HASH_WITH_DIGEST', 'hash'),
    );
  });

  test('with a digest of 32 bytes', () => {
    for (const length of [0, 1, 31, 33, 64])
      expect(read({ payload: digestOf(new Uint8Array(length)) })).toEqual(
        refused('INVALID_DIGEST', 'digest'),
      );
  });

  test('with something to sign, and only one thing', () => {
    expect(read({})).toEqual(refused('MISSING_MESSAGE', 'message'));
    expect(read({ hash: Hash.SHA256 })).toEqual(refused('MISSING_MESSAGE', 'message'));
    // message = "a" (field 3) and then a digest (field 5).
    const request = SignRequest.fromPartial({ requestId: 'r', keyId: 'demo', payload: message });
    const both = concat(encode(SignRequest, request), Uint8Array.of(0x2a, 32), DIGEST);
    expect(readBytes(both)).toEqual(refused('INVALID_ENCODING'));
  });

  test('below feature level 3 as a message alone: the other fields are not known', () => {
    for (const level of [1, 2]) {
      expect(read({ payload: message }, level)).toEqual({ form: 'message', message: MESSAGE });
      const unknown = refused('INVALID_ENCODING');
      expect(read({ payload: message, hash: Hash.SHA256 }, level)).toEqual(unknown);
      expect(read({ payload: message, hash: 99 as Hash }, level)).toEqual(unknown);
      expect(read({ payload: digestOf(DIGEST) }, level)).toEqual(unknown);
      expect(read({ payload: digestOf(new Uint8Array(3)) }, level)).toEqual(unknown);
    }
    expect(read({ payload: digestOf(DIGEST) }, 3)).toEqual({ form: 'digest', digest: DIGEST });
  });
});

const FORMS: Readonly<Record<SignPayload['form'], SignPayload>> = {
  message: { form: 'message', message: MESSAGE },
  hashed: { form: 'hashed', message: MESSAGE, hash: Hash.KECCAK256 },
  digest: { form: 'digest', digest: DIGEST },
};

test.each(KEY_ALGORITHMS.map((algorithm) => [ALGORITHMS[algorithm].name, algorithm] as const))(
  'a key of %s takes exactly the forms that it signs',
  (name, algorithm) => {
    const refusals = Object.values(FORMS).map((form) => {
      const refusal = checkPayload(form, algorithm);
      return refusal && [refusal.reason, refusal.field];
    });
    const isEcdsa = name.startsWith('GG20');
    expect(refusals).toEqual(
      isEcdsa
        ? [['MISSING_HASH', 'hash'], undefined, undefined]
        : [undefined, ['HASH_UNSUPPORTED', 'hash'], ['DIGEST_UNSUPPORTED', 'digest']],
    );
  },
);

test('a Sign signs the message, its hash by the function named, or the digest', () => {
  const hashed = (hash: 1 | 2 | 3) => signedBytes({ form: 'hashed', message: MESSAGE, hash });
  expect(signedBytes(FORMS.message)).toEqual(MESSAGE);
  expect(toHex(hashed(Hash.SHA256))).toBe(toHex(sha256(MESSAGE)));
  expect(toHex(hashed(Hash.KECCAK256))).toBe(toHex(keccak256(MESSAGE)));
  expect(toHex(hashed(Hash.DOUBLE_SHA256))).toBe(toHex(doubleSha256(MESSAGE)));
  expect(signedBytes(FORMS.digest)).toEqual(DIGEST);
  expect(Object.values(FORMS).map(signedHash)).toEqual([0, Hash.KECCAK256, 0]);
});

describe('a Sign is admitted only in a form that its key signs', () => {
  const digest = digestOf(DIGEST);
  const ledger = new Ledger();
  ledger.generate('first', { algorithm: Algorithm.GG20_SECP256K1 });
  prepare(ledger);
  activeGg20Key(ledger, 'ecdsa');
  ledger.activeKey('frost');
  let asked = 0;

  function decide(keyId: string, fields: Partial<SignRequest>): object | undefined {
    const request = SignRequest.fromPartial({ requestId: `r-${(asked += 1)}`, keyId, ...fields });
    const value = ledger.request(METHODS.sign, encode(SignRequest, request));
    const result = ledger.command({ $case: 'request', value }, 3).decision?.result;
    if (result?.kind !== 'refused') return undefined;
    const { code, reason, field } = result.refusal;
    return { code, reason, field };
  }

  test('an ECDSA key signs hashed messages and digests', () => {
    expect(decide('ecdsa', { payload: message, hash: Hash.KECCAK256 })).toBeUndefined();
    expect(decide('ecdsa', { payload: digest })).toBeUndefined();
    expect(decide('ecdsa', { payload: message })).toEqual(refused('MISSING_HASH', 'hash'));
  });

  test('a FROST key signs messages alone', () => {
    expect(decide('frost', { payload: message })).toBeUndefined();
    expect(decide('frost', { payload: message, hash: Hash.SHA256 })).toEqual(
      refused('HASH_UNSUPPORTED', 'hash'),
    );
    expect(decide('frost', { payload: digest })).toEqual(refused('DIGEST_UNSUPPORTED', 'digest'));
  });
});
