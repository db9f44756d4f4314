import { echoed, protocol, type Codec, type Echoed, type Protocol } from '../../mpc/index.js';

type AcceptRounds = {
  /** The message, path and key that this signer is about to sign for, and 32 random bytes. */
  readonly accept: { readonly all: Uint8Array };
};

/** The rounds in which a presignature signs: one, and echoes of it, which no share waits for. */
export type OnlineRounds = Echoed<AcceptRounds>;

/** A key's name, a path, and seven fields of at most 33 bytes. */
const ACCEPT_BYTES_MAX = 2_048;
/** An echo of twenty broadcasts has under 3 KiB. */
const ECHO_BYTES_MAX = 4_096;

/** The content of an ACCEPT follows from the entry: it is compared, and not read. */
const accept: Codec<Uint8Array> = {
  encode: (body) => body,
  decode: (body) => (body.length <= ACCEPT_BYTES_MAX ? body : undefined),
};

/** The online phase as sessions carry it, among the signers in order of index. */
export const onlineProtocol: Protocol<OnlineRounds> = protocol<OnlineRounds>({
  name: 'gg20-online',
  limits: { bodyBytesMax: ECHO_BYTES_MAX, earlySealedMax: 0 },
  rounds: echoed<AcceptRounds>({ accept: { all: accept } }),
});
