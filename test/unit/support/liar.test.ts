import { beforeEach, expect, test } from '@jest/globals';

import { nodeId, utf8 } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { RaftMessage } from '../../../src/wire/index.js';
import { Liar } from '../../support/adversary/liar.js';
import { GENESIS, seededRandom } from '../../support/clusters/raft-cluster.js';
import { DriverCluster, type DriverNode, turns } from '../raft/driver-cluster.js';

const SELF = nodeId('node-3');
const text = (entries: DriverNode['applied']): string[] =>
  entries
    .filter(({ kind }) => kind === 'command')
    .map(({ payload }) => String.fromCharCode(...payload));

/** Two honest drivers, and a liar in the third one's place. */
class Fixture {
  readonly cluster = new DriverCluster(3);
  readonly honest: readonly DriverNode[];
  readonly liar: Liar;
  /** What the liar says is lost on its way to these. */
  readonly deafTo = new Set<NodeId>();

  constructor() {
    const [one, two, third] = this.cluster.nodes as [DriverNode, DriverNode, DriverNode];
    this.honest = [one, two];
    void third.driver.stop();
    this.liar = new Liar({
      self: SELF,
      voters: this.cluster.nodes.map(({ id }) => id),
      genesis: GENESIS,
      random: seededRandom(5),
      clock: this.cluster.clock,
      network: {
        send: (to, channel, bytes) => {
          if (channel !== 'raft' || this.deafTo.has(to)) return;
          const target = this.honest.find(({ id }) => id === to);
          void Promise.resolve().then(() => target?.driver.receive(SELF, bytes));
        },
      },
    });
    // What is sent to the third goes to the liar.
    third.driver.receive = (from, bytes) => this.liar.receive(from, 'raft', bytes);
  }

  /** The liar leads. */
  async lead(): Promise<void> {
    this.liar.start();
    for (let times = 0; times < 100 && !this.liar.leads; times++) {
      this.liar.stand();
      await this.cluster.run(10);
    }
    if (!this.liar.leads) throw new Error('the liar is not elected');
    await this.cluster.run(100);
  }
}

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});

test('a malicious leader without a lie is elected, and all nodes commit and apply its entries', async () => {
  await fixture.lead();
  fixture.liar.sentLog.append({ payload: utf8('a') });
  fixture.liar.sentLog.append({ payload: utf8('b') });
  await fixture.cluster.run(100);

  for (const { applied, alarms, driver } of fixture.honest) {
    expect(text(applied)).toEqual(['a', 'b']);
    expect(alarms).toEqual([]);
    expect(driver.status().leader).toBe(SELF);
  }
});

test('a malicious node follows an honest leader, and acknowledges its entries', async () => {
  const leader = await fixture.cluster.electAny();
  fixture.liar.start();
  leader.driver.propose(utf8('honest'));
  await fixture.cluster.run(100);

  expect(fixture.liar.leader).toBe(leader.id);
  expect(text([...fixture.liar.log.entries])).toEqual(['honest']);
});

test('with two logs of one term, each honest node applies the one it was sent, and hears of the other log', async () => {
  await fixture.lead();
  const [one, two] = fixture.honest as [DriverNode, DriverNode];
  const fork = fixture.liar.fork([two.id]);
  fixture.liar.sentLog.commit = fork.commit = 'acknowledged';
  fixture.liar.sentLog.append({ payload: utf8('heads') });
  fork.append({ payload: utf8('tails') });
  await fixture.cluster.run(100);

  expect([text(one.applied), text(two.applied)]).toEqual([['heads'], ['tails']]);
  const told = 'A voter acknowledges another log than this node has of the same leader';
  expect([one.alarms, two.alarms]).toEqual([[told], [told]]);
});

test('an uncommitted log is overwritten in a later term, and refused with an alarm in the same term', async () => {
  await fixture.lead();
  const { liar } = fixture;
  const [one, two] = fixture.honest as [DriverNode, DriverNode];
  const fork = liar.fork([two.id]);
  const base = liar.sentLog.length;
  liar.sentLog.commit = fork.commit = base;
  liar.sentLog.append({ payload: utf8('kept') });
  fork.append({ payload: utf8('dropped') });
  await fixture.cluster.run(100);
  expect(liar.matchOf(two.id)).toBe(base + 1);

  liar.tell(liar.sentLog, [two.id]);
  await fixture.cluster.run(100);
  expect(two.alarms).toContain('An append has another entry at an index and term of our log');

  liar.leadUnelected(liar.term + 1);
  liar.sentLog.append({ payload: utf8('kept'), term: liar.term });
  await fixture.cluster.run(100);
  expect([text(one.applied), text(two.applied)]).toEqual([['kept'], ['kept']]);
});

test('an unelected leader is followed where no other is heard: only the entries’ own authority protects the state', async () => {
  const { cluster, liar, honest } = fixture;
  const leader = await cluster.electAny();
  liar.start();
  await cluster.run(100);
  liar.leadUnelected();
  await cluster.run(50);
  expect(leader.driver.status()).toMatchObject({ role: 'leader' });

  const [one, two] = honest.map(({ id }) => id);
  cluster.loses = (from, to) => [one, two].includes(from) && [one, two].includes(to);
  await cluster.run(700);

  expect(leader.driver.status()).toMatchObject({ role: 'follower', leader: SELF });
  expect(honest.map(({ driver }) => driver.status().term)).toEqual([liar.term, liar.term]);
});

test('withheld, repeated and wrong entries: a wrong hash and a far future are refused', async () => {
  await fixture.lead();
  const { liar } = fixture;
  const [one] = fixture.honest as [DriverNode];
  const first = liar.sentLog.append({ payload: utf8('again') });
  liar.sentLog.append({ payload: first.payload });
  const future = liar.sentLog.append({ payload: utf8('x'), timeMs: first.timeMs + 60_000 });
  await fixture.cluster.run(100);
  expect(text(one.applied)).toEqual(['again', 'again']);
  expect(liar.matchOf(one.id)).toBe(future.index - 1);

  liar.sentLog.cut(future.index);
  liar.sentLog.add({ ...future, timeMs: first.timeMs });
  await fixture.cluster.run(100);
  expect(one.alarms).toContain('An append breaks the chain of hashes');
  expect(text(one.applied)).toEqual(['again', 'again']);
});

test('an unknown kind of entry, and a commit index beyond the log, have no effect', async () => {
  await fixture.lead();
  const { liar } = fixture;
  const [one] = fixture.honest as [DriverNode];
  liar.sentLog.commit = 1_000;
  const { index, hash, timeMs } = liar.sentLog.last;
  const entry = { index: BigInt(index + 1), term: BigInt(liar.term), kind: 9 };
  liar.sayOnWire(one.id, {
    level: 1,
    from: SELF,
    to: one.id,
    term: BigInt(liar.term),
    message: {
      $case: 'append',
      value: {
        prevIndex: BigInt(index),
        prevTerm: BigInt(liar.sentLog.termAt(index)),
        prevHash: hash,
        entries: [{ ...entry, timeMs: BigInt(timeMs), payload: utf8('?'), hash }],
        commitIndex: 1_000n,
        round: 0n,
      },
    },
  } satisfies RaftMessage);
  await turns();
  await fixture.cluster.run(100);

  expect(one.dropped).toContain('Dropped a message of consensus');
  expect(one.driver.status().commit).toBe(liar.sentLog.length);
  expect(one.fatal).toEqual([]);
});
