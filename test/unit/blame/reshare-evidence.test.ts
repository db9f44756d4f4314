import { expect, test } from '@jest/globals';
import { evidenceOfMessages, judgeEvidence } from '../../../src/blame/index.js';
import type { PartyIndex } from '../../../src/common/index.js';
import { readyBytes } from '../../../src/identity/index.js';
import { ProtocolAbort, signEnvelope } from '../../../src/mpc/index.js';
import { resharing } from '../../../src/sharing/index.js';
import { versionTermsOf } from '../../../src/state/index.js';
import { Algorithm, type Envelope, type Ready, type Sharing } from '../../../src/wire/index.js';
import { judgeOf, ledgerSigner } from '../../support/builders/accusation.js';
import { identityKeyOf, sealOf, verify } from '../../support/builders/ledger.js';
import {
  baseReady,
  openReshare,
  reshareEvidence,
  type OpenReshare,
} from '../../support/builders/reshare-accusation.js';
import { reshareFacts, runReshare } from '../../support/builders/reshare-exchange.js';
import {
  dealsOtherwise,
  dealtPolynomial,
  handsOut,
  pointsOf,
  SALT,
} from '../../support/adversary/reshare-liar.js';
import { ed25519Suite } from '../../support/builders/schemes.js';

const suite = ed25519Suite;
const { commit, open: opening, value } = resharing.kinds;

/** Broadcasts of one party in a reshare without lies, as they came. */
async function honestMessages(open: OpenReshare, party: PartyIndex): Promise<readonly Envelope[]> {
  const said = new Map<string, Envelope>();
  await runReshare({
    sharing: suite,
    verify,
    ...open.attempt,
    tamper: (from, _to, envelope) => {
      if (from === party && envelope.to === 0) said.set(envelope.kind, envelope);
      return [envelope];
    },
  });
  return [commit, opening].flatMap((kind) => said.get(kind) ?? []);
}

/** The evidence of party 2 against node-3, which deals from a polynomial of `points` points, or hands out a wrong value. */
async function lieOf(open: OpenReshare, points?: number): Promise<readonly Envelope[]> {
  const { base, attempt } = open;
  const corrupt =
    points === undefined
      ? handsOut(() => ({ value: suite.group.encodeScalar(5n) }))
      : dealsOtherwise(
          pointsOf(suite, dealtPolynomial(suite, base, reshareFacts(attempt), points)),
        );
  const run = await runReshare({ sharing: suite, verify, ...attempt, corrupt });
  const outcome = run.outcomes[1];
  if (typeof outcome === 'object' && 'error' in outcome && outcome.error instanceof ProtocolAbort)
    return outcome.error.evidence;
  throw new Error('there is an abort');
}

function named(open: OpenReshare, evidence: Uint8Array | undefined): string | undefined {
  const culprit = evidence && judgeEvidence(judgeOf(open.ledger), evidence);
  return culprit && `${culprit.nodeId} ${culprit.reason}`;
}

/** A participant's word for another sharing than the base, with a signature that holds. */
function otherReady(open: OpenReshare, node: string, change: Partial<Sharing>): Ready {
  const ready = baseReady(open, node);
  if (ready.sharing === undefined) throw new Error('it speaks of a sharing');
  const sharing = { ...ready.sharing, ...change };
  const bytes = readyBytes(open.ledger.rules.genesis.clusterId, sharing);
  return { nodeId: node, sharing, signature: sealOf(identityKeyOf(node), bytes) };
}

test.each(['reshare', 'refresh'] as const)(
  'the messages of a lying dealer of a %s, and its own word for the base, name it',
  async (kind) => {
    const open = await openReshare(suite, kind);

    expect(named(open, reshareEvidence(open, 'node-3', await lieOf(open, 4)))).toBe(
      'node-3 WRONG_OPENING',
    );
    expect(named(open, reshareEvidence(open, 'node-3', await lieOf(open)))).toBe(
      'node-3 WRONG_VALUE',
    );
  },
);

test('without the accused’s own word for the base, or with another’s, they name no node', async () => {
  const open = await openReshare(suite);
  const messages = await lieOf(open, 4);
  const ready = baseReady(open, 'node-3');
  const unsigned: Ready = { ...ready, signature: new Uint8Array(64) };

  expect(named(open, evidenceOfMessages(open.basis, 'node-3', messages))).toBeUndefined();
  for (const shown of [unsigned, baseReady(open, 'node-1'), { ...ready, nodeId: 'node-1' }])
    expect(named(open, reshareEvidence(open, 'node-3', messages, shown))).toBeUndefined();
  expect(named(open, reshareEvidence(open, 'node-1', messages))).toBeUndefined();
});

