import { expect, test } from '@jest/globals';
import type { Entry } from '../../src/ports/index.js';
import {
  appendTo,
  entriesAfter,
  genesisOf,
  RaftCluster,
} from '../support/clusters/raft-cluster.js';
import type { Node } from '../support/clusters/raft-cluster.js';

/** A follower with two committed entries and one that is not, all of term 2, from node 2. */
function followerWithLog(): { cluster: RaftCluster; follower: Node; leader: Node; log: Entry[] } {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const leader = cluster.node(2);
  const genesis = genesisOf(follower);
  const log = [genesis, ...entriesAfter(genesis, { term: 2 }, { term: 2 }, { term: 2 })];
  cluster.deliver(appendTo(follower, leader, genesis, log.slice(1), { commit: 3 }));
  return { cluster, follower, leader, log };
}

test('an append whose entry has another hash at an index and term of the log is refused with an alarm', () => {
  const { cluster, follower, leader, log } = followerWithLog();
  const [, , last] = log;
  if (last === undefined) return;
  const forged = entriesAfter(last, { term: 2, text: 'another' });

  const answers = cluster.ask(appendTo(follower, leader, last, forged));

  expect(answers).toEqual([]);
  expect(follower.alarms).toEqual(['An append has another entry at an index and term of our log']);
  expect(follower.disk.entries).toEqual(log);
});

test('an append whose previous hash differs is refused with an alarm', () => {
  const { cluster, follower, leader, log } = followerWithLog();
  const last = log.at(-1);
  if (last === undefined) return;
  const prevHash = new Uint8Array(32).fill(1);

  const answers = cluster.ask(appendTo(follower, leader, last, [], { prevHash }));

  expect(answers).toEqual([]);
  expect(follower.alarms).toEqual(['An append shows another hash for an entry of our log']);
});

test('no entry at or below the commit index is ever truncated', () => {
  const { cluster, follower, log } = followerWithLog();
  const [genesis, first] = log;
  if (!genesis || !first) return;
  const other = cluster.node(3);
  cluster.forgetLeader(follower);
  const overwrite = entriesAfter(genesis, { term: 3, text: 'x' }, { term: 3, text: 'y' });

  expect(cluster.ask(appendTo(follower, other, genesis, overwrite))).toEqual([]);
  expect(cluster.ask(appendTo(follower, other, { ...first, term: 3 }, []))).toEqual([]);

  expect(follower.alarms.length).toBeGreaterThan(0);
  expect(follower.disk.entries).toEqual(log);
});

test('uncommitted entries are replaced by those of a later leader', () => {
  const { cluster, follower, log } = followerWithLog();
  const [, , committed] = log;
  if (!committed) return;
  const other = cluster.node(3);
  const replacement = entriesAfter(committed, { term: 3 }, { term: 3 });
  cluster.forgetLeader(follower);

  const answers = cluster.ask(appendTo(follower, other, committed, replacement));

  expect(answers).toMatchObject([{ answer: { refused: undefined, match: 5 } }]);
  expect(follower.disk.entries).toEqual([...log.slice(0, 3), ...replacement]);
  expect(follower.alarms).toEqual([]);
});

test('an entry whose hash is not that of its fields is refused with an alarm', () => {
  const { cluster, follower, leader, log } = followerWithLog();
  const last = log.at(-1);
  if (last === undefined) return;
  const broken = entriesAfter(last, { term: 2 }).map((entry) => ({ ...entry, timeMs: 1 }));

  expect(cluster.ask(appendTo(follower, leader, last, broken))).toEqual([]);

  expect(follower.alarms).toEqual(['An append breaks the chain of hashes']);
});

test('a second node that leads in the same term is refused with an alarm', () => {
  const { cluster, follower, log } = followerWithLog();
  const last = log.at(-1);
  if (last === undefined) return;

  expect(cluster.ask(appendTo(follower, cluster.node(3), last, []))).toEqual([]);

  expect(follower.alarms).toEqual(['A second node leads in one term']);
  expect(follower.raft.leader).toBe(cluster.node(2).id);
});

test('the core holds one alarm of a kind and peer until it is taken', () => {
  const { cluster, follower, log } = followerWithLog();
  const last = log.at(-1);
  if (last === undefined) return;

  for (let count = 0; count < 5; count++) {
    follower.raft.step(appendTo(follower, cluster.node(3), last, []), cluster.nowMs);
  }

  expect(follower.raft.takeUrgent().alarms).toEqual([
    {
      kind: 'A second node leads in one term',
      peer: cluster.node(3).id,
      fields: { term: follower.raft.term, type: 'append' },
    },
  ]);
});
