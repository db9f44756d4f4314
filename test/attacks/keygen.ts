import { evidenceOfMessages, judgeEvidence } from '../../src/blame/index.js';
import { utf8 } from '../../src/common/index.js';
import type { PartyIndex } from '../../src/common/index.js';
import { keygen } from '../../src/sharing/index.js';
import type { Suite } from '../../src/frost/index.js';
import { commitmentTo } from '../../src/sharing/checks.js';
import type { Opening } from '../../src/sharing/checks.js';
import { ProtocolAbort, signEnvelope } from '../../src/mpc/index.js';
import { Seals } from '../../src/mpc/seals.js';
import type { Signer } from '../../src/ports/index.js';
import { encode, SignedBody } from '../../src/wire/index.js';
import type { Envelope, KeygenCommitment, KeygenOpening } from '../../src/wire/index.js';
import { judgeOf, openGenerate, signedBody, SIGNERS } from '../support/builders/accusation.js';
import { runKeygen, seededRandom } from '../support/builders/frost-exchange.js';
import type { Keygen, KeygenOptions, Tamper } from '../support/builders/frost-exchange.js';
import {
  ATTACKER,
  deals,
  opens,
  openingFor,
  SALT,
  view,
} from '../support/adversary/keygen-liar.js';
import { NODES, verify } from '../support/builders/ledger.js';
import { badPoints } from './bad-points.js';
import { ofSuite } from './case.js';
import type { AttackCase, Result } from './case.js';

const HONEST: readonly PartyIndex[] = [1, 2];
const LIAR = NODES[ATTACKER - 1] ?? '';
const SEED = 1;

type Open = ReturnType<typeof openGenerate>;
type Lie = {
  readonly name: string;
  readonly rows?: readonly number[];
  /** Why node-3 must be named; for nobody, what the honest ones come to. */
  readonly ends:
    'TWO_MESSAGES' | 'UNREADABLE_MESSAGE' | 'WRONG_OPENING' | 'WRONG_VALUE' | 'waiting' | 'key';
  options(suite: Suite, open: Open): Partial<KeygenOptions>;
  /** What else must hold. */
  also?(run: Keygen): readonly string[];
};

/** A lying participant 3 in every round of a 2-of-3 key generation, for one suite. */
export function keygenCases(suite: Suite): readonly AttackCase[] {
  return [
    ...commitmentLies(suite),
    ...openingLies(),
    ...provenLies(suite),
    ...valueLies(suite),
    ...deafLies(),
    ...doubleLies(suite),
    ...borrowedLies(),
  ].map((lie) => caseOf(suite, lie));
}

function caseOf(suite: Suite, lie: Lie): AttackCase {
  const nobody = lie.ends === 'waiting' || lie.ends === 'key';
  return {
    name: ofSuite(suite, lie.name),
    rows: lie.rows ?? [],
    expected: nobody ? [] : [`${LIAR} ${lie.ends}`],
    liars: [LIAR],
    run: () => outcomeOf(suite, lie),
  };
}

async function outcomeOf(suite: Suite, lie: Lie): Promise<Result> {
  const open = openGenerate('treasury', suite.algorithm);
  const { sessionId } = open;
  const run = await runKeygen({
    suite,
    threshold: 2,
    count: 3,
    seed: SEED,
    sessionId,
    signers: SIGNERS,
    verify,
    ...lie.options(suite, open),
  });
  const named = new Set<string>();
  const problems: string[] = [];
  for (const index of HONEST) {
    const outcome = run.outcomes[index - 1] ?? 'waiting';
    if (outcome !== 'waiting' && 'error' in outcome) {
      if (!(outcome.error instanceof ProtocolAbort)) throw outcome.error;
      for (const name of judged(open, outcome.error)) named.add(name);
    } else if (lie.ends === 'waiting' || lie.ends === 'key') {
      const end = outcome === 'waiting' ? 'waiting' : 'key';
      if (end !== lie.ends) problems.push(`participant ${index} ended with: ${end}`);
    }
  }
  return { named: [...named], problems: [...problems, ...(lie.also?.(run) ?? [])] };
}

