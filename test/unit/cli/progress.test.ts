import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { Cluster, QuorateClient } from '../../../src/client/index.js';
import { sayingWhatIsMissing, wordsOf } from '../../../src/cli/progress.js';
import { decode, Cluster as ClusterMessage, Member, MemberRole } from '../../../src/wire/index.js';
import { fakeContext } from './fake-context.js';

function cluster(reachable: readonly boolean[], leaderId = 'node-1'): Cluster {
  const empty = decode(ClusterMessage, new Uint8Array());
  const member = decode(Member, new Uint8Array());
  if (empty === undefined || member === undefined) throw new Error('no empty messages');
  const members = reachable.map((each, at) => {
    const nodeId = `node-${at + 1}`;
    return {
      ...member,
      nodeId,
      role: MemberRole.TEE,
      reachable: each,
      leader: nodeId === leaderId,
    };
  });
  return { ...empty, leaderId, members };
}

describe('a call that takes long says what it waits for', () => {
  test.each([
    [
      [true, true, false],
      { all: true },
      'Waiting for node-3: every participant of a new key is needed ...',
    ],
    [[true, true, false], { all: true, nodes: ['node-1', 'node-2'] }, 'Waiting ...'],
    [
      [true, false, false],
      { all: false },
      'Waiting: 1 of 3 nodes are there, without node-2, node-3 ...',
    ],
    [[true, true, true], { all: true }, 'Waiting ...'],
  ])('%j', (reachable, needed, words) => {
    expect(wordsOf(cluster(reachable), needed)).toBe(words);
  });

  test('a node whose stream is open and that answers nothing is named by the leader, which alone knows', () => {
    const all = cluster([true, true, true]);
    const members = all.members.map((member) => ({
      ...member,
      replication: { heardAgoMs: member.nodeId === 'node-3' ? 1_001n : 1_000n, matchIndex: 0n },
    }));
    const needed = { all: true };

    expect(wordsOf({ ...all, members, nodeId: 'node-1' }, needed)).toMatch(/^Waiting for node-3: /);
    expect(wordsOf({ ...all, members, nodeId: 'node-2' }, needed)).toBe('Waiting ...');
  });

  test('a cluster without a leader', () => {
    expect(wordsOf(cluster([true, true, true], ''), { all: true })).toMatch(
      /no leader at the moment/,
    );
  });
});

test('the words are printed while the call goes on, and a quick call prints none', async () => {
  const { context, err } = fakeContext();
  const asked = new AbortController();
  const client = {
    getCluster: async () => {
      asked.abort();
      return cluster([true, true, false]);
    },
  } as unknown as QuorateClient;
  const slow = once(asked.signal, 'abort').then(
    () => new Promise((resolve) => setImmediate(resolve, 'made')),
  );

  const made = await sayingWhatIsMissing(slow, client, { all: true }, context, 0);
  await sayingWhatIsMissing(Promise.resolve(), client, { all: true }, context, 60_000);

  expect(made).toBe('made');
  expect(err).toEqual(['Waiting for node-3: every participant of a new key is needed ...']);
});

describe('where all nodes are there and all are needed', () => {
  const client = {
    getCluster: async () => cluster([true, true, true]),
  } as unknown as QuorateClient;
  const ahead = "warning: the clock of node-1 is 7200.0 s ahead of the others'";
  const rule = 'A node takes no part in a request that has expired by its own clock.';

  test.each([
    [[ahead], ['Waiting ...', ahead, rule]],
    [[], ['Waiting ...']],
  ])('wrong clocks are told: %j', async (warnings, words) => {
    const { context, err } = fakeContext();
    const asked = new AbortController();
    const slow = once(asked.signal, 'abort').then(
      () => new Promise((resolve) => setImmediate(resolve, 'made')),
    );
    const wrongClocks = async () => {
      setImmediate(() => asked.abort());
      return warnings;
    };
    await sayingWhatIsMissing(slow, client, { all: true, wrongClocks }, context, 0);
    expect(err).toEqual(words);
  });

  test('a call that has ended does not wait for the clocks', async () => {
    const { context, err } = fakeContext();
    const asked = new AbortController();
    const wrongClocks = () => {
      asked.abort();
      return new Promise<never>(() => undefined);
    };
    const slow = once(asked.signal, 'abort').then(() => 'made');
    const made = await sayingWhatIsMissing(slow, client, { all: true, wrongClocks }, context, 0);
    expect([made, err]).toEqual(['made', ['Waiting ...']]);
  });
});

test('a call that fails fails as it did, whatever the cluster answers', async () => {
  const { context, err } = fakeContext();
  const client = {
    getCluster: () => Promise.reject(new Error('nobody there')),
  } as unknown as QuorateClient;
  const failed = sayingWhatIsMissing(
    Promise.reject(new Error('no')),
    client,
    { all: true },
    context,
    0,
  );

  await expect(failed).rejects.toThrow('no');
  expect(err).toEqual([]);
});
