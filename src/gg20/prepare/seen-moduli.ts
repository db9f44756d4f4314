import { bytesItem } from '../../wire/index.js';
import type { Envelope } from '../../wire/index.js';
import { gg20Xof } from '../transcript.js';
import { HASH_BYTES } from './messages.js';

/** A modulus that was opened in a session, and by whose signed message. */
export type SeenModulus = {
  /** {@link modulusHash}. */
  readonly hash: Uint8Array;
  /** Of the member that opened it. */
  readonly identityKey: Uint8Array;
  /** The message that shows it, which names its session. */
  readonly message: Envelope;
};

/** The moduli that this node has seen in any `prepare`. No honest node opens one twice: its primes are used once. */
export interface SeenModuli {
  /** All that were seen with one of these hashes. */
  find(hashes: readonly Uint8Array[]): Promise<readonly SeenModulus[]>;
  /** Remembers them before anything is made of them. */
  add(seen: readonly SeenModulus[]): Promise<void>;
}

/** XOF("modulus", [N or Nh], 32). */
export function modulusHash(modulus: Uint8Array): Uint8Array {
  return gg20Xof('modulus', [bytesItem(modulus)], HASH_BYTES);
}
