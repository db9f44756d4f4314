/**
 * FROST signing: three plain functions (RFC 9591), nonces and commitments, shares, aggregation. Everything is generic in its
 * suite, a value that is handed in. It knows no log, no node and no storage: whether a node may sign a message is decided before.
 */
export { aggregate, hasNonceOf } from './aggregate.js';
export { isSignerSet } from './binding.js';
export type { Commitment } from './binding.js';
export { judgeSignatureShare } from './judge.js';
export { SHARE_KIND } from './messages.js';
export { commit, HEDGE_BYTES, signShare } from './sign.js';
export type { Nonce, SignShareResult } from './sign.js';
export { belongs, derivedPublicKey, publicKeyOf } from './signing-key.js';
export { createSuite } from './suite.js';
export type { Suite } from './suite.js';
export { ed25519Suite, frostSuites, p256Suite, secp256k1Suite, taprootSuite } from './suites.js';
export type { FrostAlgorithm, Suites } from './suites.js';
