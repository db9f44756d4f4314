import { equal, toHex } from '../common/index.js';
import { ALGORITHMS, isKeyAlgorithm } from '../identity/index.js';
import type { Algorithm, Key } from '../wire/index.js';
import { derivePublicKey } from './derived-key.js';
import { QuorateError } from './errors.js';
import type { JudgedKey, SigningKeyInput } from './inputs.js';
import { reaches } from './key-certificate.js';
import type { KeyTrust } from './key-certificate.js';

/** The key that a signature must verify under. */
export type SigningKey = Pick<Key, 'algorithm' | 'publicKey'>;
/** A signature is asked for under a public key that its caller knows. */
export type Pin = SigningKeyInput & { readonly publicKey: Uint8Array };

/** The error of a key that is worth less than is required, or `undefined`. */
export function shortfallOf(
  { key, verdict, because, requester }: JudgedKey,
  required: KeyTrust,
): QuorateError | undefined {
  if (reaches(verdict, required)) return undefined;
  const facts = { verdict, because, ...(requester !== undefined && { requester }) };
  if (verdict !== 'other-requester')
    return new QuorateError('protocol-abort', `Key ${key.keyId} is ${verdict}: ${because}`, {
      reason: 'KEY_UNVERIFIED',
      facts,
    });
  return new QuorateError(
    'protocol-abort',
    `Key ${key.keyId} was made for ${requester ?? 'another requester'}, and this client does not accept its keys. ` +
      'If you know that requester, name it: "requesters" in client.json or of connect(), --requester on the command ' +
      'line. Or give the public key that you know: publicKey, --public-key',
    { reason: 'KEY_OF_OTHER_REQUESTER', facts },
  );
}

/** @throws QuorateError `invalid-request` for bytes that are no public key of the algorithm that was named, or of any. */
export function requireLength({ algorithm, publicKey }: Pin): void {
  const named = algorithm !== undefined && isKeyAlgorithm(algorithm) ? [ALGORITHMS[algorithm]] : [];
  const possible = algorithm === undefined ? Object.values(ALGORITHMS) : named;
  if (possible.some(({ publicKeyBytes }) => publicKeyBytes === publicKey.length)) return;
  const wanted = possible.map(({ name, publicKeyBytes }) => `${publicKeyBytes} for ${name}`);
  throw new QuorateError(
    'invalid-request',
    `public_key has ${publicKey.length} bytes; it must have ${wanted.join(', ')}`,
    { reason: 'INVALID_PUBLIC_KEY', field: 'public_key' },
  );
}

/** @throws QuorateError `invalid-request` when the cluster shows another key under this id; nothing has been signed. */
export function requireSame(pin: Pin, shown: Key): void {
  const { keyId, algorithm = shown.algorithm, path = [], publicKey } = pin;
  if (algorithm !== shown.algorithm)
    refuse(pin, `is of another algorithm: ${nameOf(shown.algorithm)}, not ${nameOf(algorithm)}`);
  const derived = derivePublicKey(shown, path);
  if (derived !== undefined && equal(derived, publicKey)) return;
  const at = path.length === 0 ? keyId : `${keyId} at ${path.join('/')}`;
  const seen = derived === undefined ? 'none' : toHex(derived);
  refuse(pin, `is not the one that was given: the cluster shows ${seen} for ${at}`);
}

function refuse({ keyId }: Pin, words: string): never {
  throw new QuorateError(
    'invalid-request',
    `The public key of ${keyId} ${words}. Nothing was signed`,
    { reason: 'PUBLIC_KEY_DIFFERS', field: 'public_key' },
  );
}

function nameOf(algorithm: Algorithm): string {
  return isKeyAlgorithm(algorithm) ? ALGORITHMS[algorithm].name : `number ${algorithm}`;
}
