import { randomUnit } from '../../../src/crypto/index.js';
import {
  acceptBody,
  isSameAccept,
  parameterSet,
  PROFILES,
  proveAlice,
  sessionBase,
  ssid0Of,
  verifyAlice,
  type SessionFacts,
  type SignedFacts,
} from '../../../src/gg20/index.js';
import { numberLayout } from '../../../src/gg20/zk/layout.js';
import { bytesItem } from '../../../src/wire/index.js';
import { CURVES, SET_2048 } from '../../support/builders/gg20.js';
import { SESSION_FACTS } from '../../support/builders/gg20-session.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack, Removal } from './attack.js';
import { attacker, attackersPlace, random, set, victim } from './pair.js';

const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

/** A proof of one session, shown in another one that differs in one fact. */
function inAnother(change: Partial<SessionFacts>): Attempt {
  const [here, there] = [SESSION_FACTS, { ...SESSION_FACTS, ...change }].map((facts) =>
    ssid0Of('cluster', bytes32(1), sessionBase(facts)),
  );
  if (here === undefined || there === undefined) throw new Error('two sessions');
  const { key } = attacker.own;
  const [m, r] = [5n, randomUnit(key.N, random)];
  const statement = { key, c: key.encrypt(m, r), to: victim.own.trapdoor };
  const proof = proveAlice(set, attackersPlace(here, 1), statement, { m, r }, random);
  const refused = verifyAlice(set, attackersPlace(there, 1), statement, proof);
  return refused === undefined
    ? unstopped('a proof that holds in both sessions')
    : stoppedBy('the proof was made for something else');
}

const SESSIONS: readonly (readonly [string, Removal, Partial<SessionFacts>])[] = [
  ['protocol', gg20('session-id.js', 'textItem(facts.protocol),\n'), { protocol: 'sign' }],
  [
    'key',
    gg20(
      'session-id.js',
      'textItem(facts.keyId),\n        u32Item(facts.version),\n        u32Item(facts.attempt),',
      'u32Item(facts.version),\n        u32Item(facts.attempt),',
    ),
    { keyId: 'key-2' },
  ],
  [
    'version of the key',
    gg20(
      'session-id.js',
      'u32Item(facts.version),\n        u32Item(facts.attempt),',
      'u32Item(facts.attempt),',
    ),
    { version: 2 },
  ],
  ['attempt', gg20('session-id.js', 'u32Item(facts.attempt),\n'), { attempt: 2 }],
  [
    'curve',
    gg20('session-id.js', 'textItem(curve.name),\n'),
    { set: parameterSet(CURVES['P-256'], PROFILES.P2048) },
  ],
  [
    'digest, path or hash',
    gg20('session-id.js', 'listItem(facts.bind),\n'),
    { bind: [bytesItem(bytes32(9))] },
  ],
  [
    'generation of moduli',
    gg20('session-id.js', 'u32Item(facts.generation),\n'),
    { generation: 2 },
  ],
];

const SIGNED: SignedFacts<unknown> = {
  keyId: 'key-1',
  version: 1,
  hash: 1,
  digest: bytes32(1),
  path: [1],
  eps: 0n,
  derivedKey: CURVES.secp256k1.group.base,
};

/** An ACCEPT for another message or key, shown as one for this. */
function acceptFor(change: Partial<SignedFacts<unknown>>): Attempt {
  const presignature = { presigId: bytes32(2) };
  const [own, other] = [SIGNED, { ...SIGNED, ...change }].map((facts, at) =>
    acceptBody(SET_2048, bytes32(3), presignature, facts, bytes32(at)),
  );
  if (own === undefined || other === undefined) throw new Error('two ACCEPTs');
  return isSameAccept(own, other)
    ? unstopped('an ACCEPT for something else that is taken')
    : stoppedBy('the ACCEPT is for something else');
}

const ACCEPTS: readonly (readonly [string, Removal, Partial<SignedFacts<unknown>>])[] = [
  [
    'key',
    gg20(
      'sign/accept.js',
      'textItem(facts.keyId),\n        u32Item(facts.version),\n        u8Item',
      'u32Item(facts.version),\n        u8Item',
    ),
    { keyId: 'key-2' },
  ],
  [
    'hash',
    gg20(
      'sign/accept.js',
      'u8Item(facts.hash),\n        bytesItem(facts.digest)',
      'bytesItem(facts.digest)',
    ),
    { hash: 2 },
  ],
  [
    'digest',
    gg20('sign/accept.js', 'bytesItem(facts.digest),\n        listItem', 'listItem'),
    { digest: bytes32(4) },
  ],
  ['path', gg20('sign/accept.js', 'listItem(facts.path.map(u32Item)),\n'), { path: [2] }],
  [
    'derived key',
    gg20('sign/accept.js', 'pointItem(curve.group.encode(facts.derivedKey)),\n'),
    { derivedKey: CURVES.secp256k1.H },
  ],
];

/** Where a number modulo N is due. Reading costs the square of the length: ten megabytes, many minutes. */
function giantNumber(): Attempt {
  const read = numberLayout(set.widths.modulus).decode(new Uint8Array(100_000).fill(1));
  return read === undefined
    ? stoppedBy('bytes of another length are not read')
    : unstopped('a number of 100,000 bytes that was read');
}

export const CONTEXTS: readonly Gg20Attack[] = [
  ...SESSIONS.map(([what, removed, change]): Gg20Attack => ({
    row: 39,
    name: `a proof of a session for another ${what}`,
    stopped: 'the proof was made for something else',
    removed: [removed],
    run: () => inAnother(change),
  })),
  ...ACCEPTS.map(([what, removed, change]): Gg20Attack => ({
    row: 39,
    name: `an ACCEPT for another ${what}`,
    stopped: 'the ACCEPT is for something else',
    removed: [removed],
    run: () => acceptFor(change),
  })),
  {
    row: 31,
    name: 'a number that is 800 times as long as N',
    stopped: 'bytes of another length are not read',
    removed: [
      gg20(
        'zk/layout.js',
        'decode: (bytes) => (bytes.length === byteLength ? decodeBigEndian(bytes) : undefined)',
        'decode: (bytes) => decodeBigEndian(bytes)',
      ),
    ],
    run: giantNumber,
  },
];
