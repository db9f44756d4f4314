import type { Job } from '../ports/index.js';
import { signedBytes, signedHash } from '../state/index.js';
import type { SignPayload } from '../state/index.js';

/** {@link signedBytes}: Keccak-256 of the longest message of a request takes some milliseconds. */
export const signedBytesJob: Job<SignPayload, Uint8Array> = {
  name: 'signing/digest',
  lane: 'signing',
  work(payload) {
    const { length } = payload.form === 'digest' ? payload.digest : payload.message;
    return `${signedHash(payload)} ${Math.floor(Math.log2(length + 1))}`;
  },
  compute: (payload) => signedBytes(payload),
};
