import { expect, jest, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { SHARE_KIND } from '../../src/frost/index.js';
import { signEnvelope } from '../../src/mpc/index.js';
import { resharingOf } from '../../src/state/index.js';
import { decodeTaskMessage, encodeTaskMessage } from '../../src/wire/index.js';
import type { Envelope } from '../../src/wire/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { NODES } from '../support/builders/ledger.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { FIVE, ReshareCluster } from '../support/clusters/reshare-cluster.js';

jest.setTimeout(120_000);

/** Signatures and a reshare, on a machine that may do other things. */
const REFRESHED_WITHIN_MS = 45_000;

/** A transfer of leadership that is refused is tried again with the next signature. */
const YIELDED_WITHIN_MS = 1_500;

const [ONE = nodeId(''), TWO = nodeId(''), LIAR = nodeId('')] = FIVE;

/** A share of the liar's, with one bit changed and signed for. */
function wrongShare(envelope: Envelope | undefined): Envelope | undefined {
  if (envelope?.kind !== SHARE_KIND || envelope.content?.$case !== 'open') return envelope;
  const body = Uint8Array.from(envelope.content.value.body, (byte, at) =>
    at === 0 ? byte ^ 1 : byte,
  );
  const { sessionId, kind, from, to } = envelope;
  return signEnvelope(ledgerSigner(LIAR), sessionId, kind, from, to, body);
}

function lying(from: NodeId, channel: string, bytes: Uint8Array): Uint8Array {
  const message =
    from === LIAR && channel === 'tasks' ? decodeTaskMessage(bytes)?.message : undefined;
  if (message?.$case !== 'contribution') return bytes;
  const envelope = wrongShare(message.value.envelope);
  return encodeTaskMessage({ message: { ...message, value: { ...message.value, envelope } } });
}

/** A liar that leads adds its own share up before the lie: its signatures are right, and nobody has anything against it. */
async function ledByAnother(cluster: ReshareCluster): Promise<void> {
  if (cluster.leader() !== LIAR) return;
  await cluster.replicas
    .at(LIAR)
    .yieldLeadership(undefined, AbortSignal.timeout(YIELDED_WITHIN_MS));
}

/** Signs until the key has its second version. Every signature verifies. */
async function signUntilRefreshed(cluster: ReshareCluster): Promise<void> {
  const isRefreshed = async (): Promise<boolean> => {
    await ledByAnother(cluster);
    await cluster.sign(ONE);
    return (await cluster.key(ONE)).version === 2;
  };
  await eventually('a version after the culprit', isRefreshed, REFRESHED_WITHIN_MS);
}

test('a signer that lies is left out of a next version of its keys, and they sign on', async () => {
  await using cluster = await ReshareCluster.start(FIVE, { altered: lying });
  const before = await cluster.generate(ONE, { threshold: 3 });

  await signUntilRefreshed(cluster);

  const after = await cluster.key(TWO);
  const honest = FIVE.filter((node) => node !== LIAR);
  expect(after.participants.map((each) => each.nodeId)).toEqual(honest);
  expect([after.threshold, after.publicKey]).toEqual([3, before.publicKey]);
  expect(Number(resharingOf(after).culpritMs)).toBeGreaterThan(0);
  // Nobody keeps a share of the version before, the culprit neither.
  await cluster.keep(Object.fromEntries(FIVE.map((node) => [node, node === LIAR ? 0 : 1])));
  const { keyVersion, signers } = await cluster.sign(TWO);
  expect(keyVersion).toBe(2);
  expect(signers).not.toContain(LIAR);
});

test('where the others do not suffice the culprit keeps a share, of the next version', async () => {
  await using cluster = await ReshareCluster.start(NODES, { altered: lying });
  await cluster.generate(ONE);

  await signUntilRefreshed(cluster);

  const { participants } = await cluster.key(TWO);
  expect(participants.map((each) => each.nodeId)).toEqual([...NODES]);
  expect((await cluster.sign(TWO)).keyVersion).toBe(2);
});
