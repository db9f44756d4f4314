import { X25519_BYTES } from '../../crypto/index.js';
import { PARTICIPANTS_MAX } from '../../identity/index.js';
import { protocol } from '../../mpc/index.js';
import {
  decodeSecret,
  encodeSecret,
  ReshareAnnouncement,
  ReshareCommitment,
  ReshareOpening,
  ReshareValue,
} from '../../wire/index.js';
import { codec, HASH_BYTES, SALT_BYTES } from '../messages.js';

/** The rounds of a reshare. The kinds of its messages are its own: no message of a key generation is one of a reshare. */
export type ReshareRounds = {
  /** Of every party: a key to seal values to. It travels beside the commitments. */
  readonly announce: { readonly all: ReshareAnnouncement };
  /** Of each dealer: a commitment to the opening. */
  readonly commit: { readonly all: ReshareCommitment };
  /** Of each dealer: the opening, A′_i and salt. */
  readonly open: { readonly all: ReshareOpening };
  /** Of each dealer, to one receiver alone: g_i(j). */
  readonly value: { readonly each: ReshareValue };
};

export type ReshareGroup = 'dealers' | 'receivers';

/**
 * A reshare as sessions carry it. A dealer that gets no share hears the other dealers too, so that it opens its commitment only when all
 * have committed, and deals to no session that it has seen fail.
 */
export const resharing = protocol<ReshareRounds, ReshareGroup>({
  name: 'reshare',
  // The largest body, an opening for 20 receivers, has under 1 KiB. An honest sender seals one message for each receiver.
  limits: { bodyBytesMax: 16_384, earlySealedMax: 4 },
  rounds: {
    announce: {
      all: codec(ReshareAnnouncement, ({ sealKey }) => sealKey.length === X25519_BYTES),
      sealKey: ({ sealKey }) => sealKey,
    },
    commit: {
      senders: 'dealers',
      all: codec(ReshareCommitment, ({ hash }) => hash.length === HASH_BYTES),
    },
    open: {
      senders: 'dealers',
      all: codec(
        ReshareOpening,
        ({ coefficients: points, salt }) =>
          points.length <= PARTICIPANTS_MAX && salt.length === SALT_BYTES,
      ),
    },
    value: {
      senders: 'dealers',
      receivers: 'receivers',
      each: {
        encode: (value) => encodeSecret(ReshareValue, value),
        decode: (body) => decodeSecret(ReshareValue, body),
      },
    },
  },
});
