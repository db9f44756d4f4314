import { X25519_BYTES } from '../crypto/index.js';
import { PARTICIPANTS_MAX } from '../identity/index.js';
import { protocol } from '../mpc/index.js';
import {
  decode,
  decodeSecret,
  encode,
  encodeSecret,
  KeygenCommitment,
  KeygenOpening,
  KeygenValue,
  type MessageType,
} from '../wire/index.js';

/** The three rounds of key generation. */
export type KeygenRounds = {
  /** A commitment to the opening, and a key to seal the values to. */
  readonly commit: { readonly all: KeygenCommitment };
  /** The opening: A_i, proof of possession, salt. */
  readonly open: { readonly all: KeygenOpening };
  /** f_i(j), to j alone. */
  readonly value: { readonly each: KeygenValue };
};

export const HASH_BYTES = 32;
export const SALT_BYTES = 32;

/** The codec of a wire message whose values must be fit beside. */
export function codec<V>(type: MessageType<V>, isFit: (value: V) => boolean) {
  return {
    encode: (value: V) => encode(type, value),
    decode: (body: Uint8Array) => {
      const value = decode(type, body);
      return value !== undefined && isFit(value) ? value : undefined;
    },
  };
}

/** Key generation as sessions carry it. Lengths that depend on the group are checked by the protocol. */
export const keygen = protocol<KeygenRounds>({
  name: 'keygen',
  // The largest body, an opening for 20 participants, has under 1 KiB. An honest sender seals one message for each receiver.
  limits: { bodyBytesMax: 16_384, earlySealedMax: 4 },
  rounds: {
    commit: {
      all: codec(
        KeygenCommitment,
        ({ hash, sealKey }) => hash.length === HASH_BYTES && sealKey.length === X25519_BYTES,
      ),
      sealKey: ({ sealKey }) => sealKey,
    },
    open: {
      all: codec(
        KeygenOpening,
        ({ coefficients, salt }) =>
          coefficients.length <= PARTICIPANTS_MAX && salt.length === SALT_BYTES,
      ),
    },
    value: {
      each: {
        encode: (value) => encodeSecret(KeygenValue, value),
        decode: (body) => decodeSecret(KeygenValue, body),
      },
    },
  },
});
