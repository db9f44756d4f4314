import { expect, test } from '@jest/globals';
import { evidenceOfMessages, evidenceOfShare, judgeEvidence } from '../../../src/blame/index.js';
import type { PartyIndex } from '../../../src/common/index.js';
import { SHARE_KIND } from '../../../src/frost/index.js';
import { keygen } from '../../../src/sharing/index.js';
import { bodyDigest, codecOf, ProtocolAbort } from '../../../src/mpc/index.js';
import { EVIDENCE_BYTES_MAX } from '../../../src/state/index.js';
import { Command, decode, encode, Evidence } from '../../../src/wire/index.js';
import type { Envelope, SignedBody } from '../../../src/wire/index.js';
import {
  judgeOf,
  named,
  openGenerate,
  openSign,
  signedBody,
  signedShare,
  SIGNERS,
} from '../../support/builders/accusation.js';
import { runKeygen } from '../../support/builders/frost-exchange.js';
import type { Keygen, KeygenOptions } from '../../support/builders/frost-exchange.js';
import { deals } from '../../support/adversary/keygen-liar.js';
import { fill, generateRequest, NODES, verify } from '../../support/builders/ledger.js';
import { DECLINED_KIND } from '../../../src/tasks/index.js';
import { ed25519Suite } from '../../support/builders/schemes.js';

const ATTACKER = 3;

/** A key generation as an entry of a ledger opened it, with messages altered on the way. */
async function attacked(options: Partial<KeygenOptions>) {
  const open = openGenerate();
  const run = await runKeygen({
    suite: ed25519Suite,
    threshold: 2,
    count: 3,
    sessionId: open.sessionId,
    signers: SIGNERS,
    verify,
    ...options,
  });
  return { ...open, run, judge: judgeOf(open.ledger) };
}

function abortOf({ outcomes }: Keygen, index: PartyIndex): ProtocolAbort {
  const outcome = outcomes[index - 1];
  if (typeof outcome === 'object' && 'error' in outcome && outcome.error instanceof ProtocolAbort)
    return outcome.error;
  throw new Error('there is an abort');
}

/** The attacker gives participant 1 another value than its polynomial has there. */
const dealsBadly: Partial<KeygenOptions> = {
  corrupt: deals((to, right) => (to === 1 ? { value: fill(5) } : right)),
};

test('a value that is not on the shown polynomial names its dealer', async () => {
  const { run, basis, judge, sessionId } = await attacked(dealsBadly);
  const abort = abortOf(run, 1);

  expect(abort.culprits).toEqual([ATTACKER]);
  const evidence = evidenceOfMessages(basis, 'node-3', abort.evidence);
  expect(named(judge, evidence, sessionId)).toBe('node-3 WRONG_VALUE');
});

test('the same messages name no other node, and none under another request, entry or cluster', async () => {
  const { run, basis, judge } = await attacked(dealsBadly);
  const { evidence: messages } = abortOf(run, 1);
  const against = (node: string, more: Partial<typeof basis> = {}) =>
    evidenceOfMessages({ ...basis, ...more }, node, messages);

  expect(named(judge, against('node-3'))).toBe('node-3 WRONG_VALUE');
  expect(named(judge, against('node-1'))).toBeUndefined();
  expect(named(judge, against('node-9'))).toBeUndefined();
  expect(named(judge, against('node-3', { request: generateRequest('other') }))).toBeUndefined();
  expect(
    named(judge, against('node-3', { entry: { ...basis.entry, previousHash: fill(7) } })),
  ).toBeUndefined();
  expect(
    named(judge, against('node-3', { entry: { ...basis.entry, previousHash: fill(7, 31) } })),
  ).toBeUndefined();
  const later = { ...basis.entry, timeMs: basis.entry.timeMs + 1 };
  expect(named(judge, against('node-3', { entry: later }))).toBeUndefined();
  const genesis = { ...judge.genesis, clusterId: 'ffff' as typeof judge.genesis.clusterId };
  expect(named({ ...judge, genesis }, against('node-3'))).toBeUndefined();
});

