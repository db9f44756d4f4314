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