/** Whom an abort names to somebody who has its evidence and the genesis, and nothing else. */
function judged(open: Open, { culprits, evidence }: ProtocolAbort): readonly string[] {
  const judge = judgeOf(open.ledger);
  return culprits.map((culprit) => {
    const node = NODES[culprit - 1] ?? '';
    const own = evidence.filter(({ from }) => from === culprit);
    const bytes = evidenceOfMessages(open.basis, node, own);
    const found = bytes && judgeEvidence(judge, bytes);
    return found === undefined ? `${node} UNPROVEN` : `${found.nodeId} ${found.reason}`;
  });
}

/** Each way of telling it: to both others, or to one of them. */
const AUDIENCES = [
  ['to all', [1, 2]],
  ['to one', [1]],
] as const;

/** The liar says something else, signed, in place of its message of one kind. */
function instead(
  kind: string,
  to: readonly PartyIndex[],
  body: (right: Uint8Array) => Uint8Array,
): Tamper {
  return (from, receiver, envelope) => {
    const { content } = envelope;
    const altered = from === ATTACKER && envelope.kind === kind && to.includes(receiver);
    return !altered || content?.$case !== 'open'
      ? [envelope]
      : [said(envelope, body(content.value.body))];
  };
}

function said({ sessionId, kind, to }: Envelope, body: Uint8Array): Envelope {
  const value = signedBody(sessionId, kind, ATTACKER, to, body);
  return { sessionId, kind, from: ATTACKER, to, content: { $case: 'open', value } };
}

const flip = (bytes: Uint8Array, at = 0): Uint8Array =>
  bytes.map((byte, position) => (position === at ? byte ^ 1 : byte));

function kg1(change: (right: KeygenCommitment) => KeygenCommitment) {
  return (body: Uint8Array) => {
    const right = keygen.rounds.commit.all.decode(body);
    return right === undefined ? body : keygen.rounds.commit.all.encode(change(right));
  };
}

function kg2(change: (right: KeygenOpening) => KeygenOpening) {
  return (body: Uint8Array) => {
    const right = keygen.rounds.open.all.decode(body);
    return right === undefined ? body : keygen.rounds.open.all.encode(change(right));
  };
}

function told(
  kind: string,
  lies: readonly (readonly [string, Lie['ends'], (body: Uint8Array) => Uint8Array])[],
): Lie[] {
  return lies.flatMap(([what, ends, body]) =>
    AUDIENCES.map(([whom, to]): Lie => {
      const options = () => ({ tamper: instead(kind, to, body) });
      return { name: `${kind} with ${what}, ${whom}`, ends, options };
    }),
  );
}

/** Messages of honest participants behind keygen/commit; cases run one after another. */
let shown = 0;

/** Counts what honest participants say behind keygen/commit, and keeps back what the liar withholds. */
function watched(withheld: (envelope: Envelope) => boolean): { readonly tamper: Tamper } {
  shown = 0;
  return {
    tamper: (from, _to, envelope) => {
      if (from !== ATTACKER && envelope.kind !== keygen.kinds.commit) shown += 1;
      return from === ATTACKER && withheld(envelope) ? [] : [envelope];
    },
  };
}

function nothingShown(): readonly string[] {
  return shown === 0 ? [] : [`${shown} messages of honest ones came too early`];
}

function commitmentLies(suite: Suite): Lie[] {
  const other = new Seals(new Uint8Array(32), 1, [], seededRandom(999)).publicKey;
  return [
    ...told(keygen.kinds.commit, [
      ['another hash', 'WRONG_OPENING', kg1((right) => ({ ...right, hash: flip(right.hash) }))],
      [
        'a short hash',
        'UNREADABLE_MESSAGE',
        kg1((right) => ({ ...right, hash: right.hash.slice(1) })),
      ],
      [
        'a short seal key',
        'UNREADABLE_MESSAGE',
        kg1((right) => ({ ...right, sealKey: right.sealKey.slice(1) })),
      ],
      ['no fields', 'UNREADABLE_MESSAGE', () => new Uint8Array()],
      ['what is no message', 'UNREADABLE_MESSAGE', () => utf8('no message')],
    ]),
    {
      name: 'keygen/commit with a seal key of its own making, with which everybody shares zero',
      ends: 'waiting',
      options: () => ({
        ...watched(() => false),
        corrupt: { [ATTACKER]: (party) => ({ ...view(party), sealKey: new Uint8Array(32) }) },
      }),
      also: nothingShown,
    },
    {
      name: 'keygen/commit with another seal key than it uses',
      ends: 'waiting',
      options: () => ({
        tamper: instead(
          keygen.kinds.commit,
          [1, 2],
          kg1((right) => ({ ...right, sealKey: other })),
        ),
      }),
    },
    {
      name: 'keygen/commit withheld: nobody shows a polynomial before it',
      rows: [6],
      ends: 'waiting',
      options: () => watched(({ kind }) => kind === keygen.kinds.commit),
      also: nothingShown,
    },
    ...[suite].flatMap((): Lie[] => []),
  ];
}

