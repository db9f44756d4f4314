import { evidenceOfMessages, evidenceOfShare } from '../../src/blame/index.js';
import type { AttemptBasis } from '../../src/blame/index.js';
import type { PartyIndex } from '../../src/common/index.js';
import { publicKeyOf, SHARE_KIND } from '../../src/frost/index.js';
import { keygen } from '../../src/sharing/index.js';
import type { Suite } from '../../src/frost/index.js';
import { encode, Evidence } from '../../src/wire/index.js';
import type { Envelope, Ready, ShownMessage, SignedBody } from '../../src/wire/index.js';
import {
  judgeOf,
  named,
  openGenerate,
  openSign,
  signedBody,
  signedShare,
  SIGNERS,
} from '../support/builders/accusation.js';
import type { OpenSign } from '../support/builders/accusation.js';
import { runKeygen } from '../support/builders/frost-exchange.js';
import { deals } from '../support/adversary/keygen-liar.js';
import { fill, generateRequest, NODES, signRequest, verify } from '../support/builders/ledger.js';
import { MESSAGE } from './cluster.js';
import { ofSuite } from './case.js';
import type { AttackCase } from './case.js';
import { DECLINED_KIND, COMPLAINT_KIND } from '../../src/tasks/index.js';

type Proof = Pick<Evidence, 'reason' | 'messages'>;

/** A message of key generation by node-3, shown as this kind. */
function shown(kind: string, to: number, signed: SignedBody): ShownMessage {
  return { kind, from: 3, to, said: { $case: 'body', value: signed } };
}

/** Made-up evidence against honest nodes, from all that they did sign: none of it may name anybody. */
export function framingCases(suite: Suite): readonly AttackCase[] {
  return [...aboutShares(suite), ...aboutKeygen(suite)].map(([name, rows, run]): AttackCase => ({
    name: ofSuite(suite, `framing: ${name}`),
    rows: [...rows, 22],
    expected: [],
    liars: [],
    run: async () => ({ named: (await run()) ?? [], problems: [] }),
  }));
}

type Frame = readonly [
  name: string,
  rows: readonly number[],
  run: () => Promise<readonly string[]> | readonly string[],
];

function aboutShares(suite: Suite): Frame[] {
  const frame = (
    name: string,
    rows: readonly number[],
    evidence: (open: OpenSign) => Uint8Array | undefined,
    own: 'first attempt' | 'later attempt' = 'later attempt',
  ): Frame => [
    name,
    rows,
    () => {
      const open = openSign(own, suite);
      const found = named(judgeOf(open.ledger), evidence(open));
      return found === undefined ? [] : [found];
    },
  ];
  const wrong = suite.group.encodeScalar(1n);
  return [
    frame('a right share', [25], ({ basis, shares, readies }) =>
      evidenceOfShare(basis, 'node-1', at(shares, 0), at(readies, 0)),
    ),
    frame(
      'a right share of a first attempt',
      [25],
      ({ basis, shares, readies }) =>
        evidenceOfShare(basis, 'node-1', at(shares, 0), at(readies, 0)),
      'first attempt',
    ),
    [
      'a right share under a derived key',
      [19, 25],
      () => {
        const open = openSign('later attempt', suite, undefined, [7, 1]);
        const { basis, shares, readies } = open;
        const evidence = evidenceOfShare(basis, 'node-1', at(shares, 0), at(readies, 0));
        const found = named(judgeOf(open.ledger), evidence);
        return found === undefined ? [] : [found];
      },
    ],
    frame('a wrong share that another signed', [22], ({ basis, sessionId, readies }) => {
      const body = at([signedShare(sessionId, 2, wrong)], 0);
      return evidenceOfShare(basis, 'node-1', body, at(readies, 0));
    }),
    frame('a wrong share that nobody signed', [22], ({ basis, sessionId, readies }) => {
      const body = { ...signedShare(sessionId, 1, wrong), signature: fill(1, 64) };
      return evidenceOfShare(basis, 'node-1', body, at(readies, 0));
    }),
    frame('a right share under another message', [16], ({ basis, shares, readies }) => {
      const request = signRequest('treasury', 'one', MESSAGE.slice(1));
      return evidenceOfShare({ ...basis, request }, 'node-1', at(shares, 0), at(readies, 0));
    }),
    frame('a right share under another entry', [13], ({ basis, shares, readies }) => {
      const entry = { ...basis.entry, term: basis.entry.term + 1 };
      return evidenceOfShare({ ...basis, entry }, 'node-1', at(shares, 0), at(readies, 0));
    }),
    frame('a right share and another V', [25], ({ basis, shares, readies }) => {
      const ready = at(readies, 0);
      const [first] = ready.sharing.publicPolynomial;
      const publicPolynomial = [first, first].filter((each) => each !== undefined);
      const sharing = { ...ready.sharing, publicPolynomial };
      return evidenceOfShare(basis, 'node-1', at(shares, 0), { ...ready, sharing });
    }),
    frame('a right share and the ready of another node', [25], ({ basis, shares, readies }) =>
      evidenceOfShare(basis, 'node-1', at(shares, 0), at(readies, 1)),
    ),
    frame('a right share and the own ready for another key', [25], (open) => {
      const ready = otherKey(open, suite);
      return evidenceOfShare(open.basis, 'node-1', at(open.shares, 0), ready);
    }),
    frame('a threshold that only looks like the signed one', [3], ({ basis, shares, readies }) => {
      const ready = at(readies, 0);
      const sharing = { ...ready.sharing, threshold: ready.sharing.threshold + 65_536 };
      return evidenceOfShare(basis, 'node-1', at(shares, 0), { ...ready, sharing });
    }),
    frame('a share for an attempt that never asked for it', [12], ({ basis, sessionId, readies }) =>
      evidenceOfShare(basis, 'node-3', signedShare(sessionId, 3, wrong), at(readies, 2)),
    ),
    [
      'a share for a list that nobody can sign',
      [7, 12],
      () => {
        const open = openSign('later attempt', suite, new Uint8Array(suite.group.pointBytes));
        const evidence = evidenceOfShare(
          open.basis,
          'node-1',
          signedShare(open.sessionId, 1, wrong),
          at(open.readies, 0),
        );
        const found = named(judgeOf(open.ledger), evidence);
        return found === undefined ? [] : [found];
      },
    ],
    frame('two declines', [29], ({ basis, sessionId }) =>
      two(basis, sessionId, DECLINED_KIND, 1, [fill(1), fill(2)]),
    ),
    frame('two complaints', [29], ({ basis, sessionId }) =>
      two(basis, sessionId, COMPLAINT_KIND, 1, [fill(1), fill(2)]),
    ),
    frame('one share, shown twice', [29], ({ basis, sessionId }) =>
      two(basis, sessionId, SHARE_KIND, 1, [fill(1), fill(1)]),
    ),
  ];
}

