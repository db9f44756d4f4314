import { expect, test } from '@jest/globals';
import { Alarms } from '../../../src/alarms/index.js';
import { LEADERLESS_MS, QuorumWatch } from '../../../src/raft/quorum-watch.js';
import { RaftCluster } from '../../support/clusters/raft-cluster.js';
import type { Node } from '../../support/clusters/raft-cluster.js';

class Fixture {
  readonly cluster = new RaftCluster(3);
  readonly lines: unknown[] = [];
  readonly #watch: QuorumWatch;
  #elapsedMs = 0;

  constructor() {
    const write = (level: string) => (message: string, fields?: object) =>
      this.lines.push([level, message, fields]);
    const logger = { alarm: write('alarm'), warn: write('warn'), info: write('info') };
    this.#watch = new QuorumWatch(new Alarms({ elapsed: () => this.#elapsedMs }, logger), logger);
  }

  run(node: Node, ms: number): void {
    for (const end = this.#elapsedMs + ms; this.#elapsedMs < end; this.#elapsedMs += 10) {
      this.cluster.run(1);
      this.#watch.look(node.raft, this.#elapsedMs);
    }
  }
}

test('a node that hears nobody tells once that there is no quorum, and that there is a leader again', () => {
  const fixture = new Fixture();
  const leader = fixture.cluster.electAny();
  const node = fixture.cluster.nodes.find((each) => each !== leader);
  if (node === undefined) throw new Error('three nodes');
  fixture.run(node, 2 * LEADERLESS_MS);
  expect(fixture.lines).toEqual([]);

  fixture.cluster.isolate(node);
  fixture.run(node, 3 * LEADERLESS_MS);
  const silent = fixture.cluster.nodes.filter((each) => each !== node).map(({ id }) => id);
  const facts = { hears: '0 of 2 others', needed: 1, silent: silent.join(' ') };
  expect(fixture.lines).toEqual([['warn', 'No quorum', facts]]);
  fixture.cluster.heal();
  fixture.run(node, LEADERLESS_MS);

  expect(fixture.lines.slice(1)).toEqual([
    ['info', 'There is a leader again', { leader: leader.id }],
  ]);
});

test('a node that hears a majority and knows no leader says so', () => {
  const fixture = new Fixture();
  const [node] = fixture.cluster.nodes;
  if (node === undefined) throw new Error('three nodes');
  // Requests arrive, and no answer does.
  fixture.cluster.loses = ({ type }) => type === 'vote-reply';
  fixture.run(node, 2 * LEADERLESS_MS);

  expect(fixture.lines).toEqual([
    [
      'warn',
      'No leader, although a majority is heard',
      { hears: '2 of 2 others', needed: 1, silent: '' },
    ],
  ]);
});