const first = ({ coefficients }: KeygenOpening, at: number) => coefficients[at] ?? new Uint8Array();

function openingLies(): Lie[] {
  const wrong = (change: (right: KeygenOpening) => KeygenOpening) =>
    ['WRONG_OPENING', kg2(change)] as const;
  return told(keygen.kinds.open, [
    [
      'another A_0',
      ...wrong((right) => ({ ...right, coefficients: [first(right, 1), first(right, 1)] })),
    ],
    [
      'another A_1',
      ...wrong((right) => ({ ...right, coefficients: [first(right, 0), first(right, 0)] })),
    ],
    [
      'another proof commitment',
      ...wrong((right) => ({ ...right, proofCommitment: first(right, 0) })),
    ],
    [
      'another proof response',
      ...wrong((right) => ({ ...right, proofResponse: flip(right.proofResponse) })),
    ],
    ['another salt', ...wrong((right) => ({ ...right, salt: flip(right.salt) }))],
    [
      'a short salt',
      'UNREADABLE_MESSAGE',
      kg2((right) => ({ ...right, salt: right.salt.slice(1) })),
    ],
    ['no fields', 'UNREADABLE_MESSAGE', () => new Uint8Array()],
    ['what is no message', 'UNREADABLE_MESSAGE', () => utf8('no message')],
  ]);
}

/** Openings that fit their commitments: only what they say is wrong. */
function provenLies(suite: Suite): Lie[] {
  const { group } = suite;
  const lie = (
    name: string,
    rows: readonly number[],
    forge: (open: { sessionId: Uint8Array; index: PartyIndex }) => Opening,
    ends: Lie['ends'] = 'WRONG_OPENING',
  ): Lie => ({ name, rows, ends, options: () => ({ corrupt: opens(forge) }) });
  const rogue = group.encode(group.add(group.multiplyBase(7n), group.negate(group.base)));
  const rightOne = (sessionId: Uint8Array, index: PartyIndex) =>
    openingFor(suite, sessionId, index);
  return [
    lie('a rogue A_0 that cancels the others’, without proof', [1], ({ sessionId, index }) => {
      const right = rightOne(sessionId, index);
      return { ...right, coefficients: [rogue, ...right.coefficients.slice(1)] };
    }),
    lie('a proof made for another session', [2], ({ index }) =>
      rightOne(new Uint8Array(32), index),
    ),
    lie('a proof made for another index', [2], ({ sessionId }) => rightOne(sessionId, 1)),
    lie('one point too many, well proved', [3], ({ sessionId, index }) =>
      openingFor(suite, sessionId, index, 3),
    ),
    lie('one point too few, well proved', [3], ({ sessionId, index }) =>
      openingFor(suite, sessionId, index, 1),
    ),
    lie(
      'more points than participants can be',
      [24],
      ({ sessionId, index }) => openingFor(suite, sessionId, index, 21),
      'UNREADABLE_MESSAGE',
    ),
    lie('another proof response, committed to', [1], ({ sessionId, index }) => {
      const right = rightOne(sessionId, index);
      return { ...right, proofResponse: group.encodeScalar(1n) };
    }),
    lie(
      'a polynomial that is not the one it deals from',
      [4],
      ({ sessionId, index }) => rightOne(sessionId, index),
      'WRONG_VALUE',
    ),
    ...badPoints(suite).flatMap(([what, point]) => [
      lie(`an A_1 of ${what}, well proved`, [7], ({ sessionId, index }) =>
        openingFor(suite, sessionId, index, 2, ([A_0 = point]) => [A_0, point]),
      ),
    ]),
    ...badPoints(suite)
      .slice(0, 6)
      .map(([what, point]) =>
        lie(`a proof commitment of ${what}`, [7], ({ sessionId, index }) => ({
          ...rightOne(sessionId, index),
          proofCommitment: point,
        })),
      ),
  ];
}

