import { utf8 } from '../../src/common/index.js';
import type { PartyIndex } from '../../src/common/index.js';
import type { Suite } from '../../src/frost/index.js';
import { ProtocolAbort, signEnvelope } from '../../src/mpc/index.js';
import { dealingCommitment, resharing } from '../../src/sharing/index.js';
import type { Envelope, ReshareOpening } from '../../src/wire/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { verify } from '../support/builders/ledger.js';
import { judgedAbort, openReshare } from '../support/builders/reshare-accusation.js';
import type { OpenReshare } from '../support/builders/reshare-accusation.js';
import { reshareFacts, runReshare } from '../support/builders/reshare-exchange.js';
import type { Reshare, ReshareOptions } from '../support/builders/reshare-exchange.js';
import type { Tamper } from '../support/builders/session-exchange.js';
import {
  ATTACKER,
  dealsOtherwise,
  dealtPolynomial,
  handsOut,
  pointsOf,
  SALT,
} from '../support/adversary/reshare-liar.js';
import { badPoints } from './bad-points.js';
import { ofSuite } from './case.js';
import type { AttackCase, Result } from './case.js';

/** node-1 deals and gets no share, node-2 and node-4 get one; node-3 deals, gets one, and lies. */
const HONEST: readonly PartyIndex[] = [1, 2, 4];
const LIAR = 'node-3';
const THRESHOLD = 3;

type Ends = 'TWO_MESSAGES' | 'UNREADABLE_MESSAGE' | 'WRONG_OPENING' | 'WRONG_VALUE';
type Lie = {
  readonly name: string;
  readonly rows?: readonly number[];
  /** Why node-3 must be named; else that the honest ones wait, or are done, and no node is named. */
  readonly ends: Ends | 'waiting' | 'done';
  options(suite: Suite, open: OpenReshare): Partial<ReshareOptions>;
  /** What else must hold. */
  also?(suite: Suite, run: Reshare): readonly string[];
};

/** A lying dealer in every round of a reshare from 2-of-3 to 3-of-3, for one suite. */
export function resharingCases(suite: Suite): readonly AttackCase[] {
  return [...dealings(suite), ...told(), ...values(suite), ...deaf(), ...replays()].map((lie) =>
    caseOf(suite, lie),
  );
}

function caseOf(suite: Suite, lie: Lie): AttackCase {
  const isNobody = lie.ends === 'waiting' || lie.ends === 'done';
  return {
    name: ofSuite(suite, `reshare: ${lie.name}`),
    rows: lie.rows ?? [],
    expected: isNobody ? [] : [`${LIAR} ${lie.ends}`],
    liars: [LIAR],
    run: () => outcomeOf(suite, lie),
  };
}

async function outcomeOf(suite: Suite, lie: Lie): Promise<Result> {
  const open = await openReshare(suite);
  const run = await runReshare({
    sharing: suite,
    verify,
    ...open.attempt,
    ...lie.options(suite, open),
  });
  const named = new Set<string>();
  const problems: string[] = [];
  for (const index of HONEST) {
    const outcome = run.outcomes[index - 1] ?? 'waiting';
    if (outcome !== 'waiting' && 'error' in outcome) {
      if (!(outcome.error instanceof ProtocolAbort)) throw outcome.error;
      for (const name of judgedAbort(open, outcome.error)) named.add(name);
    } else if (lie.ends === 'waiting' || lie.ends === 'done') {
      const end = outcome === 'waiting' ? 'waiting' : 'done';
      // A dealer that gets no share waits for no value.
      if (end !== lie.ends && index !== 1) problems.push(`party ${index} ended with: ${end}`);
    }
  }
  return { named: [...named], problems: [...problems, ...(lie.also?.(suite, run) ?? [])] };
}

/** The liar's polynomial: its own weighted share at zero, but for `shift`. */
function polynomialOf(suite: Suite, open: OpenReshare, points = THRESHOLD, shift = 0n) {
  return dealtPolynomial(suite, open.base, reshareFacts(open.attempt), points, shift);
}

/** One that commits to what it shows. */
const lie = (
  name: string,
  rows: readonly number[],
  shown: (open: OpenReshare) => readonly Uint8Array[],
  ends: Ends = 'WRONG_OPENING',
): Lie => ({
  name,
  rows,
  ends,
  options: (_, open) => ({ corrupt: dealsOtherwise(shown(open)) }),
});

