import { describe, expect, test } from '@jest/globals';
import { benchJson, benchTable, quantile } from '../../../src/cli/format/bench.js';
import { QuorateError } from '../../../src/client/index.js';
import type { EndpointAnswer } from '../../../src/cli/each-endpoint.js';
import { bestAnswer, clusterJson, clusterLines } from '../../../src/cli/format/cluster.js';
import { keyJson, keyLines, keyTable } from '../../../src/cli/format/key.js';
import { facts, table } from '../../../src/cli/format/table.js';
import { taskJson, taskLines, taskTable } from '../../../src/cli/format/task.js';
import { duration, parseDuration, time } from '../../../src/cli/format/values.js';
import {
  Algorithm,
  Cluster,
  ConsensusPart,
  Gg20Profile,
  Key,
  KeyState,
  MemberRole,
  SigningFailures,
  SigningFailuresState,
  Task,
  TaskKind,
  TaskState,
} from '../../../src/wire/index.js';

const noon = { seconds: 1_795_176_000n, nanos: 5_000_000 };
const NOON = '2026-11-20T12:00:00.005Z';

const key = Key.fromPartial({
  keyId: 'demo',
  algorithm: Algorithm.FROST_ED25519_SHA512,
  publicKey: Buffer.from('ab'.repeat(32), 'hex'),
  threshold: 2,
  participants: ['node-1', 'node-2', 'node-3'],
  version: 1,
  state: KeyState.ACTIVE,
  createTime: noon,
  owner: 'spiffe://quorate/app/shop',
  labels: [{ key: 'team', value: 'shop' }],
});

const task = Task.fromPartial({
  taskId: 'a'.repeat(26),
  kind: TaskKind.SIGN,
  state: TaskState.DONE,
  keyId: 'demo',
  requestId: 'r1',
  requester: 'spiffe://quorate/app/shop',
  createTime: noon,
  expireTime: { seconds: noon.seconds + 30n, nanos: 0 },
  endTime: { seconds: noon.seconds, nanos: 9_000_000 },
  attempts: [
    { number: 1, sessionId: Buffer.from('01'), participants: ['node-1'], startTime: noon },
  ],
  outcome: {
    $case: 'signature',
    value: {
      signature: Buffer.from([255]),
      publicKey: Buffer.from([1]),
      keyVersion: 1,
      signers: ['node-1'],
    },
  },
});

const cluster = Cluster.fromPartial({
  clusterId: 'c'.repeat(32),
  nodeId: 'node-1',
  leaderId: 'node-2',
  term: 3n,
  commitIndex: 10n,
  appliedIndex: 9n,
  clusterTime: noon,
  unsignedRequests: true,
  members: [
    { nodeId: 'node-1', role: MemberRole.TEE, identityKey: Buffer.from([7]), reachable: true },
    {
      nodeId: 'node-2',
      role: MemberRole.TEE,
      identityKey: Buffer.from([8]),
      leader: true,
      reachable: true,
    },
    { nodeId: 'node-3', role: MemberRole.TEE, identityKey: Buffer.from([9]) },
  ],
  keyCount: 2n,
  openTaskCount: 0n,
  softwareVersion: '1.2.3',
});

describe('tables', () => {
  test('table columns are as wide as their widest cells, without blanks at the line end', () => {
    expect(
      table(
        ['A', 'LONG'],
        [
          ['xyz', '1'],
          ['x', undefined],
        ],
      ),
    ).toEqual(['A    LONG', 'xyz  1', 'x    -']);
  });

  test('a list of facts leaves out facts without a value', () => {
    expect(
      facts([
        ['one', '1'],
        ['none', undefined],
        ['three', '3'],
      ]),
    ).toEqual(['one    1', 'three  3']);
  });
});

