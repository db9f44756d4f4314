import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeClientFile } from '../../../src/cli/client-file.js';
import type { ClusterChange } from '../../../src/client/index.js';
import { changeWords, upkeepWords } from '../../../src/cli/format/cluster-change.js';
import { progressWords } from '../../../src/cli/format/task-progress.js';
import { Cluster, Member, Task, TaskKind } from '../../../src/wire/index.js';
import type { KeyUpkeep, TaskRecord } from '../../../src/wire/index.js';
import { Fixture, taskRecord, tlsFor, until } from '../rpc/server-fixture.js';
import { quorate } from './fake-context.js';
import type { Ran } from './fake-context.js';

const ID = 'a'.repeat(26);
const FAILED: Pick<TaskRecord, 'outcome'> = {
  outcome: { $case: 'failed', value: { reason: 'X', evidence: [] } },
};

let fixture: Fixture;
let folder: string;
beforeAll(async () => {
  fixture = await Fixture.open();
  folder = mkdtempSync(join(tmpdir(), 'quorate-watching-'));
  const tls = await tlsFor(fixture.authorities, 'operator', 'operator');
  const file = (name: string, text: string | Uint8Array): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  writeClientFile(join(folder, 'client.json'), {
    endpoints: [fixture.address],
    ca: file('ca.pem', tls.ca),
    cert: file('cert.pem', tls.cert),
    key: file('key.pem', tls.key),
    clusterFile: file('cluster.json', fixture.genesis.bytes),
  });
});
afterAll(async () => {
  await fixture.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  fixture.backend.readCount = 0;
  fixture.backend.tasks.set(ID, taskRecord(ID, { kind: 'generate-key' }));
});

const run = (...argv: string[]): Promise<Ran> =>
  quorate([...argv, '--client-file', 'client.json'], { folder });

function words(task: Partial<Task>, finished: readonly string[]): string {
  return progressWords({ task: { ...Task.fromPartial({}), ...task }, finished, revision: 1n });
}

function change(cluster: Partial<Cluster>, upkeep: Partial<KeyUpkeep> = {}): ClusterChange {
  return {
    cluster: { ...Cluster.fromPartial({}), nodeId: 'node-1', leaderId: 'node-2', ...cluster },
    upkeep: { refreshing: 0, overdue: 0, failed: 0, ...upkeep },
  };
}

describe('quorate tasks watch', () => {
  test('says how far a task is, shows it at its end, and fails as it has failed', async () => {
    const running = run('tasks', 'watch', ID);
    await until(() => fixture.backend.readCount > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    fixture.backend.tasks.set(ID, taskRecord(ID, { kind: 'generate-key', ...FAILED }));

    const { status, out, err } = await running;
    expect(err).toBe('GENERATE_KEY: no attempt has begun ...');
    expect(out).toMatch(new RegExp(`^task +${ID}\n`));
    expect(out).toMatch(/failed +X/);
    expect(status).toBe(1);
  });

  test('with --json prints one object for each change', async () => {
    const outcome = { $case: 'result' as const, value: new Uint8Array(0) };
    fixture.backend.tasks.set(ID, taskRecord(ID, { kind: 'retire-key', outcome }));

    const { status, out, err } = await run('tasks', 'watch', ID, '--json');

    expect(JSON.parse(out)).toMatchObject({
      task_id: ID,
      state: 'DONE',
      revision: 33,
      finished: [],
    });
    expect([status, err]).toEqual([0, '']);
  });

  test('with --timeout it ends when the task is still open', async () => {
    const { status, err } = await run('tasks', 'watch', ID, '--timeout', '300ms');

    expect(err).toContain(`Task ${ID} is open after 0.3 s`);
    expect(status).toBe(5);
  });
});

describe('quorate cluster status --watch', () => {
  test('shows the cluster, then its changes, until the time is over', async () => {
    const before = fixture.backend.state;
    const shown = fixture.backend.quorum();
    let isSeen = false;
    const quorum = jest.spyOn(fixture.backend, 'quorum').mockImplementation(() => {
      isSeen = true;
      return shown;
    });

    const running = run('cluster', 'status', '--watch', '2500ms', '--interval', '1s');
    await until(() => isSeen);
    // The first view is being made in this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    fixture.backend.state = { ...before, leader: undefined, term: 8 };
    const { status, out } = await running;
    quorum.mockRestore();
    fixture.backend.state = before;

    expect(out).toMatch(/^cluster +[0-9a-f]{32}\nleader +node-2\n/);
    expect(out).toMatch(/\n\S+Z {2}leader none, was node-2\n\S+Z {2}term 8, was 7$/);
    expect(status).toBe(0);
  });

  test('refuses an interval that the nodes do not take', async () => {
    const { status, err } = await run('cluster', 'status', '--watch', '1s', '--interval', '10ms');
    expect(err).toMatch(/--interval must be 1000 to 60000/);
    expect(status).toBe(2);
  });
});

describe('the words of progress', () => {
  const participants = ['node-1', 'node-2'];
  const attempts = [
    { number: 2, participants, sessionId: new Uint8Array(32), startTime: undefined },
  ];

  test.each<[Partial<Task>, readonly string[], string]>([
    [{ kind: TaskKind.PREPARE }, [], 'PREPARE: no attempt has begun ...'],
    [
      { kind: TaskKind.RESHARE, attempts },
      [],
      'RESHARE: attempt 2 on node-1, node-2: none has done its part ...',
    ],
    [
      { kind: TaskKind.RESHARE, attempts },
      ['node-2'],
      'RESHARE: attempt 2 on node-1, node-2: node-2 done ...',
    ],
    [{ kind: TaskKind.SIGN, attempts }, [], 'SIGN: attempt 2 on node-1, node-2 ...'],
    [
      { kind: TaskKind.DESTROY_KEY, awaited: ['node-3'] },
      ['node-1'],
      'DESTROY_KEY: erased on node-1, waits for node-3 ...',
    ],
  ])('of %j with %j done', (task, finished, expected) => {
    expect(words(task, finished)).toBe(expected);
  });
});

describe('the words of a change', () => {
  test('name what is and what was', () => {
    const member = Member.fromPartial({ nodeId: 'node-3', role: 1 });
    const members = (reachable: boolean) => [{ ...member, reachable }];
    const before = change({ term: 4n, members: members(true) });
    const after = change(
      { leaderId: '', term: 5n, level: 3, members: members(false) },
      { overdue: 2 },
    );

    expect(changeWords(before, after)).toEqual([
      'leader none, was node-2',
      'term 5, was 4',
      'level 3, was 0',
      'keys overdue for a refresh 2, was 0',
      'node-3 cannot be reached',
    ]);
    expect(changeWords(before, before)).toEqual([]);
  });

  test('the upkeep of keys is told where there is some', () => {
    expect(upkeepWords(change({}))).toBeUndefined();
    expect(upkeepWords(change({}, { refreshing: 1, failed: 3 }))).toBe(
      '1 being refreshed, 3 whose last refresh failed',
    );
  });
});