test('evidence of a form that this release does not know proves nothing', async () => {
  const { run, basis, judge } = await attacked(dealsBadly);
  const bytes = evidenceOfMessages(basis, 'node-3', abortOf(run, 1).evidence);
  const evidence = bytes && decode(Evidence, bytes);
  if (evidence === undefined) throw new Error('there is evidence');

  expect(named(judge, encode(Evidence, evidence))).toBe('node-3 WRONG_VALUE');
  for (const format of [0, 2]) {
    expect(named(judge, encode(Evidence, { ...evidence, format }))).toBeUndefined();
  }
});

test('honest messages prove nothing, however they are put together', async () => {
  const said = new Map<string, Envelope>();
  const { run, basis, judge } = await attacked({
    tamper: (from, _to, envelope) => {
      if (from === 1) said.set(envelope.kind, envelope);
      return [envelope];
    },
  });
  const own = run.sessions[0]?.party.originals(['commit', 'open'], 1) ?? [];
  const [kg1, kg2] = own;
  if (kg1 === undefined || kg2 === undefined) throw new Error('both were said');

  for (const messages of [[kg1, kg2], [kg1, kg1], [kg2, kg2], [kg2, kg1], [kg1], [kg2], []]) {
    expect(named(judge, evidenceOfMessages(basis, 'node-1', messages))).toBeUndefined();
  }
});

test('a threshold or algorithm that the request does not have makes no honest opening wrong', async () => {
  const { run, basis, judge } = await attacked({});
  const own = run.sessions[0]?.party.originals(['commit', 'open'], 1) ?? [];
  const asked = { ...basis, request: generateRequest('treasury', { threshold: 3 }) };
  // Whoever makes the entry fit makes another session of it.
  const attempt = decode(Command, basis.entry.payload)?.command;
  if (attempt?.$case !== 'attempt') throw new Error('it opens an attempt');

  expect(named(judge, evidenceOfMessages(asked, 'node-1', own))).toBeUndefined();
  for (const threshold of [1, 3, 4]) {
    const request = generateRequest('treasury', { threshold, allowNoRedundancy: true });
    expect(named(judge, evidenceOfMessages({ ...basis, request }, 'node-1', own))).toBeUndefined();
  }
});

test('two bodies of one kind name their sender, and two signatures of one body do not', () => {
  const { basis, judge, sessionId } = withJudge(openGenerate());
  const envelope = (signed: SignedBody, kind = keygen.kinds.commit): Envelope => ({
    sessionId,
    kind,
    from: 3,
    to: 0,
    content: { $case: 'open', value: signed },
  });
  const one = signedBody(sessionId, keygen.kinds.commit, 3, 0, fill(1));
  const other = signedBody(sessionId, keygen.kinds.commit, 3, 0, fill(2));

  const both = evidenceOfMessages(basis, 'node-3', [envelope(one), envelope(other)]);
  expect(named(judge, both)).toBe('node-3 TWO_MESSAGES');
  const same = evidenceOfMessages(basis, 'node-3', [envelope(one), envelope(one)]);
  expect(named(judge, same)).toBeUndefined();
  const unsigned = { ...other, signature: fill(1, 64) };
  const madeUp = evidenceOfMessages(basis, 'node-3', [envelope(one), envelope(unsigned)]);
  expect(named(judge, madeUp)).toBeUndefined();
  const declines = ['x', 'y'].map((word) =>
    envelope(signedBody(sessionId, DECLINED_KIND, 3, 0, fill(word.length)), DECLINED_KIND),
  );
  expect(named(judge, evidenceOfMessages(basis, 'node-3', declines))).toBeUndefined();
});

test('two signed digests of one kind name their sender, without the bodies', () => {
  const { basis, judge, sessionId } = withJudge(openGenerate());
  const shown = (fillByte: number, signedFor = fillByte): Envelope => {
    const { signature } = signedBody(sessionId, keygen.kinds.open, 3, 0, fill(signedFor));
    const value = { digest: bodyDigest(fill(fillByte)), signature };
    const content = { $case: 'digest' as const, value };
    return { sessionId, kind: keygen.kinds.open, from: 3, to: 0, content };
  };
  const against = (messages: readonly Envelope[]) =>
    named(judge, evidenceOfMessages(basis, 'node-3', messages));

  expect(against([shown(1), shown(2)])).toBe('node-3 TWO_MESSAGES');
  expect(against([shown(1), shown(1)])).toBeUndefined();
  expect(against([shown(1), shown(2, 1)])).toBeUndefined();
  expect(against([shown(1)])).toBeUndefined();
});