describe('values', () => {
  test.each([
    [0.04, '0.0 ms'],
    [9.94, '9.9 ms'],
    [10.4, '10 ms'],
    [999, '999 ms'],
    [1500, '1.5 s'],
  ])('a duration of %d ms prints as %s', (ms, shown) => expect(duration(ms)).toBe(shown));

  test.each([
    ['500ms', 500],
    ['2', 2000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['36h', 129_600_000],
    ['7d', 604_800_000],
    ['soon', undefined],
    ['-1', undefined],
  ])('the duration parser reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test('times print in RFC 3339 form, to the millisecond', () => {
    expect(time(noon)).toBe(NOON);
    expect(time(undefined)).toBeUndefined();
  });
});

describe('a key', () => {
  const shown = { verdict: 'vouched', because: 'all signed' };

  test('the JSON of a key has the field names of the proto, hex and RFC 3339 times', () => {
    expect(keyJson(key, shown)).toEqual({
      key_id: 'demo',
      algorithm: 'FROST_ED25519_SHA512',
      public_key: 'ab'.repeat(32),
      threshold: 2,
      participants: ['node-1', 'node-2', 'node-3'],
      version: 1,
      state: 'ACTIVE',
      create_time: NOON,
      owner: 'spiffe://quorate/app/shop',
      allowed_signers: [],
      labels: [{ key: 'team', value: 'shop' }],
      verdict: 'vouched',
      because: 'all signed',
    });
  });

  test('the text of a key shows the trust in its certificate, and why', () => {
    const lines = keyLines(key, shown);
    expect(lines).toContain('signing takes  2 of node-1, node-2, node-3');
    expect(lines).toContain('labels         team=shop');
    expect(lines.at(-1)).toBe('certificate    vouched: all signed');
  });

  test('the text of a key that is retired, or beyond that, says of no signature that it takes anything', () => {
    const end = { retireTime: noon, recoverableUntil: noon, destroyTime: undefined };
    const gone = { ...end, destroyTime: noon, erased: ['node-1', 'node-2', 'node-3'] };
    for (const [state, said] of [
      [KeyState.RETIRED, end],
      [KeyState.DESTROYED, gone],
    ] as const) {
      const lines = keyLines(Key.fromPartial({ ...key, state, end: said }), shown);
      expect(lines.join('\n')).not.toContain('signing takes');
      expect(lines.join('\n')).toMatch(/^signing took +2 of node-1, node-2, node-3$/m);
    }
  });

  test('a key takes one line of a list', () => {
    expect(keyTable([key])[1]).toBe(
      `demo  FROST_ED25519_SHA512  2 of 3   ACTIVE  ${NOON}  spiffe://quorate/app/shop  team=shop  ${'ab'.repeat(32)}`,
    );
  });
});

describe('a task', () => {
  test('the JSON of a task has its attempts and its outcome', () => {
    expect(taskJson(task)).toMatchObject({
      task_id: 'a'.repeat(26),
      kind: 'SIGN',
      state: 'DONE',
      end_time: '2026-11-20T12:00:00.009Z',
      attempts: [{ number: 1, participants: ['node-1'], start_time: NOON }],
      signature: { signature: 'ff', key_version: 1, signers: ['node-1'] },
    });
  });

  test('a failed task shows its failure in one word', () => {
    const failed = {
      ...task,
      outcome: { $case: 'failure' as const, value: { reason: 'REQUEST_EXPIRED' } },
    };
    expect(taskJson(failed)).toMatchObject({ failure: { reason: 'REQUEST_EXPIRED' } });
    expect(taskLines(failed)).toContain('failed      REQUEST_EXPIRED');
  });

  test('an open task shows its expiry, and no end', () => {
    const lines = taskLines({ ...task, endTime: undefined, outcome: undefined });
    expect(lines).toContain('expires     2026-11-20T12:00:30.000Z');
    expect(lines.join()).not.toContain('ended');
  });

  test('a task takes one line of a list', () => {
    expect(taskTable([task])[1]).toContain(`SIGN  demo  DONE   1         ${NOON}  4.0 ms`);
  });
});

/** A node's answer to GetCluster. */
function beforeNoon(seconds: bigint) {
  return { seconds: noon.seconds - seconds, nanos: noon.nanos };
}

