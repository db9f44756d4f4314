import { expect, test } from '@jest/globals';
import { toHex } from '../../../src/common/index.js';
import type { Random } from '../../../src/ports/index.js';
import {
  echoOf,
  mixedSsid,
  parameterSet,
  PROFILES,
  RoundRandom,
  sessionBase,
  ssid0Of,
  type SessionFacts,
} from '../../../src/gg20/index.js';
import { commitmentOf, privateHash } from '../../../src/gg20/session-id.js';
import { bytesItem } from '../../../src/wire/index.js';
import { CURVES, SET_3072 } from '../../support/builders/gg20.js';
import { SESSION_FACTS } from '../../support/builders/gg20-session.js';

const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

const facts = SESSION_FACTS;
const [first, second] = facts.members;
if (first === undefined || second === undefined) throw new Error('two members');

test('two sessions that differ in any fact have different ids', () => {
  const changes: readonly Partial<SessionFacts>[] = [
    {},
    { set: SET_3072 },
    { set: parameterSet(CURVES['P-256'], PROFILES.P2048) },
    { protocol: 'sign' },
    { keyId: 'key-2' },
    { version: 2 },
    { attempt: 2 },
    { threshold: 3 },
    { members: [first, { ...second, nodeId: 'node-3' }] },
    { members: [first, { ...second, identityKey: bytes32(9) }] },
    { members: [first, { ...second, index: 3 }] },
    { members: [first] },
    { publicKey: new Uint8Array(33).fill(3) },
    { signers: [1, 3] },
    { setId: bytes32(5) },
    { generation: 2 },
    { auxDigest: bytes32(6) },
    { bind: [bytesItem(bytes32(7))] },
  ];
  const entry = bytes32(8);
  const ids = changes.map((change) =>
    toHex(ssid0Of('ab'.repeat(16), entry, sessionBase({ ...facts, ...change }))),
  );
  expect(new Set(ids).size).toBe(changes.length);
});

test('two entries, and two clusters, have different ids for equal facts', () => {
  const base = sessionBase(facts);
  const ids = [
    ssid0Of('ab'.repeat(16), bytes32(1), base),
    ssid0Of('ab'.repeat(16), bytes32(2), base),
    ssid0Of('cd'.repeat(16), bytes32(1), base),
  ];
  expect(new Set(ids.map(toHex)).size).toBe(3);
});

test('every signer’s random bytes are in the mixed id, in their place', () => {
  const [a, b, c] = [bytes32(1), bytes32(2), bytes32(3)];
  const ids = [
    mixedSsid(a, [b, c]),
    mixedSsid(a, [c, b]),
    mixedSsid(b, [b, c]),
    mixedSsid(a, [b]),
    mixedSsid(a, [b, a]),
  ];
  expect(new Set(ids.map(toHex)).size).toBe(ids.length);
});

test('an echo names session, round, each sender and each body, in whatever order they came', () => {
  const [x, y] = [bytes32(5), bytes32(6)];
  const echo = echoOf(
    bytes32(1),
    3,
    new Map([
      [1, x],
      [2, y],
    ]),
  );
  const same = echoOf(
    bytes32(1),
    3,
    new Map([
      [2, y],
      [1, x],
    ]),
  );
  const others = [
    echoOf(
      bytes32(2),
      3,
      new Map([
        [1, x],
        [2, y],
      ]),
    ),
    echoOf(
      bytes32(1),
      4,
      new Map([
        [1, x],
        [2, y],
      ]),
    ),
    echoOf(
      bytes32(1),
      3,
      new Map([
        [1, y],
        [2, x],
      ]),
    ),
    echoOf(
      bytes32(1),
      3,
      new Map([
        [1, x],
        [3, y],
      ]),
    ),
    echoOf(bytes32(1), 3, new Map([[1, x]])),
  ];
  expect(toHex(same)).toBe(toHex(echo));
  expect(new Set([echo, ...others].map(toHex)).size).toBe(6);
});

test('a commitment and a private message’s hash depend on all that they name', () => {
  const [a, b] = [bytes32(1), bytes32(2)];
  const hashes = [
    commitmentOf('gamma', a, 1, a, b),
    commitmentOf('other', a, 1, a, b),
    commitmentOf('gamma', b, 1, a, b),
    commitmentOf('gamma', a, 2, a, b),
    commitmentOf('gamma', a, 1, b, b),
    commitmentOf('gamma', a, 1, a, a),
    privateHash(a, 1, 1, 2, b),
    privateHash(b, 1, 1, 2, b),
    privateHash(a, 2, 1, 2, b),
    privateHash(a, 1, 3, 2, b),
    privateHash(a, 1, 1, 3, b),
    privateHash(a, 1, 1, 2, a),
  ];
  expect(new Set(hashes.map(toHex)).size).toBe(hashes.length);
});

/** A random source that gives the same bytes always, as that of a cloned machine. */
const stuck: Random = { bytes: (count) => new Uint8Array(count).fill(9) };
const somewhere = { deviceSecret: bytes32(1), ssid0: bytes32(2), round: 1, heard: bytes32(3) };

test('a stuck random source gives other bytes for another device, session, round, or other messages', () => {
  const drawn = [
    somewhere,
    { ...somewhere, deviceSecret: bytes32(4) },
    { ...somewhere, ssid0: bytes32(4) },
    { ...somewhere, round: 2 },
    { ...somewhere, heard: bytes32(4) },
  ].map((at) => toHex(new RoundRandom(stuck, at).bytes(48)));
  expect(new Set(drawn).size).toBe(drawn.length);
  const random = new RoundRandom(stuck, somewhere);
  expect(toHex(random.bytes(48))).toBe(drawn[0]);
  expect(toHex(random.bytes(48))).not.toBe(drawn[0]);
});

test('the bytes that a round’s randomness was made of are wiped', () => {
  const given: Uint8Array[] = [];
  const random: Random = {
    bytes: (count) => {
      const bytes = new Uint8Array(count).fill(9);
      given.push(bytes);
      return bytes;
    },
  };
  using made = new RoundRandom(random, somewhere);
  expect(made.bytes(1)).toHaveLength(1);
  expect(given.map((bytes) => bytes.some((byte) => byte !== 0))).toEqual([false]);
  expect(somewhere.deviceSecret.every((byte) => byte === 1)).toBe(true);
});
