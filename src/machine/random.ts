import { randomFillSync } from 'node:crypto';
import type { Random } from '../ports/index.js';

/** The kernel's randomness through OpenSSL. (`randomBytes` is avoided: a small Buffer may share a pool.) */
export const systemRandom: Random = {
  bytes: (count) => randomFillSync(new Uint8Array(count)),
};
