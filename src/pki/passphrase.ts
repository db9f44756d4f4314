import { scryptSync } from 'node:crypto';
import { z } from 'zod';
import { ClusterError, fromHex, toHex } from '../common/index.js';
import { equalSecrets, SecretBytes } from '../crypto/index.js';
import { checkValueOf, NODE_KEY_BYTES } from './node-key.js';
import { systemRandom } from '../machine/index.js';

/** scrypt (RFC 7914): 128 MiB and some tenths of a second for each guess. */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;
/** Node allows 32 MiB; scrypt needs 128·N·r bytes and a little. */
const MEMORY_MAX = 2 * 128 * COST.N * COST.r;
const SALT_BYTES = 16;
/** Enough for six random words; what people think of themselves is guessed. */
const LENGTH_MIN = 16;

/**
 * The parameters in an identity file of the passphrase that it is sealed under: nothing secret, and no other costs than
 * ours.
 */
export const passphraseHeader = z.strictObject({
  kdf: z.literal('scrypt'),
  n: z.literal(COST.N),
  r: z.literal(COST.r),
  p: z.literal(COST.p),
  /** Hex; of this data directory alone. */
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  /** Hex of a value that only the right passphrase gives, so that a wrong one is told from a damaged file. */
  check: z.string().regex(/^[0-9a-f]{64}$/),
});
export type PassphraseHeader = z.infer<typeof passphraseHeader>;

/**
 * A new node key out of a passphrase, with a salt of its own, and what must stand in the identity file to find it again. The
 * passphrase stays the caller's.
 *
 * @throws ClusterError `invalid-request` for one that is too short.
 */
export function newPassphraseKey(
  passphrase: SecretBytes,
  from: string,
): { readonly key: SecretBytes; readonly header: PassphraseHeader } {
  if (passphrase.bytes.length < LENGTH_MIN) {
    throw new ClusterError(
      'invalid-request',
      `${from}: a passphrase needs at least ${LENGTH_MIN} bytes; six random words are good`,
      { reason: 'INVALID_CONFIGURATION' },
    );
  }
  const salt = systemRandom.bytes(SALT_BYTES);
  const key = derive(passphrase, salt);
  const check = toHex(checkValueOf(key.bytes));
  const { N: n, r, p } = COST;
  return { key, header: { kdf: 'scrypt', n, r, p, salt: toHex(salt), check } };
}

/**
 * The node key of a passphrase again, by the first of `headers` that it fits.
 *
 * @throws ClusterError `unauthenticated` (`WRONG_PASSPHRASE`) when it fits none.
 */
export function passphraseKeyOfAny(
  passphrase: SecretBytes,
  headers: readonly PassphraseHeader[],
  from: string,
): SecretBytes {
  for (const header of headers) {
    const key = derive(passphrase, fromHex(header.salt) ?? new Uint8Array());
    const check = checkValueOf(key.bytes);
    if (equalSecrets(check, fromHex(header.check) ?? new Uint8Array())) return key;
    key[Symbol.dispose]();
  }
  throw new ClusterError(
    'unauthenticated',
    `${from}: this is not the passphrase that the identity key was sealed with; nothing was written`,
    { reason: 'WRONG_PASSPHRASE' },
  );
}

function derive(passphrase: SecretBytes, salt: Uint8Array): SecretBytes {
  const options = { ...COST, maxmem: MEMORY_MAX };
  return new SecretBytes(scryptSync(passphrase.bytes, salt, NODE_KEY_BYTES, options));
}
