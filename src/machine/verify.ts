import type { Verify } from '../ports/index.js';
import { verifyEd25519, verifyP256 } from './openssl.js';

/** OpenSSL's opinion of the signatures of nodes and certificates, through node:crypto. */
export const nodeVerify: Verify = {
  identity: verifyEd25519,
  certified(key, bytes, signature) {
    switch (key.kind) {
      case 'ed25519':
        return verifyEd25519(key.bytes, bytes, signature);
      case 'p256':
        return verifyP256(key.bytes, bytes, signature);
    }
  },
};
