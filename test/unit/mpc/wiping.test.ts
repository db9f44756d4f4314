import { expect, test } from '@jest/globals';
import { algorithmJobs } from '../../../src/algorithms/index.js';
import { generateKey, keygen } from '../../../src/sharing/index.js';
import { startSession } from '../../../src/mpc/index.js';
import { inlineCompute } from '../../../src/machine/index.js';
import type { Random } from '../../../src/ports/index.js';
import { SecretPolynomial } from '../../../src/crypto/index.js';
import { seededRandom, testSigner, testVerify } from '../../support/builders/frost-exchange.js';
import { SCHEMES, GG20, VERIFIERS, ed25519Suite } from '../../support/builders/schemes.js';

/** Randomness that keeps the very arrays that it gave away. */
function recording(seed: number): { readonly random: Random; readonly given: Uint8Array[] } {
  const source = seededRandom(seed);
  const given: Uint8Array[] = [];
  const random: Random = {
    bytes: (count) => {
      const array = source.bytes(count);
      given.push(array);
      return array;
    },
  };
  return { random, given };
}

function isWiped(array: Uint8Array): boolean {
  return array.every((byte) => byte === 0);
}

/** Participant 1 of two, whose partner never says anything. */
function alone() {
  const signers = [testSigner('node-1'), testSigner('node-2')];
  const [own] = signers;
  if (own === undefined) throw new Error('there are two');
  const { random, given } = recording(1);
  const session = startSession({
    sessionId: new Uint8Array(32).fill(9),
    index: 1,
    identityKeys: signers.map(({ publicKey }) => publicKey),
    signer: own,
    verify: testVerify,
    random,
    protocol: keygen,
    groups: {},
    send: () => undefined,
  });
  return { session, given };
}

test('a session that ends early wipes its sealing secret', () => {
  const { session, given } = alone();
  expect(given.filter((array) => !isWiped(array))).toHaveLength(1);

  session.close(new Error('the deadline has passed'));

  expect(given.filter((array) => !isWiped(array))).toEqual([]);
});

test('a key generation that fails keeps nothing of its polynomial', async () => {
  const { session } = alone();
  const { random, given } = recording(2);
  const compute = inlineCompute(
    algorithmJobs({ schemes: SCHEMES, verifiers: VERIFIERS, gg20: GG20 }),
  );
  const made = generateKey(ed25519Suite, session.party, 2, random, compute);

  session.close(new Error('the deadline has passed'));

  await expect(made).rejects.toThrow('the deadline has passed');
  // Two coefficients, the nonce of the proof, and a salt, which is public.
  expect(given.map(({ length }) => length)).toEqual([64, 64, 64, 32]);
  expect(given.filter(({ length }) => length === 64).every(isWiped)).toBe(true);
});

test('a polynomial is unusable after its end', () => {
  const polynomial = new SecretPolynomial(ed25519Suite.group, [5n, 6n]);

  polynomial[Symbol.dispose]();

  expect(() => polynomial.evaluate(1)).toThrow('a secret is used after it was wiped');
  expect(() => polynomial.constant).toThrow('a secret is used after it was wiped');
});
