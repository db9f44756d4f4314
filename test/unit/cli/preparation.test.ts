import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { Cluster, QuorateClient, Task } from '../../../src/client/index.js';
import { TaskKind } from '../../../src/client/index.js';
import type { ListTasksInput } from '../../../src/client/index.js';
import { preparationWords, sayingWhatIsPrepared } from '../../../src/cli/preparation.js';
import {
  Cluster as ClusterMessage,
  Member,
  MemberRole,
  Task as TaskMessage,
} from '../../../src/wire/index.js';
import { fakeContext } from './fake-context.js';

function cluster(...away: readonly string[]): Cluster {
  const members = ['node-1', 'node-2', 'node-3'].map((nodeId) =>
    Member.fromPartial({
      nodeId,
      role: MemberRole.TEE,
      reachable: !away.includes(nodeId),
      leader: nodeId === 'node-1',
    }),
  );
  return ClusterMessage.fromPartial({ leaderId: 'node-1', members });
}

function task(...participants: readonly (readonly string[])[]): Task {
  const attempts = participants.map((each, at) => ({ number: at + 1, participants: [...each] }));
  return TaskMessage.fromPartial({ attempts });
}

const ALL = ['node-1', 'node-2', 'node-3'];

describe('an ECDSA key that takes long says what it waits for', () => {
  test.each<[string, Parameters<typeof preparationWords>, RegExp]>([
    ['a node that is away', [cluster('node-3'), undefined, task()], /^Waiting for node-3: /],
    [
      'the primes of its participants',
      [cluster(), undefined, task()],
      /^Waiting for the auxiliary material .* large primes/,
    ],
    [
      'the preparation of its participants',
      [cluster(), task(ALL), task()],
      /^Preparing auxiliary material for ECDSA on node-1, node-2, node-3: once/,
    ],
    [
      'another attempt of it',
      [cluster(), task(ALL, ['node-1', 'node-2']), task()],
      /on node-1, node-2 \(attempt 2\): /,
    ],
    ['its own generation', [cluster(), task(ALL), task(ALL)], /^Generating the key/],
  ])('%s', (_name, given, words) => {
    expect(preparationWords(...given)).toMatch(words);
  });
});

test('the words are printed whenever they change, and none after the call has ended', async () => {
  const { context, err } = fakeContext();
  const story: { prepare?: Task; own: Task }[] = [
    { own: task() },
    { own: task() },
    { prepare: task(ALL), own: task() },
    { own: task(ALL) },
  ];
  let at = -1;
  const ended = new AbortController();
  const call = once(ended.signal, 'abort').then(() => 'made');
  const client = {
    getCluster: async () => {
      at += 1;
      if (at >= story.length) ended.abort();
      if (at === 1) throw new Error('no node answers');
      return cluster();
    },
    listTasks: async ({ kind }: ListTasksInput) => {
      const { prepare, own } = story[Math.min(at, story.length - 1)] ?? {};
      const found = kind === TaskKind.PREPARE ? prepare : own;
      return { items: found === undefined ? [] : [found] };
    },
  } as unknown as QuorateClient;

  expect(await sayingWhatIsPrepared(call, client, 'ether', context, 0, 0)).toBe('made');
  expect(err.map((line) => line.split(' ')[0])).toEqual(['Waiting', 'Preparing', 'Generating']);
  expect(await sayingWhatIsPrepared(Promise.resolve(1), client, 'k', context, 60_000)).toBe(1);
  expect(err).toHaveLength(3);
});
