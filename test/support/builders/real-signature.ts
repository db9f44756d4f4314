import { aggregate, derivedPublicKey, signShare } from '../../../src/frost/index.js';
import { sharedKey } from '../../../src/sharing/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import { fill } from './ledger.js';
import { ed25519Suite, VERIFIERS } from './schemes.js';
import type { DealtKey } from './task-room.js';

/** A signature under a key, or under what is derived from it along a path, made with two of its shares. */
export function realSignature(
  { record, scalars }: DealtKey,
  message: Uint8Array,
  path: readonly number[] = [],
): Uint8Array {
  const parts = sharedKey(record, path);
  const publicKey = derivedPublicKey(ed25519Suite, parts) ?? fill(0);
  const { group } = ed25519Suite;
  const nonces = [1, 2].map((index) => {
    const [d, e] = [BigInt(index + 5), BigInt(index + 50)];
    return {
      index,
      d,
      e,
      D: group.encode(group.multiplyBase(d)),
      E: group.encode(group.multiplyBase(e)),
    };
  });
  const shares = new Map<number, Uint8Array>();
  for (const { index, d, e } of nonces) {
    const nonce = { d: group.encodeScalar(d), e: group.encodeScalar(e) };
    const scalar = scalars[index - 1] ?? fill(0);
    const made = signShare(ed25519Suite, parts, { index, scalar }, nonce, nonces, message);
    if ('share' in made) shares.set(index, made.share);
  }
  const made = aggregate(ed25519Suite, parts, nonces, message, shares, (signature) =>
    VERIFIERS[Algorithm.FROST_ED25519_SHA512].verify(publicKey, message, signature),
  );
  if (!made.ok) throw new Error('no signature');
  return made.signature;
}
