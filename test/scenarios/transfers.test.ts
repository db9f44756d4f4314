import { describe, expect, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import type { Message, TimeoutNow } from '../../src/raft/index.js';
import { commands, RaftCluster } from '../support/clusters/raft-cluster.js';
import type { Node } from '../support/clusters/raft-cluster.js';

/* Leadership transfer (dissertation §3.10), and what it must not be good for. */

type Led = {
  readonly cluster: RaftCluster;
  readonly leader: Node;
  readonly target: Node;
  readonly others: readonly Node[];
};

/** A cluster at rest, its leader, and the other nodes. */
function led(count = 3): Led {
  const cluster = new RaftCluster(count);
  const leader = cluster.electAny();
  cluster.run(20);
  const [target, ...others] = cluster.nodes.filter((node) => node !== leader);
  if (target === undefined) throw new Error('more than one node');
  return { cluster, leader, target, others };
}

const isTold = (message: Message): message is TimeoutNow => message.type === 'timeout-now';

/** The leader's word as it would be sent to `to` now. */
function word(from: Node, to: Node, target: Node, rest: Partial<TimeoutNow> = {}): TimeoutNow {
  const last = from.raft.entry(from.raft.lastIndex);
  if (last === undefined) throw new Error('a log has an end');
  const { term } = from.raft;
  const at = { lastIndex: last.index, lastTerm: term };
  const head = { type: 'timeout-now', from: from.id, to: to.id, term } as const;
  return { ...head, target: target.id, ...at, ...rest };
}

function standing(candidate: Node, to: Node, term: number): Message {
  const { raft } = candidate;
  const last = raft.entry(raft.lastIndex);
  if (last === undefined) throw new Error('a log has an end');
  const asks = { type: 'vote-request', pre: false, from: candidate.id, to: to.id, term } as const;
  return { ...asks, lastIndex: last.index, lastTerm: last.term };
}

describe.each([3, 5])('of %i nodes', (count) => {
  test('the leader hands leadership to the node that is named, without any time passing', () => {
    const { cluster, leader, target } = led(count);
    const { term } = leader.raft;
    cluster.propose(leader, 'before');
    const before = cluster.sent.length;

    expect(cluster.transfer(leader, target)).toBeUndefined();
    cluster.settle();

    expect(cluster.leader).toBe(target);
    expect(cluster.nodes.map(({ raft }) => [raft.leader, raft.term])).toEqual(
      cluster.nodes.map(() => [target.id, term + 1]),
    );
    expect(commands(target.applied)).toEqual(['before']);
    expect(cluster.sent.slice(before).filter(({ type }) => type === 'vote-request')).toEqual(
      cluster.nodes.slice(1).map(() => expect.objectContaining({ pre: false, from: target.id })),
    );
    expect(cluster.nodes.flatMap(({ alarms }) => alarms)).toEqual([]);
  });

  test('without a name it goes to a voter that has the whole log', () => {
    const { cluster, leader, target, others } = led(count);
    cluster.loses = ({ to }) => to === target.id;
    cluster.propose(leader, 'a');
    cluster.settle();
    cluster.heal();

    expect(cluster.transfer(leader)).toBeUndefined();
    const chosen = leader.raft.transferTarget;
    cluster.settle();

    expect(others.map(({ id }) => id)).toContain(chosen);
    expect(cluster.leader?.id).toBe(chosen);
  });
});

test('a target that dies before it is told costs half an election timeout, and the leader takes proposals again', () => {
  const { cluster, leader, target } = led();
  cluster.crash(target);
  cluster.propose(leader, 'a');
  expect(cluster.transfer(leader, target)).toBeUndefined();
  expect(cluster.propose(leader, 'during')).toBe('not-leader');

  cluster.run(leader.raft.timing.electionTicksMax / 2);

  expect(leader.raft.role).toBe('leader');
  expect([leader.raft.transferTarget, leader.raft.transferFailed]).toEqual([undefined, 'behind']);
  expect(cluster.propose(leader, 'after')).toMatchObject({ kind: 'command' });
  expect(cluster.sent.filter(isTold)).toEqual([]);
});

test('a target that dies once it is told leaves a leader that takes proposals again after an election timeout', () => {
  const { cluster, leader, target } = led();
  expect(cluster.transfer(leader, target)).toBeUndefined();
  expect(cluster.sent.some(isTold)).toBe(true);
  cluster.crash(target);

  cluster.run(leader.raft.timing.electionTicksMax);

  expect([leader.raft.role, leader.raft.transferFailed]).toEqual(['leader', 'not-elected']);
  expect(cluster.propose(leader, 'after')).toMatchObject({ kind: 'command' });
  cluster.settle();
  expect(commands(leader.applied)).toEqual(['after']);
});

test('a leader that dies when it has told the target leaves the target to be elected at once', () => {
  const { cluster, leader, target } = led();
  expect(cluster.transfer(leader, target)).toBeUndefined();
  cluster.crash(leader);

  cluster.settle();

  expect(cluster.leader).toBe(target);
});

test('a leader that dies before it has told anybody is replaced by an election', () => {
  const { cluster, leader, target, others } = led();
  cluster.loses = isTold;
  expect(cluster.transfer(leader, target)).toBeUndefined();
  cluster.crash(leader);
  cluster.heal();

  cluster.run(300);

  expect([target, ...others]).toContain(cluster.leader);
});

test('each proposal of a storm is refused or committed, and the target is told with the last of them in its log', () => {
  const { cluster, leader, target } = led();
  const taken: string[] = [];
  const storm = (name: string): void => {
    for (let at = 0; at < 50; at++) {
      if (typeof cluster.propose(leader, `${name}${at}`) === 'object') taken.push(`${name}${at}`);
    }
  };
  target.slowDisk = true;
  storm('a');
  expect(cluster.transfer(leader, target)).toBeUndefined();
  cluster.settle();
  storm('b');
  // Its disk keeps what came: it is not told before it has that durably.
  expect(cluster.sent.filter(isTold)).toEqual([]);

  target.slowDisk = false;
  while (target.writing !== undefined) cluster.finishWrite(target);
  cluster.settle();

  expect(cluster.leader).toBe(target);
  expect(taken).toHaveLength(50);
  const told = cluster.sent.find(isTold);
  expect(told?.lastIndex).toBe(1 + 1 + taken.length);
  for (const node of cluster.nodes) expect(commands(node.applied)).toEqual(taken);
});

test('a late heartbeat of the old leader neither stops the candidate nor deposes the old leader', () => {
  const { cluster, leader, target } = led(5);
  const { term } = leader.raft;
  cluster.loses = ({ type, to }) => type === 'vote-request' && to === leader.id;
  expect(cluster.transfer(leader, target)).toBeUndefined();
  const told = cluster.queue.find((message) => isTold(message) && message.to === target.id);
  if (told === undefined) throw new Error('the target is told');
  cluster.deliver(told);
  expect(target.raft.role).toBe('candidate');

  for (let tick = 0; tick < 6; tick++) cluster.tick(leader);
  const heartbeats = cluster.queue.filter(({ type, to }) => type === 'append' && to === target.id);
  expect(heartbeats).not.toEqual([]);
  for (const heartbeat of heartbeats) cluster.deliver(heartbeat);
  expect([target.raft.role, target.raft.term]).toEqual(['candidate', term + 1]);
  expect(leader.raft.role).toBe('leader');
  cluster.settle();

  // The others have its word; the old leader learns of the new one by its first append.
  expect(cluster.leader).toBe(target);
  expect(leader.raft.leader).toBe(target.id);
});

test('a second transfer to the same node changes nothing, and to another is refused while the first is under way', () => {
  const { cluster, leader, target, others } = led();
  const [other] = others;
  cluster.loses = isTold;
  expect(cluster.transfer(leader, target)).toBeUndefined();

  expect(cluster.transfer(leader, target)).toBeUndefined();
  expect(cluster.transfer(leader)).toBeUndefined();
  expect(cluster.transfer(leader, other)).toBe('under-way');
  expect(leader.raft.transferTarget).toBe(target.id);
  cluster.run(leader.raft.timing.electionTicksMax);
  cluster.heal();

  expect(cluster.transfer(leader, other)).toBeUndefined();
  cluster.settle();
  expect(cluster.leader).toBe(other);
});

test('leadership goes to itself without a change, to no node that is not a voter, and from no node but the leader', () => {
  const { cluster, leader, target } = led();
  const { term } = leader.raft;

  expect(cluster.transfer(leader, leader)).toBeUndefined();
  expect(leader.raft.transferTarget).toBeUndefined();
  expect(leader.raft.transferLeadership(nodeId('learner-1'))).toBe('not-a-voter');
  expect(cluster.transfer(target, leader)).toBe('not-leader');
  cluster.run(100);

  expect([cluster.leader, leader.raft.term]).toEqual([leader, term]);
});

test('a node that is cut off, or lacks much of the log, is refused without a pause', () => {
  const { cluster, leader, target } = led();
  cluster.isolate(target);
  for (let at = 0; at < 2_000; at++) cluster.propose(leader, `${at}`);
  cluster.settle();
  expect(cluster.transfer(leader, target)).toBe('behind');
  cluster.run(leader.raft.timing.electionTicksMax + 20);

  expect(cluster.transfer(leader, target)).toBe('unreachable');
  expect(cluster.propose(leader, 'goes on')).toMatchObject({ kind: 'command' });
});

test('a cluster whose level does not have it hands nothing over', () => {
  const cluster = new RaftCluster(3, {}, 2);
  const leader = cluster.electAny();
  cluster.settle();

  expect(cluster.transfer(leader)).toBe('level');
});

test('a leader that steps down for another reason forgets the transfer, and may lead again without it', () => {
  const { cluster, leader, target } = led();
  leader.slowDisk = true;
  cluster.propose(leader, 'a');
  cluster.settle();
  cluster.loses = isTold;
  expect(cluster.transfer(leader, target)).toBeUndefined();
  expect(cluster.sent.some(isTold)).toBe(true);
  for (let tick = 0; tick < 100 && leader.raft.role === 'leader'; tick++) {
    expect(leader.raft.transferTarget).toBe(target.id);
    cluster.run(1);
  }
  // It waits for its disk.
  expect([leader.raft.role, leader.raft.transferTarget]).toEqual(['follower', undefined]);
  leader.slowDisk = false;
  cluster.finishWrite(leader);
  cluster.heal();
  cluster.run(300);

  const next = cluster.electAny();
  cluster.transfer(next, leader);
  cluster.settle();
  expect([cluster.leader, leader.raft.transferTarget]).toEqual([leader, undefined]);
  expect(cluster.propose(leader, 'again')).toMatchObject({ kind: 'command' });
});

test('each read of a storm during a transfer is confirmed or refused, and none is left', () => {
  const { cluster, leader, target } = led();
  const reads: { readonly node: Node; readonly id: number }[] = [];
  const storm = (): void => {
    for (const node of cluster.nodes) {
      for (let at = 0; at < 20; at++) reads.push({ node, id: cluster.read(node) });
    }
  };
  storm();
  expect(cluster.transfer(leader, target)).toBeUndefined();
  while (cluster.queue.length > 0) {
    storm();
    for (const message of cluster.queue.splice(0, 5)) cluster.deliver(message);
    if (reads.length > 3_000) break;
  }
  cluster.run(leader.raft.timing.electionTicksMax + 10);

  expect(cluster.leader).toBe(target);
  for (const { node, id } of reads) expect(node.reads.has(id)).toBe(true);
  const last = cluster.read(target);
  cluster.settle();
  expect(target.reads.get(last)).toBe(target.raft.commit);
});

test('a node that asks for pre-votes when it is told does not stand for it, and the leader goes on', () => {
  const { cluster, leader, target } = led();
  cluster.loses = ({ to }) => to === target.id;
  for (let tick = 0; tick < 100 && target.raft.role !== 'precandidate'; tick++)
    cluster.tick(target);
  expect(target.raft.role).toBe('precandidate');
  const { term } = target.raft;

  cluster.deliver(word(leader, target, target));

  expect([target.raft.role, target.raft.term]).toEqual(['precandidate', term]);
});

test('a word that comes twice, late, or from an earlier term, has a node stand once and no more', () => {
  const { cluster, leader, target } = led();
  expect(cluster.transfer(leader, target)).toBeUndefined();
  cluster.settle();
  const { term } = target.raft;
  const words = cluster.sent.filter(isTold);
  expect(words).not.toEqual([]);

  for (const told of [...words, ...words]) cluster.deliver(told);
  cluster.settle();
  cluster.run(100);

  expect([cluster.leader, target.raft.term]).toEqual([target, term]);
});

test('when the word is lost it is repeated, so that leadership is handed over all the same', () => {
  const { cluster, leader, target } = led();
  let lost = 0;
  cluster.loses = (message) => isTold(message) && lost++ < 2;
  expect(cluster.transfer(leader, target)).toBeUndefined();

  cluster.run(leader.raft.timing.heartbeatTicks + 1);

  expect(lost).toBeGreaterThan(2);
  expect(cluster.leader).toBe(target);
});

describe('a member that lies', () => {
  test('and does not lead, has nobody stand, and has no vote granted over a leader that is heard', () => {
    const { cluster, leader, target: bad, others } = led(5);
    const { term } = leader.raft;
    const honest = [leader, ...others];

    for (let round = 0; round < 100; round++) {
      for (const node of honest) {
        for (const of of [term, term + 1, term - 1]) {
          for (const target of [node, bad]) {
            cluster.deliver(word(bad, node, target, { term: of, lastTerm: of }));
          }
          expect(cluster.ask(standing(bad, node, term + 1))).toEqual([]);
        }
      }
      cluster.run(1);
    }

    expect(cluster.leader).toBe(leader);
    expect(honest.map(({ raft }) => raft.term)).toEqual(honest.map(() => term));
  });

  test('a target may stand over its leader in the next term alone, and only while the leader’s word is fresh', () => {
    const { cluster, leader, target: bad, others } = led(5);
    const [voter] = others;
    if (voter === undefined) throw new Error('five nodes');
    const { term } = leader.raft;
    const told = word(leader, voter, bad);

    cluster.deliver(told);
    expect(cluster.ask(standing(bad, voter, term + 2))).toEqual([]);
    for (const other of others.slice(1))
      expect(cluster.ask(standing(other, voter, term + 1))).toEqual([]);
    for (let tick = 0; tick < voter.raft.timing.electionTicksMin; tick++) cluster.run(1);
    expect(cluster.ask(standing(bad, voter, term + 1))).toEqual([]);

    cluster.deliver(told);
    expect(cluster.ask(standing(bad, voter, term + 1))).toMatchObject([{ granted: true }]);
  });

  test('a leader that names a node whose log lacks its last entry has nobody stand', () => {
    const { cluster, leader, target } = led();
    const { term } = target.raft;
    const lastIndex = leader.raft.lastIndex + 1;

    cluster.deliver(word(leader, target, target, { lastIndex }));

    expect([target.raft.role, target.raft.term]).toEqual(['follower', term]);
  });

  test('a leader that gives its leadership away again and again stops the cluster for no longer than it leads', () => {
    const { cluster, leader: bad, others } = led(5);
    const { term } = bad.raft;
    // It tells every node to stand, without end, and then is silent.
    for (const target of cluster.nodes) {
      if (target === bad) continue;
      for (const to of cluster.nodes) if (to !== bad) cluster.deliver(word(bad, to, target));
    }
    const late = others.map((node) => word(bad, node, node));
    cluster.crash(bad);
    for (let tick = 0; tick < 200; tick++) {
      for (const message of late) cluster.deliver({ ...message, term });
      cluster.run(1);
    }

    const { leader } = cluster;
    expect(leader).toBeDefined();
    if (leader === undefined) return;
    expect(cluster.propose(leader, 'goes on')).toMatchObject({ kind: 'command' });
    cluster.settle();
    expect(commands(leader.applied)).toEqual(['goes on']);
  });
});

test('leadership that is handed over every 50 ms loses no entry that was taken, and no node applies another order', () => {
  const { cluster } = led(5);
  const taken: string[] = [];
  let transfers = 0;
  for (let tick = 0; tick < 400; tick++) {
    const { leader } = cluster;
    if (leader !== undefined) {
      const name = `${tick}`;
      if (typeof cluster.propose(leader, name) === 'object') taken.push(name);
      if (tick % 5 === 0 && cluster.transfer(leader) === undefined) transfers += 1;
    }
    cluster.run(1);
  }
  cluster.run(500);

  const [first, ...rest] = cluster.nodes.map(({ applied }) => commands(applied));
  for (const each of rest) expect(each).toEqual(first);
  // Nothing crashed and nothing was lost: what a leader took is committed.
  expect(first).toEqual(taken);
  expect(transfers).toBeGreaterThan(10);
});