test('two digests that one node signed for one broadcast name it, and a digest shows nothing else', () => {
  const { basis, judge, sessionId } = withJudge(openGenerate());
  const { commit, open } = keygen.kinds;
  const envelope = (kind: string, body: Uint8Array, as: 'digest' | 'body' = 'digest'): Envelope => {
    const value = signedBody(sessionId, kind, 3, 0, body);
    const digest = { digest: bodyDigest(value.body), signature: value.signature };
    return {
      sessionId,
      kind,
      from: 3,
      to: 0,
      content: as === 'body' ? { $case: 'open', value } : { $case: 'digest', value: digest },
    };
  };
  const of = (...messages: Envelope[]) =>
    named(judge, evidenceOfMessages(basis, 'node-3', messages));

  expect(of(envelope(commit, fill(1)), envelope(commit, fill(2)))).toBe('node-3 TWO_MESSAGES');
  expect(of(envelope(commit, fill(1), 'body'), envelope(commit, fill(2)))).toBe(
    'node-3 TWO_MESSAGES',
  );
  expect(of(envelope(commit, fill(1), 'body'), envelope(commit, fill(1)))).toBeUndefined();
  expect(of(envelope(commit, fill(1)))).toBeUndefined();
  expect(of(envelope(commit, fill(1)), envelope(open, fill(2)))).toBeUndefined();
});

test('evidence proves nothing unless the accused signed all its messages and its reason needs each of them', () => {
  const { basis, judge, sessionId } = withJudge(openGenerate());
  const { commit } = keygen.kinds;
  const shown = (from: number, body: Uint8Array) => ({
    kind: commit,
    from,
    to: 0,
    said: { $case: 'body' as const, value: signedBody(sessionId, commit, from, 0, body) },
  });
  const whole = decode(
    Evidence,
    evidenceOfMessages(basis, 'node-3', [
      {
        sessionId,
        kind: commit,
        from: 3,
        to: 0,
        content: { $case: 'open', value: shown(3, fill(1)).said.value },
      },
    ]) ?? new Uint8Array(),
  );
  if (whole === undefined) throw new Error('there is evidence');
  const verdict = (reason: string, messages: ReturnType<typeof shown>[]) =>
    named(judge, encode(Evidence, { ...whole, reason, messages }));

  const [one, two, three] = [shown(3, fill(1)), shown(3, fill(2)), shown(3, fill(3))];
  expect(verdict('TWO_MESSAGES', [one, two])).toBe('node-3 TWO_MESSAGES');
  expect(verdict('TWO_MESSAGES', [one, two, three])).toBeUndefined();
  expect(verdict('TWO_MESSAGES', [one, two, shown(1, fill(3))])).toBeUndefined();
  expect(verdict('UNREADABLE_MESSAGE', [one])).toBe('node-3 UNREADABLE_MESSAGE');
  expect(verdict('UNREADABLE_MESSAGE', [one, two])).toBeUndefined();
  for (const reason of ['', 'constructor', 'WRONG_SHARE', 'WRONG_OPENING', 'two_messages'])
    expect(verdict(reason, [one, two])).toBeUndefined();
});

test.each(Object.values(keygen.kinds))('a signed %s that is malformed names its sender', (kind) => {
  const { basis, judge, sessionId } = withJudge(openGenerate());
  const value = signedBody(sessionId, kind, 3, 0, Uint8Array.of(7));
  const message: Envelope = {
    sessionId,
    kind,
    from: 3,
    to: 0,
    content: { $case: 'open', value },
  };

  expect(codecOf(keygen, kind, 0)?.decode(Uint8Array.of(7))).toBeUndefined();
  expect(named(judge, evidenceOfMessages(basis, 'node-3', [message]))).toBe(
    'node-3 UNREADABLE_MESSAGE',
  );
});