function valueLies(suite: Suite): Lie[] {
  const { group } = suite;
  const q = group.encodeScalar(group.order - 1n);
  const overflow = group.encodeScalar(1n)[0] === 1 ? littleEndianPlus(q) : bigEndianPlus(q);
  const changes: readonly (readonly [string, (right: Uint8Array) => Uint8Array])[] = [
    [
      'another number',
      (right) => group.encodeScalar(((group.decodeScalar(right) ?? 0n) + 1n) % group.order),
    ],
    ['zero', () => group.encodeScalar(0n)],
    ['q', () => overflow],
    ['one byte too few', (right) => right.slice(1)],
    ['nothing', () => new Uint8Array()],
  ];
  return changes.flatMap(([what, change]) =>
    AUDIENCES.map(([whom, to]): Lie => {
      const receivers: readonly number[] = to;
      const corrupt = deals((receiver, right) =>
        receivers.includes(receiver) ? { value: change(right.value) } : right,
      );
      return {
        name: `keygen/value of ${what}, ${whom}`,
        rows: [4],
        ends: 'WRONG_VALUE',
        options: () => ({ corrupt }),
      };
    }),
  );
}

function littleEndianPlus(bytes: Uint8Array): Uint8Array {
  return bigEndianPlus(bytes.toReversed()).toReversed();
}

function bigEndianPlus(bytes: Uint8Array): Uint8Array {
  let carry = 1;
  return bytes
    .toReversed()
    .map((byte) => {
      const sum = byte + carry;
      carry = sum >> 8;
      return sum & 0xff;
    })
    .toReversed();
}

const KINDS = Object.values(keygen.kinds);

const spoilt = (envelope: Envelope): Envelope => {
  const { content } = envelope;
  if (content === undefined || content.$case === 'digest') return envelope;
  if (content.$case === 'sealed') {
    return { ...envelope, content: { $case: 'sealed', value: flip(content.value) } };
  }
  const value = { ...content.value, signature: flip(content.value.signature) };
  return { ...envelope, content: { $case: 'open', value } };
};

const on =
  (kind: string, to: readonly PartyIndex[], change: (envelope: Envelope) => Envelope[]): Tamper =>
  (from, receiver, envelope) =>
    from === ATTACKER && envelope.kind === kind && to.includes(receiver)
      ? change(envelope)
      : [envelope];

/** Silence, broken signatures and broken seals blame nobody. */
function deafLies(): Lie[] {
  return KINDS.flatMap((kind) => [
    // Who has all of it goes on, but waits for the other then: except behind the last message.
    ...AUDIENCES.slice(0, kind === keygen.kinds.value ? 1 : 2).map(([whom, to]): Lie => ({
      name: `${kind} withheld, ${whom}`,
      ends: 'waiting',
      options: () => ({ tamper: on(kind, to, () => []) }),
    })),
    {
      name:
        kind === keygen.kinds.value
          ? 'keygen/value that does not open'
          : `${kind} with a broken signature`,
      ends: 'waiting',
      options: () => ({ tamper: on(kind, [1, 2], (envelope) => [spoilt(envelope)]) }),
    },
    {
      name: `${kind} of another session’s id`,
      rows: [2],
      ends: 'waiting',
      options: () => ({
        tamper: on(kind, [1, 2], (envelope) => [
          { ...envelope, sessionId: new Uint8Array(32).fill(8) },
        ]),
      }),
    },
    {
      name: `${kind} under another kind’s name`,
      ends: 'waiting',
      options: () => ({
        tamper: on(kind, [1, 2], (envelope) => [
          {
            ...envelope,
            kind: kind === keygen.kinds.commit ? keygen.kinds.open : keygen.kinds.commit,
          },
        ]),
      }),
    },
  ]);
}

