import { expect, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { onlineProtocol } from '../../src/gg20/index.js';
import { judgeEvidence } from '../../src/blame/index.js';
import { signEnvelope } from '../../src/mpc/index.js';
import { decodeTaskMessage, encodeTaskMessage } from '../../src/wire/index.js';
import { simulatedGg20, withSmallGg20 } from '../simulation/gg20/tables.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { NODES, testGenesis, verify } from '../support/builders/ledger.js';
import { SCHEMES } from '../support/builders/schemes.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import {
  generatePresigned,
  heldBy,
  PRESIGNED_KEY,
  signPresigned,
  startPresigning,
} from '../support/clusters/presigning-cluster.js';
import type { ReplicaCluster } from '../support/clusters/replica-cluster.js';

const WAIT_MS = 120_000;
const TEST_MS = 600_000;
const LIAR = nodeId('node-3');
const HONEST = NODES.filter((node) => node !== LIAR);

/** The tasks of a key that nodes show as proof of a culprit, with the reason, and whether the proof holds offline. */
async function provedBy(cluster: ReplicaCluster, node: NodeId): Promise<readonly string[]> {
  const replica = cluster.at(node);
  const tasks = replica.local().tasks('', 100, false);
  const found = await Promise.all(
    tasks
      .filter(({ keyId }) => keyId === PRESIGNED_KEY)
      .map(async (task) => {
        const culprits = await replica.culprits(task);
        return culprits.map(({ culprit, evidence }) => {
          const judge = {
            genesis: testGenesis(),
            verify,
            schemes: withSmallGg20(SCHEMES),
            gg20: simulatedGg20(),
          };
          const offline = judgeEvidence(judge, evidence);
          return `${task.kind}: ${culprit.nodeId} ${offline?.reason}`;
        });
      }),
  );
  return found.flat();
}

test.each([
  // Its echo, its share and its complaint name the ACCEPT that it made: beside the one that it said that is another proof.
  ['an ACCEPT of something else', () => true, ['WRONG_MESSAGE', 'TWO_MESSAGES'], 0],
  ['two ACCEPTs', (to: NodeId) => to === 'node-1', ['TWO_MESSAGES'], 1],
] as const)(
  'a signer that says %s is proved to have, by its own messages alone',
  async (_, isFor, reasons, fromEnd) => {
    let lies = 0;
    await using cluster = await startPresigning(1, {
      genesis: testGenesis(),
      altered: (from, channel, bytes, to) => {
        const message = channel === 'tasks' ? decodeTaskMessage(bytes)?.message : undefined;
        if (from !== LIAR || message?.$case !== 'envelope' || !isFor(to)) return bytes;
        const { kind, content, sessionId, from: party, to: receiver } = message.value;
        if (kind !== onlineProtocol.kinds.accept || content?.$case !== 'open') return bytes;
        const body = Uint8Array.from(content.value.body);
        // Of the form only eta is at the end; all before it is fixed by the entry.
        const at = fromEnd === 1 ? body.length - 1 : body.length - 60;
        body[at] = (body[at] ?? 0) ^ 1;
        lies += 1;
        const value = signEnvelope(ledgerSigner(LIAR), sessionId, kind, party, receiver, body);
        return encodeTaskMessage({ message: { $case: 'envelope', value } });
      },
    });
    await generatePresigned(cluster, { threshold: 3, allowNoRedundancy: true });
    await eventually('the pool is full', () => heldBy(cluster) === 3, WAIT_MS);
    // Every participant is needed: a proved culprit ends the task, unless an interactive attempt comes first.
    await signPresigned(cluster, nodeId('node-1'), 'one').catch(() => undefined);
    expect(lies).toBeGreaterThan(0);
    const proved = await eventually(
      'the liar to be proved',
      async () => {
        const each = await Promise.all(HONEST.map((node) => provedBy(cluster, node)));
        return each.every((one) => one.length > 0) && each.flat();
      },
      WAIT_MS,
    );
    // Which proof a node has first is chance, and the first is enough.
    const expected = new Set(reasons.map((reason) => `sign: ${LIAR} ${reason}`));
    expect(proved.filter((each) => !expected.has(each))).toEqual([]);
  },
  TEST_MS,
);
