import type { SessionFacts } from '../../../src/gg20/index.js';
import { SET_2048 } from './gg20.js';

const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

/** All that a session of two signers is for. */
export const SESSION_FACTS: SessionFacts = {
  set: SET_2048,
  protocol: 'presign',
  keyId: 'key-1',
  version: 1,
  attempt: 1,
  threshold: 2,
  members: [
    { index: 1, nodeId: 'node-1', identityKey: bytes32(1) },
    { index: 2, nodeId: 'node-2', identityKey: bytes32(2) },
  ],
  publicKey: new Uint8Array(33).fill(2),
  signers: [1, 2],
  setId: bytes32(3),
  generation: 1,
  auxDigest: bytes32(4),
  bind: [],
};