/** Dealings that are well committed to: only what they show is wrong. */
function dealings(suite: Suite): Lie[] {
  const { group } = suite;
  const right = (open: OpenReshare, points?: number, shift?: bigint) =>
    pointsOf(suite, polynomialOf(suite, open, points, shift));
  return [
    lie('one point too many', [3, 17], (open) => right(open, THRESHOLD + 1)),
    lie('one point too few', [3, 17], (open) => right(open, THRESHOLD - 1)),
    lie('as many points as the base has', [17], (open) => right(open, 2)),
    lie(
      'more points than participants can be',
      [24],
      (open) => right(open, 21),
      'UNREADABLE_MESSAGE',
    ),
    lie('another A’_0 than its weighted share', [17], (open) => right(open, THRESHOLD, 1n)),
    lie('an A’_0 that is its share without a weight', [17], (open) => {
      const share = group.decodeScalar(open.base.shares[2]?.scalar ?? new Uint8Array()) ?? 0n;
      return [group.encode(group.multiplyBase(share)), ...right(open).slice(1)];
    }),
    lie('an A’_0 that cancels the other dealer’s', [1], (open) => {
      const [A_0, ...more] = right(open);
      const other = A_0 && group.decode(A_0);
      if (other === undefined) throw new Error('it is a point');
      return [group.encode(group.add(group.multiplyBase(7n), group.negate(other))), ...more];
    }),
    lie('the share of a version before the base', [17], (open) => {
      const before = { ...open, base: { ...open.base, shares: open.base.shares.toReversed() } };
      return right(before);
    }),
    lie(
      'a polynomial that is not the one it deals from',
      [4],
      (open) => right(open),
      'WRONG_VALUE',
    ),
    ...badPoints(suite).flatMap(([what, point]) => [
      lie(`an A’_1 of ${what}`, [7], (open) => {
        const [A_0 = point, , A_2 = point] = right(open);
        return [A_0, point, A_2];
      }),
    ]),
  ];
}

const AUDIENCES = [
  ['to all', [1, 2, 4]],
  ['to one', [2]],
] as const;

const flip = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte));

const opening = (change: (right: ReshareOpening) => ReshareOpening) => (body: Uint8Array) => {
  const read = resharing.rounds.open.all.decode(body);
  return read === undefined ? body : resharing.rounds.open.all.encode(change(read));
};

/** The liar signs another body in place of its message of one kind. */
function told(): Lie[] {
  const { announce, commit, open } = resharing.kinds;
  const lies: readonly (readonly [string, string, Ends, (body: Uint8Array) => Uint8Array])[] = [
    [announce, 'what is no message', 'UNREADABLE_MESSAGE', () => utf8('no message')],
    [commit, 'another hash', 'WRONG_OPENING', flip],
    [commit, 'what is no message', 'UNREADABLE_MESSAGE', () => utf8('no message')],
    [
      open,
      'another salt',
      'WRONG_OPENING',
      opening((read) => ({ ...read, salt: flip(read.salt) })),
    ],
    [
      open,
      'another A’_1',
      'WRONG_OPENING',
      opening((read) => {
        const [A_0 = SALT, , A_2 = SALT] = read.coefficients;
        return { ...read, coefficients: [A_0, A_2, A_2] };
      }),
    ],
    [open, 'what is no message', 'UNREADABLE_MESSAGE', () => utf8('no message')],
  ];
  return lies.flatMap(([kind, what, ends, change]) => [
    ...AUDIENCES.map(([whom, to]): Lie => {
      const receivers: readonly PartyIndex[] = to;
      return {
        name: `${kind} with ${what}, ${whom}`,
        ends,
        options: () => ({ tamper: saying(kind, receivers, (body) => [change(body)]) }),
      };
    }),
    {
      name: `${kind} with ${what}, beside the right one`,
      rows: [29],
      ends: 'TWO_MESSAGES',
      options: () => ({ tamper: saying(kind, [2], (body) => [body, change(body)]) }),
    },
  ]);
}

function saying(
  kind: string,
  to: readonly PartyIndex[],
  bodies: (right: Uint8Array) => readonly Uint8Array[],
): Tamper {
  return (from, receiver, envelope) => {
    const { content, sessionId } = envelope;
    const isOther = from === ATTACKER && envelope.kind === kind && to.includes(receiver);
    if (!isOther || content?.$case !== 'open') return [envelope];
    const liar = ledgerSigner(LIAR);
    return bodies(content.value.body).map((body) =>
      signEnvelope(liar, sessionId, kind, ATTACKER, 0, body),
    );
  };
}