/** Two different bodies where there is one. */
function doubleLies(suite: Suite): Lie[] {
  const opening = (sessionId: Uint8Array): KeygenOpening => ({
    ...openingFor(suite, sessionId, ATTACKER),
    salt: SALT,
  });
  const bodyOf = (kind: string, sessionId: Uint8Array): Uint8Array => {
    const value = opening(sessionId);
    const hash = commitmentTo(sessionId, ATTACKER, value, SALT);
    const sealKey = new Uint8Array(32).fill(9);
    return kind === keygen.kinds.commit
      ? keygen.rounds.commit.all.encode({ hash, sealKey })
      : keygen.rounds.open.all.encode(value);
  };
  const open = [keygen.kinds.commit, keygen.kinds.open].flatMap((kind) =>
    AUDIENCES.map(([whom, to]): Lie => ({
      name: `two different ${kind}, ${whom}`,
      rows: [29],
      ends: 'TWO_MESSAGES',
      options: () => ({
        tamper: (from, receiver, envelope) => {
          const both = from === ATTACKER && envelope.kind === kind && isIn(to, receiver);
          return both ? [envelope, said(envelope, bodyOf(kind, envelope.sessionId))] : [envelope];
        },
      }),
    })),
  );
  return [
    ...open,
    {
      name: 'two different keygen/value for one participant',
      rows: [29],
      ends: 'TWO_MESSAGES',
      options: () => ({ tamper: anotherValue() }),
    },
  ];
}

function isIn(list: readonly PartyIndex[], index: PartyIndex): boolean {
  return list.includes(index);
}

/** Seals a second value for participant 1, with the keys that the liar's session has: made from the same random bytes. */
function anotherValue(): Tamper {
  let sealed: Uint8Array | undefined;
  const keys = new Map<PartyIndex, Uint8Array>();
  return (from, to, envelope) => {
    const { content, sessionId } = envelope;
    if (envelope.kind === keygen.kinds.commit && content?.$case === 'open') {
      const sealKey = keygen.rounds.commit.all.decode(content.value.body)?.sealKey;
      if (sealKey !== undefined) keys.set(from, sealKey);
    }
    if (from !== ATTACKER || envelope.kind !== keygen.kinds.value || to !== 1) return [envelope];
    sealed ??= sealedValue(sessionId, keys.get(1) ?? new Uint8Array(32));
    return [envelope, { ...envelope, content: { $case: 'sealed', value: sealed } }];
  };
}

function sealedValue(sessionId: Uint8Array, keyOfOne: Uint8Array): Uint8Array {
  const random = seededRandom(SEED * 100 + ATTACKER - 1);
  const seals = new Seals(sessionId, ATTACKER, [keygen.kinds.value], random);
  seals.agree(1, keyOfOne);
  const body = keygen.rounds.value.each.encode({ value: new Uint8Array(32).fill(1) });
  const plain = encode(SignedBody, signedBody(sessionId, keygen.kinds.value, ATTACKER, 1, body));
  return seals.seal(keygen.kinds.value, 1, plain);
}

const sign = (signer: Signer | undefined, envelope: Envelope, body: Uint8Array): Envelope =>
  signer === undefined
    ? envelope
    : signEnvelope(signer, envelope.sessionId, envelope.kind, ATTACKER, envelope.to, body);

/** What belongs to somebody else, or to another run. */
function borrowedLies(): Lie[] {
  const copied = new Map<string, Uint8Array>();
  const [, , liar] = SIGNERS;
  return [
    {
      name: 'another participant’s messages as one’s own',
      rows: [1, 2],
      ends: 'WRONG_OPENING',
      options: () => ({
        tamper: (from, _to, envelope) => {
          const { kind, content } = envelope;
          if (from === 1 && content?.$case === 'open') copied.set(kind, content.value.body);
          const body = copied.get(kind);
          return from === ATTACKER && body !== undefined
            ? [sign(liar, envelope, body)]
            : [envelope];
        },
      }),
    },
    {
      name: 'messages in an honest participant’s name, beside one’s own',
      rows: [22],
      ends: 'key',
      options: () => ({
        tamper: (from, _to, envelope) =>
          from === ATTACKER
            ? [{ ...envelope, from: 1 }, { ...said(envelope, utf8('framed')), from: 1 }, envelope]
            : [envelope],
      }),
    },
    {
      name: 'ids that mean something to JavaScript',
      rows: [15],
      ends: 'key',
      options: () => ({
        tamper: (from, _to, envelope) =>
          from === ATTACKER
            ? [{ ...envelope, kind: '__proto__' }, { ...envelope, kind: 'constructor' }, envelope]
            : [envelope],
      }),
      also: () =>
        Reflect.get({}, 'signingShare') === undefined ? [] : ['every object has a signing share'],
    },
  ];
}