/** What node-1 says of a second key that it really has: V is right, and of other values. */
function otherKey({ ledger, readies }: OpenSign, suite: Suite): Ready {
  const { group } = suite;
  const ready = at(readies, 0);
  const V = [3n, 5n].map((scalar) => group.encode(group.multiplyBase(scalar)));
  const [task = ''] = ledger.generate('other', { algorithm: suite.algorithm }).changedTasks;
  ledger.attempt(ledger.task(task));
  return ledger.ready(ledger.task(task), 'node-1', {
    algorithm: suite.algorithm,
    threshold: ready.sharing.threshold,
    publicPolynomial: V,
    publicKey: publicKeyOf(suite, at(V, 0)) ?? new Uint8Array(),
  });
}

/** What honest participant 3 of a key generation signs, its private values included. */
async function honest(suite: Suite) {
  const open = openGenerate('treasury', suite.algorithm);
  const values = new Map<string, Uint8Array>();
  const run = await runKeygen({
    suite,
    threshold: 2,
    count: 3,
    sessionId: open.sessionId,
    signers: SIGNERS,
    verify,
    corrupt: deals((to, right) => {
      values.set(`${to}`, keygen.rounds.value.each.encode(right));
      return right;
    }),
  });
  const [kg1, kg2] = run.sessions[2]?.party.originals(['commit', 'open'], 3) ?? [];
  const kg3 = (to: PartyIndex) =>
    envelope(open.sessionId, keygen.kinds.value, 3, to, values.get(`${to}`));
  if (kg1 === undefined || kg2 === undefined) throw new Error('both were said');
  return { open, kg1, kg2, kg3, judge: judgeOf(open.ledger) };
}