function values(suite: Suite): Lie[] {
  const { group } = suite;
  const changes: readonly (readonly [string, (right: Uint8Array) => Uint8Array])[] = [
    [
      'another number',
      (right) => group.encodeScalar(((group.decodeScalar(right) ?? 0n) + 1n) % group.order),
    ],
    ['zero', () => group.encodeScalar(0n)],
    ['one byte too few', (right) => right.slice(1)],
    ['nothing', () => new Uint8Array()],
  ];
  return changes.flatMap(([what, change]) =>
    AUDIENCES.map(([whom, to]): Lie => {
      const receivers: readonly number[] = to;
      const corrupt = handsOut((receiver, right) =>
        receivers.includes(receiver) ? { value: change(right.value) } : right,
      );
      return {
        name: `${resharing.kinds.value} of ${what}, ${whom}`,
        rows: [4, 18],
        ends: 'WRONG_VALUE',
        options: () => ({ corrupt }),
      };
    }),
  );
}

/** Silence blames no node, and no honest dealer shows or deals anything before its time. */
function deaf(): Lie[] {
  const { announce, commit, open, value } = resharing.kinds;
  const early = new Map([
    [announce, [open, value]],
    [commit, [open, value]],
    [open, [value]],
    [value, []],
  ]);
  return [...early].map(([kind, never]): Lie => {
    let heard: string[] = [];
    return {
      name: `${kind} withheld: no dealer goes on`,
      ends: 'waiting',
      options: () => {
        heard = [];
        return {
          tamper: (from, _to, envelope) => {
            if (from !== ATTACKER) heard.push(envelope.kind);
            return from === ATTACKER && envelope.kind === kind ? [] : [envelope];
          },
        };
      },
      also: () => never.flatMap((each) => (heard.includes(each) ? [`${each} came too early`] : [])),
    };
  });
}

/** What was said elsewhere, or by another. */
function replays(): Lie[] {
  const { commit, open } = resharing.kinds;
  const copied = new Map<string, Uint8Array>();
  return [
    {
      name: 'a commitment that was made for another session',
      rows: [2],
      ends: 'WRONG_OPENING',
      options: (suite, of) => committing(suite, of, new Uint8Array(32), ATTACKER),
    },
    {
      name: 'a commitment that was made for another party',
      rows: [2],
      ends: 'WRONG_OPENING',
      options: (suite, of) => committing(suite, of, of.sessionId, 1),
    },
    {
      name: 'the other dealer’s messages, signed as its own',
      rows: [1, 2],
      ends: 'WRONG_OPENING',
      options: () => ({
        tamper: (from, to, envelope) => {
          const { kind, content } = envelope;
          if (from === 1 && content?.$case === 'open') copied.set(kind, content.value.body);
          const body = kind === commit || kind === open ? copied.get(kind) : undefined;
          const say = saying(kind, [1, 2, 4], () => (body === undefined ? [] : [body]));
          return body === undefined ? [envelope] : say(from, to, envelope);
        },
      }),
    },
    {
      name: 'messages under the names of a key generation’s',
      rows: [2],
      ends: 'waiting',
      options: () => ({
        tamper: (from, _to, envelope: Envelope) => {
          const kind = envelope.kind.replace('reshare/', 'keygen/');
          return from === ATTACKER ? [{ ...envelope, kind }] : [envelope];
        },
      }),
    },
  ];
}

/** The liar's commitment holds elsewhere; it opens it here. */
function committing(
  suite: Suite,
  of: OpenReshare,
  sessionId: Uint8Array,
  party: PartyIndex,
): Partial<ReshareOptions> {
  const { commit, open } = resharing.kinds;
  const coefficients = [...pointsOf(suite, polynomialOf(suite, of))];
  const hash = dealingCommitment(sessionId, party, coefficients, SALT);
  const all = [1, 2, 4];
  const committed = saying(commit, all, () => [resharing.rounds.commit.all.encode({ hash })]);
  const opened = saying(open, all, () => [
    resharing.rounds.open.all.encode({ coefficients, salt: SALT }),
  ]);
  return {
    tamper: (from, to, envelope) =>
      (envelope.kind === commit ? committed : opened)(from, to, envelope),
  };
}
