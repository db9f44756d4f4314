import type { KindTable } from '../mpc/index.js';
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
import { PARTICIPANTS_MAX } from './group.js';

/** The three messages of key generation. */
export type KeygenKinds = {
  /** Commitment to KG2, and a key to seal KG3 to. */
  readonly KG1: KeygenCommitment;
  /** The opening: A_i, proof of possession, salt. */
  readonly KG2: KeygenOpening;
  /** f_i(j), to j alone. */
  readonly KG3: KeygenValue;
};

export const HASH_BYTES = 32;
export const SALT_BYTES = 32;

function codec<V>(type: MessageType<V>, isFit: (value: V) => boolean) {
  return {
    encode: (value: V) => encode(type, value),
    decode: (body: Uint8Array) => {
      const value = decode(type, body);
      return value !== undefined && isFit(value) ? value : undefined;
    },
  };
}

/** What `openSession` needs to carry a key generation. Lengths that depend on the group are checked by the protocol. */
export const keygenKinds: KindTable<KeygenKinds> = {
  KG1: {
    sealed: false,
    ...codec(
      KeygenCommitment,
      ({ hash, sealKey }) => hash.length === HASH_BYTES && sealKey.length === 32,
    ),
    sealKey: ({ sealKey }) => sealKey,
  },
  KG2: {
    sealed: false,
    ...codec(
      KeygenOpening,
      ({ coefficients, salt }) =>
        coefficients.length <= PARTICIPANTS_MAX && salt.length === SALT_BYTES,
    ),
  },
  KG3: {
    sealed: true,
    encode: (value) => encodeSecret(KeygenValue, value),
    decode: (body) => decodeSecret(KeygenValue, body),
  },
};