test('an honest dealer’s messages name it under no word that it gave for another sharing', async () => {
  const open = await openReshare(suite);
  const messages = await honestMessages(open, 1);
  const { publicPolynomial: V = [] } = baseReady(open, 'node-1').sharing ?? {};
  const other = { publicPolynomial: V.map(() => V[0] ?? SALT) };

  expect(messages.length).toBe(2);
  expect(named(open, reshareEvidence(open, 'node-1', messages))).toBeUndefined();
  // Held against this V they would be wrong: so each of these is refused for what else differs.
  expect(
    named(open, reshareEvidence(open, 'node-1', messages, otherReady(open, 'node-1', other))),
  ).toBe('node-1 WRONG_OPENING');
  const changes: readonly Partial<Sharing>[] = [
    { sessionId: new Uint8Array(32) },
    { version: 2 },
    { keyId: 'another' },
    { algorithm: Algorithm.UNSPECIFIED },
  ];
  for (const change of changes) {
    const ready = otherReady(open, 'node-1', { ...other, ...change });
    expect(named(open, reshareEvidence(open, 'node-1', messages, ready))).toBeUndefined();
  }
});

test('a value to a node that gets no share, and a dealing by one that deals none, prove nothing', async () => {
  const open = await openReshare(suite);
  const [, opened] = await honestMessages(open, 3);
  if (opened === undefined) throw new Error('it has opened');
  const wrong = resharing.rounds.value.each.encode({ value: suite.group.encodeScalar(5n) });
  const to = (party: PartyIndex) =>
    signEnvelope(ledgerSigner('node-3'), open.sessionId, value, 3, party, wrong);
  const two = ledgerSigner('node-2');
  const uninvited = [
    signEnvelope(
      two,
      open.sessionId,
      commit,
      2,
      0,
      resharing.rounds.commit.all.encode({ hash: SALT }),
    ),
    signEnvelope(
      two,
      open.sessionId,
      opening,
      2,
      0,
      resharing.rounds.open.all.encode({ coefficients: [], salt: SALT }),
    ),
  ];

  // Party 1 deals and gets no share.
  expect(named(open, reshareEvidence(open, 'node-3', [opened, to(1)]))).toBeUndefined();
  expect(named(open, reshareEvidence(open, 'node-3', [opened, to(9)]))).toBeUndefined();
  expect(named(open, reshareEvidence(open, 'node-3', [opened, to(2)]))).toBe('node-3 WRONG_VALUE');
  expect(named(open, reshareEvidence(open, 'node-2', uninvited))).toBeUndefined();
});

test('two bodies of one kind, and one that is no message, take no word for the base', async () => {
  const open = await openReshare(suite);
  const sign = (kind: string, body: Uint8Array) =>
    signEnvelope(ledgerSigner('node-4'), open.sessionId, kind, 4, 0, body);
  const { announce } = resharing.kinds;
  const [one, other] = [1, 2].map((byte) =>
    sign(
      announce,
      resharing.rounds.announce.all.encode({ sealKey: new Uint8Array(32).fill(byte) }),
    ),
  );
  if (one === undefined || other === undefined) throw new Error('two');

  expect(named(open, evidenceOfMessages(open.basis, 'node-4', [one, other]))).toBe(
    'node-4 TWO_MESSAGES',
  );
  expect(named(open, evidenceOfMessages(open.basis, 'node-4', [one, one]))).toBeUndefined();
  const nothing = sign(announce, Uint8Array.of(7));
  expect(named(open, evidenceOfMessages(open.basis, 'node-4', [nothing]))).toBe(
    'node-4 UNREADABLE_MESSAGE',
  );
  expect(named(open, evidenceOfMessages(open.basis, 'node-4', [one]))).toBeUndefined();
});

test('a refresh leaves a culprit out where one of the others may then still fail', () => {
  const base = { threshold: 2, participants: [1, 2, 3, 4].map((at) => ({ nodeId: `node-${at}` })) };
  const refresh = (nodeId: string | undefined, participants = base.participants) =>
    versionTermsOf(
      { kind: 'refresh', culprit: nodeId === undefined ? undefined : { nodeId } },
      { ...base, participants },
    ).receivers;

  expect(refresh(undefined)).toEqual(['node-1', 'node-2', 'node-3', 'node-4']);
  expect(refresh('node-2')).toEqual(['node-1', 'node-3', 'node-4']);
  expect(refresh('node-2', base.participants.slice(0, 3))).toEqual(['node-1', 'node-2', 'node-3']);
  expect(versionTermsOf({ kind: 'reshare', threshold: 0, participants: [] }, base)).toEqual({
    threshold: 2,
    receivers: ['node-1', 'node-2', 'node-3', 'node-4'],
  });
  expect(
    versionTermsOf({ kind: 'reshare', threshold: 3, participants: ['a', 'b', 'c'] }, base),
  ).toEqual({ threshold: 3, receivers: ['a', 'b', 'c'] });
});