function aboutKeygen(suite: Suite): Frame[] {
  type Honest = Awaited<ReturnType<typeof honest>>;
  const frame = (
    name: string,
    rows: readonly number[],
    evidence: (honest: Honest) => readonly (Uint8Array | undefined)[],
  ): Frame => [
    name,
    rows,
    async () => {
      const said = await honest(suite);
      return evidence(said).flatMap((each) => named(said.judge, each) ?? []);
    },
  ];
  const of = ({ open }: Honest, ...messages: Envelope[]) =>
    evidenceOfMessages(open.basis, 'node-3', messages);
  return [
    frame('honest messages, in every order', [29], (said) => {
      const { kg1, kg2, kg3 } = said;
      return [
        of(said, kg1, kg2),
        of(said, kg2, kg1),
        of(said, kg1, kg1),
        of(said, kg1),
        of(said, kg2),
        of(said, kg3(2)),
        of(said, kg2, kg3(1)),
        of(said, kg2, kg3(2)),
        of(said, kg3(1), kg3(2)),
      ];
    }),
    frame('a right value, shown as another participant’s', [4], (said) => {
      const value = bodyOf(said.kg3(2));
      const proofs = [1, 3, 4, 65_538].map((to): Proof => {
        const opening = shown(keygen.kinds.open, 0, bodyOf(said.kg2));
        return { reason: 'WRONG_VALUE', messages: [opening, shown(keygen.kinds.value, to, value)] };
      });
      return proofs.map((proof) => raw(said.open.basis, 'node-3', proof));
    }),
    frame('a right opening under another threshold or algorithm', [3], (said) =>
      [1, 3, 4].flatMap((threshold) => {
        const request = generateRequest('treasury', { threshold, algorithm: suite.algorithm });
        const basis = { ...said.open.basis, request };
        return [evidenceOfMessages(basis, 'node-3', [said.kg1, said.kg2])];
      }),
    ),
    frame('another’s messages in an honest node’s name', [22], (said) =>
      ['node-1', 'node-2'].map((node) =>
        evidenceOfMessages(said.open.basis, node, [said.kg1, said.kg2, said.kg3(2)]),
      ),
    ),
    frame('what nobody signed', [22], (said) => {
      const { commit, open, value } = keygen.kinds;
      const unsigned = { ...bodyOf(said.kg1), signature: fill(1, 64) };
      const opening = shown(open, 0, bodyOf(said.kg2));
      const other = { body: fill(7), signature: fill(2, 64) };
      const proofs: readonly (readonly [string, ...ShownMessage[]])[] = [
        ['WRONG_OPENING', shown(commit, 0, other), opening],
        ['TWO_MESSAGES', shown(commit, 0, bodyOf(said.kg1)), shown(commit, 0, other)],
        ['UNREADABLE_MESSAGE', shown(commit, 0, other)],
        ['WRONG_OPENING', shown(commit, 0, unsigned), opening],
        ['WRONG_VALUE', opening, shown(value, 2, other)],
      ];
      return proofs.map(([reason, ...messages]) =>
        raw(said.open.basis, 'node-3', { reason, messages }),
      );
    }),
    frame('messages of one session in another', [2], (said) => {
      const open = openGenerate('second', suite.algorithm);
      const basis = { ...open.basis };
      return [evidenceOfMessages(basis, 'node-3', [said.kg1, said.kg2])];
    }),
    frame('refusals and complaints as unreadable messages', [22], (said) =>
      [DECLINED_KIND, COMPLAINT_KIND, SHARE_KIND, '__proto__', 'constructor'].map((kind) =>
        of(said, envelope(said.open.sessionId, kind, 3, 0, fill(3))),
      ),
    ),
    frame('evidence in a second spelling, or cut off', [24], (said) => {
      const whole = of(said, said.kg1, said.kg2) ?? new Uint8Array();
      return [whole.slice(1), whole.slice(0, -1), Uint8Array.of(...whole, 0), new Uint8Array()];
    }),
  ];
}

function two(
  basis: AttemptBasis,
  sessionId: Uint8Array,
  kind: string,
  index: PartyIndex,
  bodies: readonly Uint8Array[],
): Uint8Array | undefined {
  const messages = bodies.map((body) => envelope(sessionId, kind, index, 0, body));
  return evidenceOfMessages(basis, NODES[index - 1] ?? '', messages);
}

function raw(basis: AttemptBasis, node: string, proof: Proof): Uint8Array {
  const { index, term, timeMs, payload } = basis.entry;
  return encode(Evidence, {
    format: 1,
    nodeId: node,
    entry: {
      previousHash: basis.entry.previousHash,
      index: BigInt(index),
      term: BigInt(term),
      timeMs: BigInt(timeMs),
      payload,
    },
    method: basis.method,
    request: basis.request,
    ready: undefined,
    others: [],
    earlier: [],
    named: [],
    material: new Uint8Array(0),
    ...proof,
  });
}

function envelope(
  sessionId: Uint8Array,
  kind: string,
  from: PartyIndex,
  to: PartyIndex,
  body: Uint8Array = new Uint8Array(),
): Envelope {
  const value = signedBody(sessionId, kind, from, to, body);
  return { sessionId, kind, from, to, content: { $case: 'open', value } };
}

function bodyOf({ content }: Envelope): SignedBody {
  if (content?.$case !== 'open') throw new Error('it is open');
  return content.value;
}

function at<T>(list: readonly T[], position: number): T {
  const element = list[position];
  if (element === undefined) throw new Error('there is one');
  return element;
}
