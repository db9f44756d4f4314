import { expect, test } from '@jest/globals';
import { utf8 } from '../../../../../src/common/index.js';
import { keccak256, sha256 } from '../../../../../src/crypto/index.js';
import type { Compute } from '../../../../../src/ports/index.js';
import { askedSignature } from '../../../../../src/tasks/kinds/sign/session-basis.js';
import { HASHED_AT_ONCE_BYTES_MAX } from '../../../../../src/tasks/limits.js';
import { Hash } from '../../../../../src/wire/index.js';

/** Computes jobs at once, and counts them. */
function counting(): { readonly compute: Compute; readonly names: string[] } {
  const names: string[] = [];
  const compute = {
    run: (job: { name: string; compute: (input: unknown) => unknown }, input: unknown) => {
      names.push(job.name);
      return Promise.resolve(job.compute(input));
    },
  } as unknown as Compute;
  return { compute, names };
}

const path = [0, 5];

test('a short message is hashed at once, and a bare digest is taken as it is', async () => {
  const { compute, names } = counting();
  const message = new Uint8Array(HASHED_AT_ONCE_BYTES_MAX).fill(7);
  const hashed = { form: 'hashed', message, hash: Hash.KECCAK256 } as const;
  expect(await askedSignature({ payload: hashed, path }, compute)).toEqual({
    form: 'message',
    hash: Hash.KECCAK256,
    digest: keccak256(message),
    path,
  });
  const digest = sha256(utf8('message'));
  expect(await askedSignature({ payload: { form: 'digest', digest }, path }, compute)).toEqual({
    form: 'digest',
    hash: Hash.UNSPECIFIED,
    digest,
    path,
  });
  expect(names).toEqual([]);
});

test('a long message is hashed by a job, off the main thread', async () => {
  const { compute, names } = counting();
  const message = new Uint8Array(HASHED_AT_ONCE_BYTES_MAX + 1).fill(7);
  const payload = { form: 'hashed', message, hash: Hash.SHA256 } as const;
  const { digest } = await askedSignature({ payload, path }, compute);
  expect(digest).toEqual(sha256(message));
  expect(names).toEqual(['signing/digest']);
});