function unanswered(error: unknown): EndpointAnswer {
  return { endpoint: 'a:1', tookMs: 1, answeredMs: 0, cluster: undefined, error };
}

function answer(nodeId: string, leaderId: string, present: boolean): EndpointAnswer {
  const quorum = { present, heard: 2, needed: 2, voters: 3 };
  return {
    endpoint: `${nodeId}:1`,
    tookMs: 1,
    answeredMs: 0,
    error: undefined,
    cluster: { ...cluster, nodeId, leaderId, quorum },
  };
}

/** A node's answer in which every member has this address. */
function withAddress(nodeId: string, address: string): EndpointAnswer {
  const given = answer(nodeId, 'node-2', true);
  const members = cluster.members.map((member) => ({ ...member, address }));
  return { ...given, cluster: given.cluster && { ...given.cluster, members } };
}

/** The address of node-2 for a person and for programs, by the first answer. */
function addressIn(answers: readonly EndpointAnswer[]): unknown[] {
  const view = answers[0]?.cluster;
  if (view === undefined) throw new Error('an answer');
  const row = clusterLines(view, answers).find((line) => line.startsWith('node-2 '));
  const { members } = clusterJson(view, answers) as { members: Record<string, unknown>[] };
  return [row?.split(/ {2,}/)[5], members.find(({ node_id: id }) => id === 'node-2')?.['address']];
}

function by(heardAgoMs: bigint, matchIndex: bigint) {
  return { address: '10.0.0.1:7500', replication: { heardAgoMs, matchIndex } };
}

function inDays(days: number) {
  return { seconds: BigInt(days * 86_400 + 60), nanos: 0 };
}

