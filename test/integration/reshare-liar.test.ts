import { expect, jest, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import { signEnvelope } from '../../src/mpc/index.js';
import { dealingCommitment, resharing } from '../../src/sharing/index.js';
import { decodeTaskMessage, encodeTaskMessage } from '../../src/wire/index.js';
import type { Envelope, ReshareOpening } from '../../src/wire/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { NODES } from '../support/builders/ledger.js';
import { SALT } from '../support/adversary/reshare-liar.js';
import { ReshareCluster } from '../support/clusters/reshare-cluster.js';

jest.setTimeout(60_000);

/** All three deal, so the attempt names the liar whatever the leader chooses. */
const ALL = { threshold: 3, allowNoRedundancy: true };
const [ONE = nodeId(''), TWO = nodeId(''), LIAR = nodeId('')] = NODES;
const INDEX = 3;

/** What the liar says in place of an envelope of its own. */
type Lie = (to: string, envelope: Envelope) => Envelope;

const lying = (lie: Lie) => (from: string, channel: string, bytes: Uint8Array, to: string) => {
  const message = decodeTaskMessage(bytes)?.message;
  const isSession = from === LIAR && channel === 'tasks' && message?.$case === 'envelope';
  if (!isSession) return bytes;
  const value = lie(to, message.value);
  return encodeTaskMessage({ message: { $case: 'envelope', value } });
};

const said = ({ sessionId, kind }: Envelope, body: Uint8Array): Envelope =>
  signEnvelope(ledgerSigner(LIAR), sessionId, kind, INDEX, 0, body);

function openingIn({ kind, content }: Envelope): ReshareOpening | undefined {
  if (kind !== resharing.kinds.open || content?.$case !== 'open') return undefined;
  return resharing.rounds.open.all.decode(content.value.body);
}

/** An opening with another salt than the liar has committed to. */
const otherSalt: Lie = (_, envelope) => {
  const opening = openingIn(envelope);
  if (opening === undefined) return envelope;
  return said(envelope, resharing.rounds.open.all.encode({ ...opening, salt: SALT }));
};

async function culprits(cluster: ReshareCluster, task: Parameters<ReshareCluster['culprits']>[1]) {
  const named = await Promise.all([ONE, TWO].map((node) => cluster.culprits(node, task)));
  return named.flat();
}

test('a dealer that lies is named by every node, and the version before stays in use', async () => {
  await using cluster = await ReshareCluster.start(NODES, { altered: lying(otherSalt) });
  await cluster.generate(ONE, ALL);

  const task = await cluster.reshare(TWO, { ...ALL, participants: [...NODES] });

  expect(task.outcome).toMatchObject({ $case: 'failed', value: { reason: 'CULPRIT_PROVED' } });
  expect(new Set(await culprits(cluster, task))).toEqual(new Set(['node-3 WRONG_OPENING']));
  expect((await cluster.sign(ONE)).keyVersion).toBe(1);
  await cluster.keep({ [ONE]: 1, [TWO]: 1, [LIAR]: 1 });
});

test('a dealer that commits to and opens one polynomial in two ways is named by its own two messages', async () => {
  let opened: ReshareOpening | undefined;
  // The other commitment is to points that the liar shows later: until then it says nothing of use to node-2.
  const lie: Lie = (to, envelope) => {
    const opening = openingIn(envelope);
    opened ??= opening;
    if (to !== TWO) return envelope;
    if (opening !== undefined)
      return said(envelope, resharing.rounds.open.all.encode({ ...opening, salt: SALT }));
    if (envelope.kind !== resharing.kinds.commit) return envelope;
    if (opened === undefined) return { ...envelope, kind: 'reshare/nothing' };
    const hash = dealingCommitment(envelope.sessionId, INDEX, opened.coefficients, SALT);
    return said(envelope, resharing.rounds.commit.all.encode({ hash }));
  };
  await using cluster = await ReshareCluster.start(NODES, { altered: lying(lie) });
  await cluster.generate(ONE, ALL);

  const task = await cluster.reshare(TWO, { ...ALL, participants: [...NODES] });

  expect(task.outcome).toMatchObject({ $case: 'failed', value: { reason: 'CULPRIT_PROVED' } });
  expect(new Set(await culprits(cluster, task))).toEqual(new Set(['node-3 TWO_MESSAGES']));
  expect((await cluster.sign(ONE)).keyVersion).toBe(1);
});
