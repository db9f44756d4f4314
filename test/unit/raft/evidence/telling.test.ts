import { expect, test } from '@jest/globals';
import { Alarms } from '../../../../src/alarms/index.js';
import { bootId, clusterId, nodeId } from '../../../../src/common/index.js';
import { createRaft, decodePeerMessage, encodeMessage } from '../../../../src/raft/index.js';
import { Evidence } from '../../../../src/raft/evidence/evidence.js';
import { WaitingNetwork } from '../../../../src/node/waiting-network.js';
import { memoryConsensusStore } from '../../../../src/store/index.js';
import { identityKeyOf } from '../../../support/builders/ledger.js';
import { GENESIS, seededRandom } from '../../../support/clusters/raft-cluster.js';
import { ManualClock, quietLogger } from '../driver-cluster.js';

const [SELF, LEADER, OTHER] = [nodeId('node-1'), nodeId('node-2'), nodeId('node-3')];

/** A follower of {@link LEADER} that has acknowledged the genesis, and the messages that it tells its leader. */
async function follower() {
  const clock = new ManualClock();
  const config = {
    id: SELF,
    boot: bootId('b0'.repeat(16)),
    voters: [SELF, LEADER, OTHER],
    genesis: GENESIS,
    random: seededRandom(1),
  };
  const store = memoryConsensusStore();
  const raft = createRaft(config, await store.load(), clock.now());
  raft.restored(0, { level: 3, correctionMs: 0 });
  const genesis = raft.entry(1);
  if (genesis === undefined) throw new Error('a log begins with its genesis');
  const place = { prevIndex: 1, prevTerm: genesis.term, prevHash: genesis.hash };
  const heartbeat = { type: 'append', round: 0, entries: [], commit: 1, ...place } as const;
  const appended = (from: typeof LEADER, term: number): void => {
    raft.step({ ...heartbeat, from, to: SELF, term }, clock.now());
    if (raft.takeReady(0).persist !== undefined) raft.persisted(1, genesis.hash);
    raft.hasReady(false);
  };
  const sent: string[] = [];
  const network = new WaitingNetwork(
    {
      send: (to, _channel, bytes) => {
        const { type } = decodePeerMessage(bytes) ?? { type: 'other' };
        sent.push(`${clock.elapsed()} ${to} ${type}`);
      },
    },
    clock,
  );
  const evidence = new Evidence(
    {
      raft,
      store,
      clock,
      alarms: new Alarms(clock, quietLogger),
      signer: { node: SELF, publicKey: identityKeyOf(SELF), sign: () => new Uint8Array(64) },
      verify: () => true,
      electorate: { clusterId: clusterId('c1'.repeat(16)), keys: new Map() },
      level: () => 3,
      checkpointOf: () => undefined,
      changed: () => undefined,
      send: () => undefined,
      sendSoon: (to, withinMs, make) =>
        network.sendSoon(to, 'raft', withinMs, () => {
          const message = make();
          return message && encodeMessage(message);
        }),
    },
    new Map(),
  );
  return { clock, raft, network, evidence, sent, appended };
}

test('a leader that is sent nothing else is told an acknowledgement alone, half a second later', async () => {
  const { clock, evidence, sent, appended } = await follower();
  appended(LEADER, 2);
  evidence.tellLeaderSoon();
  for (let event = 0; event < 60; event++) {
    await clock.advance(10);
    evidence.tellLeaderSoon();
  }

  expect(sent).toEqual(['500 node-2 acknowledgement']);
});

test('a leader is told along with the first message for it after a tenth of a second, and only what is new', async () => {
  const { clock, network, evidence, sent, appended } = await follower();
  appended(LEADER, 2);
  evidence.tellLeaderSoon();
  for (let message = 1; message <= 20; message++) {
    await clock.advance(45);
    network.send(LEADER, 'tasks', Uint8Array.of(message));
    evidence.tellLeaderSoon();
  }

  expect(sent.filter((each) => each.endsWith('acknowledgement'))).toEqual([
    '135 node-2 acknowledgement',
  ]);
  expect(sent.slice(2, 4)).toEqual(['135 node-2 acknowledgement', '135 node-2 other']);
});

test('a word that waits for one leader is told to the next one instead', async () => {
  const { clock, raft, network, evidence, sent, appended } = await follower();
  appended(LEADER, 2);
  evidence.tellLeaderSoon();
  await clock.advance(150);
  raft.tick(60, clock.now());
  appended(OTHER, 3);
  evidence.tellLeaderSoon();
  await clock.advance(110);
  for (const to of [LEADER, OTHER]) network.send(to, 'tasks', Uint8Array.of(1));

  expect(sent).toEqual(['260 node-2 other', '260 node-3 acknowledgement', '260 node-3 other']);
});