describe('the cluster', () => {
  test('a node that has lost a part of its log is shown as such, though its leader hears no answer of it', () => {
    const leading = answer('node-1', 'node-1', true);
    const lost = answer('node-2', 'node-1', true);
    const answers = [
      leading,
      { ...lost, cluster: lost.cluster && { ...lost.cluster, part: ConsensusPart.LOG_LOST } },
    ];
    const members = cluster.members.map((member) => ({ ...member, leader: false }));
    const view = { ...cluster, nodeId: 'node-1', leaderId: 'node-1', members };
    const word = 'has lost a part of its log: leave it out';

    const row = clusterLines(view, answers).find((line) => line.startsWith('node-2 '));
    expect(row).toContain(word);
    expect(clusterJson(view, answers)).toMatchObject({
      members: expect.arrayContaining([
        expect.objectContaining({ node_id: 'node-2', state: word }),
      ]),
    });
  });

  test('the JSON of a cluster has plain numbers', () => {
    expect(clusterJson(cluster)).toMatchObject({
      leader_id: 'node-2',
      term: 3,
      commit_index: 10,
      applied_index: 9,
      unsigned_requests: true,
      key_count: 2,
    });
  });

  test('the address of the answering node is where others dial it, else what it says itself', () => {
    const dialled = withAddress('node-1', '10.0.0.2:7401');

    expect(addressIn([withAddress('node-2', ''), dialled])).toEqual([
      '10.0.0.2:7401',
      '10.0.0.2:7401',
    ]);
    expect(addressIn([withAddress('node-2', '127.0.0.1:1'), dialled])[0]).toBe('10.0.0.2:7401');
    expect(addressIn([withAddress('node-2', '127.0.0.1:1'), withAddress('node-1', '')])[0]).toBe(
      '127.0.0.1:1',
    );
    expect(addressIn([withAddress('node-2', '')])).toEqual(['-', '']);
  });

  test('the text of a leader’s answer shows each member by replication', () => {
    const [one, two, three] = cluster.members;
    if (!one || !two || !three) throw new Error('three members');
    const lines = clusterLines({
      ...cluster,
      nodeId: 'node-2',
      commitIndex: 1_000n,
      quorum: { present: true, heard: 2, needed: 2, voters: 3 },
      members: [{ ...one, ...by(12n, 500n) }, two, { ...three, ...by(12_000n, 900n) }],
    });

    expect(lines).toContain('leader       node-2');
    expect(lines).toContain('quorum       2 of 3 reachable, 2 needed');
    const rows = lines.slice(-3).map((line) => line.split(/ {2,}/).slice(0, 6));
    expect(rows).toEqual([
      ['node-1', 'tee', 'behind by 500', '-', '12 ms ago', '10.0.0.1:7500'],
      ['node-2', 'tee', 'leader', '-', '-', '-'],
      ['node-3', 'tee', 'silent for 12.0 s', '-', '12.0 s ago', '10.0.0.1:7500'],
    ]);
  });

  test('the text of a follower’s answer says that only the leader knows the others', () => {
    const quorum = { present: true, heard: 2, needed: 2, voters: 3 };
    const lines = clusterLines({ ...cluster, quorum });
    expect(lines).toContain(
      'quorum       yes, by the word of node-1; its leader node-2 was not asked',
    );
    expect(lines.at(-1)).toContain('known by the leader only');
  });

  test('the text of a cluster without a quorum says how many are heard and needed', () => {
    const quorum = { present: false, heard: 1, needed: 2, voters: 3 };
    const lines = clusterLines({ ...cluster, leaderId: '', quorum });
    expect(lines).toContain('quorum       no quorum: node-1 hears 1 of 3, 2 needed');
  });

  test('the text of a cluster between two leaders does not say that too few are heard', () => {
    const quorum = { present: false, heard: 3, needed: 2, voters: 3 };
    const lines = clusterLines({ ...cluster, leaderId: '', quorum });
    expect(lines).toContain(
      'quorum       no leader: node-1 hears 3 of 3, and none of them leads now',
    );
  });

  test('the libraries of curves are shown with the nodes that compute with them', () => {
    const computing = (nodeId: string, backend: string) => {
      const curveBackends = [{ curve: 'ed25519', backend }];
      return { ...unanswered(undefined), cluster: { ...cluster, nodeId, curveBackends } };
    };
    const answers = [
      computing('node-1', 'one'),
      computing('node-2', 'two'),
      computing('node-3', 'one'),
    ];
    const best = { ...cluster, curveBackends: [{ curve: 'ed25519', backend: 'one' }] };

    expect(clusterLines(best, answers)).toContain(
      'curves       ed25519 by one on node-1, node-3; ed25519 by two on node-2',
    );
    expect(clusterJson(best, answers)).toMatchObject({
      curve_backends: { ed25519: 'one' },
      endpoints: [
        { curve_backends: { ed25519: 'one' } },
        { curve_backends: { ed25519: 'two' } },
        { curve_backends: { ed25519: 'one' } },
      ],
    });
    expect(clusterLines(cluster).filter((line) => line.startsWith('curves'))).toEqual([]);
  });

  test('failed sessions are shown with the nodes that count them, and locked ones with the way out', () => {
    const [LOCKED, ONE] = [SigningFailuresState.LOCKED, SigningFailuresState.ONE_AT_A_TIME];
    const signingFailures = [
      SigningFailures.fromPartial({
        keyId: 'treasury',
        version: 2,
        failures: 32,
        sinceTimeMs: 5n,
        state: LOCKED,
      }),
      SigningFailures.fromPartial({ keyId: 'hot', version: 1, failures: 9, state: ONE }),
    ];
    const counting = { ...cluster, signingFailures };
    const silent = [
      SigningFailures.fromPartial({ silentNodeId: 'node-3', failures: 3, state: LOCKED }),
    ];
    const other = { ...cluster, nodeId: 'node-2', signingFailures: silent };
    const answers = [
      { ...unanswered(undefined), cluster: counting },
      { ...unanswered(undefined), cluster: other },
    ];
    const shown = clusterLines(counting, answers).find((line) =>
      line.startsWith('failed sessions'),
    );
    expect(shown).toBe(
      'failed sessions  treasury version 2: 32 (signs no more: quorate cluster unlock treasury), ' +
        'hot version 1: 9 (one session at a time) on node-1; ' +
        'node-3 silent: 3 (signs no more: quorate cluster unlock --silent node-3) on node-2',
    );
    expect(clusterJson(counting, answers)).toMatchObject({
      signing_failures: [
        { key_id: 'treasury', version: 2, failures: 32, since_time_ms: 5, state: 'LOCKED' },
        { key_id: 'hot', state: 'ONE_AT_A_TIME' },
      ],
      endpoints: [{}, { signing_failures: [{ silent_node_id: 'node-3', failures: 3 }] }],
    });
    expect(clusterLines(cluster).filter((line) => line.includes('failed'))).toEqual([]);
  });

  test('the primes that nodes have ready are shown with their nodes, where any has use for some', () => {
    const primeStocks = [{ profile: Gg20Profile.P3072, ready: 1, making: true }];
    const holding = { ...cluster, primeStocks };
    const answers = [
      { ...unanswered(undefined), cluster: holding },
      { ...unanswered(undefined), cluster: { ...cluster, nodeId: 'node-2' } },
    ];
    expect(clusterLines(holding, answers)).toContain(
      'GG20 primes  P3072 for 1, and more on the way on node-1',
    );
    expect(clusterJson(holding, answers)).toMatchObject({
      prime_stocks: { P3072: { ready: 1, making: true } },
      endpoints: [{ prime_stocks: { P3072: { ready: 1, making: true } } }, { prime_stocks: {} }],
    });
    expect(clusterLines(cluster).filter((line) => line.includes('primes'))).toEqual([]);
  });

  test('the open secrets of nodes are shown with the rate at which one that was needed was open', () => {
    const openSecrets = { count: 12, bytes: 9_000n, hits: 995n, misses: 5n };
    const holding = { ...cluster, openSecrets };
    const answers = [
      { ...unanswered(undefined), cluster: holding },
      { ...unanswered(undefined), cluster: { ...cluster, nodeId: 'node-2' } },
    ];
    expect(clusterLines(holding, answers)).toContainEqual(
      expect.stringMatching(/^open secrets +12 on node-1, found open 99.5 % of 1000 times$/),
    );
    expect(clusterJson(holding, answers)).toMatchObject({
      open_secrets: { count: 12, bytes: 9_000, hits: 995, misses: 5 },
    });
    expect(clusterLines(cluster).filter((line) => line.includes('secrets'))).toEqual([]);
  });

  test('an endpoint that gave no answer is told once, with its cause once', () => {
    const ours = new QuorateError('no-quorum', 'a:1 refused the connection', {
      cause: new Error('refused the connection'),
    });
    expect(clusterLines(cluster, [unanswered(ours)]).at(-1)).toBe('a:1 refused the connection');
    expect(clusterLines(cluster, [unanswered(new Error('odd'))]).at(-1)).toBe(
      'a:1 did not answer: odd',
    );
  });

  test('the text of a cluster warns of certificates that end within seven days, or have', () => {
    const members = cluster.members.map((member, index) => ({
      ...member,
      certificateEnd: inDays([10, 3, -2][index] ?? 0),
    }));
    expect(clusterLines({ ...cluster, members }, [], 0).slice(-2)).toEqual([
      'warning: the certificate of node-2 ends in 3 days, on 1970-01-04T00:01:00.000Z',
      'warning: the certificate of node-3 expired on 1969-12-30T00:01:00.000Z',
    ]);
  });

  test('the text of a cluster warns of a node whose clock is away from the others’', () => {
    const clock = (nodeId: string, seconds: number): EndpointAnswer => {
      const told = answer(nodeId, 'node-2', true);
      const nodeTime = { seconds: BigInt(seconds), nanos: 0 };
      return { ...told, cluster: { ...cluster, nodeId, nodeTime }, answeredMs: 1_000_000 };
    };
    const answers = [clock('node-1', 1_000), clock('node-2', 1_020), clock('node-3', 1_001)];

    expect(clusterLines(cluster, answers).at(-1)).toBe(
      "warning: the clock of node-2 is 19.0 s ahead of the others'",
    );
    expect(clusterLines(cluster, answers.slice(0, 1)).at(-1)).not.toContain('warning');
  });

  test('the text of a cluster warns of a log’s time that is ahead of the clock', () => {
    expect(clusterLines({ ...cluster, nodeTime: beforeNoon(7_200n) }).at(-1)).toBe(
      "warning: the log's time is 7200.0 s ahead of the clock of node-1: a majority's clocks were ahead, and until " +
        `${NOON} requests that expire earlier are refused; \`quorate cluster correct-time\` sets it back`,
    );
    expect(clusterLines({ ...cluster, nodeTime: beforeNoon(4n) }).at(-1)).not.toContain('warning');
  });

  test('of several answers that of a leader with a quorum counts, then that of its follower', () => {
    const old = answer('node-1', 'node-1', false);
    const follower = answer('node-3', 'node-2', true);
    const leader = answer('node-2', 'node-2', true);
    expect(bestAnswer([old, follower, leader])?.nodeId).toBe('node-2');
    expect(bestAnswer([old, follower])?.nodeId).toBe('node-3');
    expect(bestAnswer([])).toBeUndefined();
  });

  test('the text of a cluster shows its feature level and the build of each node', () => {
    const build = { nodeId: 'node-1', incarnation: 1, level: 2, signature: Buffer.from([5]) };
    const members = cluster.members.map((member, at) => (at === 0 ? { ...member, build } : member));
    const mixed = { ...cluster, level: 1, members };

    expect(clusterLines(mixed)).toContain('level        1');
    expect(clusterLines(mixed)).toContain(
      'builds       level 2 on node-1; not heard of node-2, node-3',
    );
    expect(clusterJson(mixed)).toMatchObject({
      level: 1,
      members: [{ build: { level: 2, incarnation: 1, signature: '05' } }, {}, {}],
    });
  });

  test('the text of a cluster without a leader says so', () => {
    expect(clusterLines({ ...cluster, leaderId: '' })).toContain('leader       none known');
  });
});

