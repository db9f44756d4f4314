/**
 * Rows of the list of bad inputs that no client's call can be: what one node says to another, floods, the death of a
 * leader. Number, name of the test, its file.
 */
export const ELSEWHERE: readonly (readonly [number, string, string])[] = [
  [
    19,
    'Ed25519 decoding refuses all points of small order, the identity among them, in every spelling',
    'test/unit/crypto/ed25519-group.test.ts',
  ],
  [
    20,
    'Ed25519 decoding refuses bytes off the curve, and other lengths',
    'test/unit/crypto/ed25519-group.test.ts',
  ],
  [
    20,
    'Ed25519 decoding refuses a point that has a part of small order',
    'test/unit/crypto/ed25519-group.test.ts',
  ],
  [
    21,
    'scalars of Ed25519 are 32 bytes, lowest first, below the order',
    'test/unit/crypto/ed25519-group.test.ts',
  ],
  [
    21,
    'Ed25519 decoding refuses coordinates that are not below the field order',
    'test/unit/crypto/ed25519-group.test.ts',
  ],
  [22, 'attack 3: %i points, well proved, at threshold 2', 'test/unit/sharing/attacks.test.ts'],
  [
    24,
    'attack 2: envelopes of another session count as absent',
    'test/unit/sharing/attacks.test.ts',
  ],
  [
    25,
    '25: a peer’s stream with a message in another node’s name ends with PERMISSION_DENIED',
    'test/unit/rpc/peers.test.ts',
  ],
  [26, '26: an app', 'test/unit/rpc/peers.test.ts'],
  [33, '33: a connection that sends nothing is closed', 'test/unit/rpc/front.test.ts'],
  [
    33,
    '33: a TLS connection that sends no HTTP/2 is closed at the idle limit',
    'test/unit/rpc/front.test.ts',
  ],
  [
    51,
    'a request in the log of a dying leader alone gets one result when it is sent again',
    'test/integration/cluster-leader.test.ts',
  ],
  [
    51,
    'a client of another node gets its answer when the leader dies in the middle of the request',
    'test/integration/cluster-leader.test.ts',
  ],
  [
    53,
    '53: streams that are opened and reset at once end their connection',
    'test/unit/rpc/front.test.ts',
  ],
];