test.each([
  ['first attempt', []],
  ['later attempt', []],
  ['first attempt', [0, 5]],
] as const)(
  'a wrong share of a %s along the path %j names its signer, and a right share names no node',
  (own, path) => {
    const open = openSign(own, ed25519Suite, undefined, path);
    const { basis, judge, sessionId } = withJudge(open);
    const [ready] = open.readies;
    const [right] = open.shares;
    if (ready === undefined || right === undefined) throw new Error('node-1 takes part');
    const wrong = (share: Uint8Array) =>
      named(
        judge,
        evidenceOfShare(basis, 'node-1', signedShare(sessionId, 1, share), ready),
        sessionId,
      );

    expect(named(judge, evidenceOfShare(basis, 'node-1', right, ready))).toBeUndefined();
    expect(wrong(fill(1))).toBe('node-1 WRONG_SHARE');
    expect(wrong(fill(255))).toBe('node-1 WRONG_SHARE');
    expect(wrong(fill(1, 31))).toBe('node-1 WRONG_SHARE');
    const none = signedBody(sessionId, SHARE_KIND, 1, 0, Uint8Array.of(9));
    expect(named(judge, evidenceOfShare(basis, 'node-1', none, ready))).toBe('node-1 WRONG_SHARE');
  },
);

test('attack 22: a share that the accused did not sign is no evidence', () => {
  const open = openSign();
  const { basis, judge } = withJudge(open);
  const [ready] = open.readies;
  if (ready === undefined) throw new Error('node-1 is a participant');

  for (const by of [2, 3]) {
    const share = signedShare(open.sessionId, by, fill(1));
    expect(named(judge, evidenceOfShare(basis, 'node-1', share, ready))).toBeUndefined();
  }
  const unsigned = { ...signedShare(open.sessionId, 1, fill(1)), signature: fill(0, 64) };
  expect(named(judge, evidenceOfShare(basis, 'node-1', unsigned, ready))).toBeUndefined();
});

test('attack 25: another V than the accused signed for, or another’s ready, blames no node', () => {
  const open = openSign();
  const { basis, judge } = withJudge(open);
  const [own, others] = open.readies;
  const [right] = open.shares;
  if (own === undefined || others === undefined || right === undefined) throw new Error('two');

  const { sharing } = own;
  const reversed = { ...sharing, publicPolynomial: sharing.publicPolynomial.toReversed() };
  const swapped = { ...own, sharing: reversed };
  expect(named(judge, evidenceOfShare(basis, 'node-1', right, swapped))).toBeUndefined();
  expect(named(judge, evidenceOfShare(basis, 'node-1', right, others))).toBeUndefined();
  const renamed = { ...others, nodeId: 'node-1' };
  expect(named(judge, evidenceOfShare(basis, 'node-1', right, renamed))).toBeUndefined();
  const wide = { ...own, sharing: { ...sharing, threshold: sharing.threshold + 65_536 } };
  expect(named(judge, evidenceOfShare(basis, 'node-1', right, wide))).toBeUndefined();
});

test('a node that is no signer of the attempt is not blamed for a share', () => {
  const open = openSign();
  const { basis, judge } = withJudge(open);
  const ready = open.readies[2];
  if (ready === undefined) throw new Error('node-3 is a participant');

  const share = signedShare(open.sessionId, 3, fill(1));
  expect(named(judge, evidenceOfShare(basis, 'node-3', share, ready))).toBeUndefined();
});

test('evidence in a second spelling, cut off, or too long, proves nothing', async () => {
  const { run, basis, judge } = await attacked(dealsBadly);
  const evidence = evidenceOfMessages(basis, 'node-3', abortOf(run, 1).evidence);
  if (evidence === undefined) throw new Error('it can be made');
  const long = new Uint8Array(EVIDENCE_BYTES_MAX + 1);
  long.set(evidence);

  expect(named(judge, evidence)).toBe('node-3 WRONG_VALUE');
  expect(judgeEvidence(judge, evidence.slice(0, -1))).toBeUndefined();
  expect(judgeEvidence(judge, Uint8Array.of(...evidence, 0))).toBeUndefined();
  expect(judgeEvidence(judge, long)).toBeUndefined();
  expect(judgeEvidence(judge, new Uint8Array())).toBeUndefined();
  const empty = encode(Evidence, Evidence.fromPartial({ nodeId: 'node-3' }));
  expect(judgeEvidence(judge, empty)).toBeUndefined();
});

function withJudge<O extends Pick<ReturnType<typeof openGenerate>, 'ledger'>>(open: O) {
  expect(NODES).toHaveLength(3);
  return { ...open, judge: judgeOf(open.ledger) };
}