describe('measurements', () => {
  const measured = {
    operation: 'sign',
    concurrency: 4,
    failed: 1,
    tookMs: [4, 1, 3, 2],
    elapsedMs: 500,
  };
  const watched = {
    delayP50Ms: 1,
    delayP99Ms: 5,
    delayMaxMs: 9,
    cpuMs: 20,
    heapBytes: 2 ** 25,
    messages: 48,
    frames: 40,
    bytes: 20_000,
    writes: 12,
  };
  const nodes = [watched, { ...watched, delayP99Ms: 7, delayMaxMs: 8 }];

  test('quantiles of a benchmark are by nearest rank', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 3, 2], 0.99)).toBe(4);
    expect(quantile([], 0.5)).toBeUndefined();
  });

  test('the JSON of a benchmark has counts, errors and quantiles', () => {
    expect(benchJson([{ ...measured, nodes, clientCpuMs: 4 }, measured])).toEqual({
      results: [
        {
          operation: 'sign',
          concurrency: 4,
          count: 4,
          failed: 1,
          p50_ms: 2,
          p99_ms: 4,
          max_ms: 4,
          per_second: 8,
          event_loop_delay_p99_ms: 7,
          event_loop_delay_max_ms: 9,
          node_cpu_ms_per_call: 10,
          messages_per_call: 24,
          frames_per_call: 20,
          frame_bytes_per_call: 10_000,
          synced_writes_per_call: 6,
          client_cpu_ms_per_call: 1,
        },
        expect.objectContaining({ event_loop_delay_p99_ms: null, node_cpu_ms_per_call: null }),
      ],
    });
  });

  test('the text of a benchmark has a dash where no call succeeded', () => {
    const none = { ...measured, tookMs: [] };
    expect(benchTable([{ ...measured, nodes }, none]).slice(1)).toEqual([
      'sign       4          4     1       2.0 ms  4.0 ms  4.0 ms  8.0 /s  7.0 ms    10.0 ms   24.0      20.0    10000  6.0',
      'sign       4          0     1       -       -       -       0.0 /s  -         -         -         -       -      -',
    ]);
  });
});
