import { expect, jest, test } from '@jest/globals';
import type { NodeId } from '../../src/common/index.js';
import type { Message } from '../../src/raft/index.js';
import { startCluster } from '../support/clusters/cluster.js';
import { eventually } from '../support/clusters/cluster-wait.js';

jest.setTimeout(60_000);

const FLOOD = 5_000;
/** So many fit into the queue of a link between two turns of the loop. */
const BATCH = 100;
/** How far ahead of the leader's term the messages are. */
const AHEAD = [1, 2 ** 20, 2 ** 52];
const KINDS = 7;

/** One message of each kind that says nothing true but its sender. */
function messagesOf(from: NodeId, to: NodeId, term: number): readonly Message[] {
  const head = { from, to, term };
  const clockMs = Date.now();
  const conflict = { refused: 'conflict', prevIndex: 1, hintIndex: 0, hintTerm: 0 } as const;
  const nothing = { prevIndex: 1, prevTerm: 1, prevHash: new Uint8Array(32), entries: [] };
  const hash = new Uint8Array(32);
  const [boot, signature] = [new Uint8Array(16), new Uint8Array(0)];
  const word = { hash, incarnation: 1, boot, order: 0, signature };
  return [
    { type: 'read-request', ...head, readId: 1 },
    { type: 'read-reply', ...head, readId: 1, index: undefined },
    { type: 'vote-request', ...head, pre: false, lastIndex: 99, lastTerm: 1 },
    { type: 'vote-reply', ...head, pre: false, granted: false, clockMs },
    { type: 'append', ...head, round: 0, commit: 0, ...nothing },
    { type: 'append-reply', ...head, round: 0, clockMs, answer: conflict },
    { type: 'acknowledgement', ...head, clockMs, index: 1, ...word },
  ];
}

test('attack: 5,000 messages of later terms by one member depose no leader of whole nodes, and stop no signature', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const app = await cluster.client('app');
  const { key } = await app.generateKey({ keyId: 'treasury' });
  const leader = await cluster.leader();
  const [honest, bad] = await cluster.followers();
  const { liar } = await cluster.corrupt(bad);
  const victims = [leader, honest].map((node) => cluster.backend(node));
  await eventually('the liar to be connected', () =>
    victims.every((victim) => victim.status().connected.includes(bad)),
  );
  const before = victims.map((victim) => victim.status());

  const alive = await cluster.client('app', { at: [leader, honest] });
  for (let sent = 0; sent < FLOOD; sent++) {
    const term = (before[0]?.term ?? 0) + (AHEAD[Math.floor(sent / KINDS) % AHEAD.length] ?? 1);
    for (const to of [leader, honest]) {
      const message = messagesOf(bad, to, term)[sent % KINDS];
      if (message !== undefined) liar.say(message);
    }
    // All nodes share one thread here: a read of the log shows that the leader is heard between two batches.
    if (sent % BATCH === 0) await alive.listKeys({ limit: 1 });
  }
  const message = new TextEncoder().encode('still here');
  const signed = await alive.sign({ keyId: 'treasury', publicKey: key.publicKey, message });

  expect(signed.signature).toHaveLength(64);
  expect(victims.map((victim) => [victim.status().leader, victim.status().term])).toEqual(
    before.map((status) => [leader, status.term]),
  );
  expect(cluster.takeAlarms()).toEqual([]);
});
