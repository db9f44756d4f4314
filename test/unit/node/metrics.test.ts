import { describe, expect, test } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { request } from 'node:http';
import type { Backend } from '../../../src/api/index.js';
import { keyId } from '../../../src/common/index.js';
import type { Meter } from '../../../src/ports/index.js';
import { systemClock } from '../../../src/machine/index.js';
import { KeyAges, KEYS_LOOKED_AT_EVERY_MS } from '../../../src/node/metrics/key-ages.js';
import { MetricsServer } from '../../../src/node/metrics/metrics-server.js';
import { NodeMeter, REASONS_MAX } from '../../../src/node/metrics/node-meter.js';
import { countingAlarms, NodeMetrics } from '../../../src/node/metrics/node-metrics.js';
import { MetricsRegistry } from '../../../src/node/metrics/registry.js';
import { METRICS } from '../../../src/node/metrics/table.js';
import { TaskMeter, TIMED_TASKS_MAX } from '../../../src/node/metrics/task-meter.js';
import type { ActiveKey, Queries, StateEvent } from '../../../src/state/index.js';
import { quietLogger } from '../raft/driver-cluster.js';

async function linesOf(registry: MetricsRegistry, name: string): Promise<string[]> {
  return (await registry.text()).split('\n').filter((line) => line.startsWith(name));
}

describe('the registry', () => {
  test('has every metric of the table, and nothing else', async () => {
    const text = await new MetricsRegistry().text();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, ...said]) => said);
    expect(types).toEqual(Object.entries(METRICS).map(([name, { type }]) => [name, type]));
  });

  test('keeps totals that others count, and forgets what is cleared', async () => {
    const registry = new MetricsRegistry();
    registry.total('quorate_store_writes_total', 5);
    registry.total('quorate_store_writes_total', 7);
    registry.set('quorate_tasks_open', 1, { kind: 'sign' });
    registry.clear('quorate_tasks_open');
    registry.set('quorate_tasks_open', 2, { kind: 'presign' });
    expect(await linesOf(registry, 'quorate_store_writes_total')).toEqual([
      'quorate_store_writes_total 7',
    ]);
    expect(await linesOf(registry, 'quorate_tasks_open')).toEqual([
      'quorate_tasks_open{kind="presign"} 2',
    ]);
  });
});

test('reasons of refusals beyond a bound are counted together', async () => {
  const registry = new MetricsRegistry();
  const meter = new NodeMeter(registry);
  for (let round = 0; round < 2; round++)
    for (let at = 0; at < 2 * REASONS_MAX; at++)
      meter.callEnded('/m', 'RESOURCE_EXHAUSTED', `REASON_${at}`, 0.1);
  const lines = await linesOf(registry, 'quorate_refusals_total{');
  expect(lines).toHaveLength(REASONS_MAX + 1);
  expect(lines).toContain('quorate_refusals_total{reason="REASON_0"} 2');
  expect(lines).toContain(`quorate_refusals_total{reason="OTHER"} ${2 * REASONS_MAX}`);
});

test('alarms are counted with those that were held back, and written as before', async () => {
  const registry = new MetricsRegistry();
  const written: unknown[] = [];
  const logger = countingAlarms(
    { ...quietLogger, alarm: (...line) => written.push(line) },
    new NodeMeter(registry),
  );
  logger.alarm('A second node leads in one term', { peer: 'b' });
  logger.alarm('A second node leads in one term', { peer: 'b', held_back: 3 });
  expect(written).toHaveLength(2);
  expect(await linesOf(registry, 'quorate_alarms_total')).toEqual([
    'quorate_alarms_total{kind="A second node leads in one term"} 5',
  ]);
});

function timedTasks() {
  const told: unknown[] = [];
  const clock = { ms: 0, elapsed: () => clock.ms };
  const outcomes = new Map<string, string>();
  const meter: Pick<Meter, 'taskClosed' | 'taskPhase'> = {
    taskClosed: (...said) => told.push(said),
    taskPhase: (...said) => told.push(said),
  };
  const task = (id: string) => ({ outcome: { $case: outcomes.get(id) ?? 'result' } });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const queries = { task } as unknown as Pick<Queries, 'task'>;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const timed = new TaskMeter(meter as Meter, clock, queries);
  const apply = (ms: number, ...events: readonly object[]): void => {
    clock.ms = ms;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    timed.applied(events as readonly StateEvent[]);
  };
  return { told, outcomes, apply };
}

const opened = (task: string) => ({ type: 'upkeep-opened', task, kind: 'presign' });
const attempted = (task: string) => ({ type: 'attempt-opened', task, number: 1, session: 's' });
const closed = (task: string, kind = 'presign') => ({ type: 'task-closed', task, kind });

describe('tasks', () => {
  test('are timed from the entry that opens them to the first attempt, and from there to the outcome', () => {
    const { told, apply } = timedTasks();
    const asked = { type: 'request-decided', result: { kind: 'opened', task: 'b' } };
    apply(1_000, opened('a'), asked);
    apply(1_500, attempted('a'));
    apply(2_000, attempted('a'), attempted('b'), closed('b', 'sign'));
    apply(4_000, closed('a'));
    expect(told).toEqual([
      ['sign', 'done'],
      ['sign', 'open', 1],
      ['sign', 'work', 0],
      ['presign', 'done'],
      ['presign', 'open', 0.5],
      ['presign', 'work', 2.5],
    ]);
  });

  test('that were opened before the start are counted, and not timed', () => {
    const { told, outcomes, apply } = timedTasks();
    outcomes.set('a', 'failed').set('b', 'cancelled');
    apply(0, closed('a'), closed('b'), opened('c'), closed('c'));
    expect(told).toEqual([
      ['presign', 'failed'],
      ['presign', 'cancelled'],
      ['presign', 'done'],
      ['presign', 'open', 0],
    ]);
  });

  test('of which no more than a bound are remembered', () => {
    const { told, apply } = timedTasks();
    for (let at = 0; at <= TIMED_TASKS_MAX; at++) apply(0, opened(`task-${at}`));
    apply(1_000, closed('task-0'), closed('task-1'));
    expect(told).toEqual([
      ['presign', 'done'],
      ['presign', 'done'],
      ['presign', 'open', 1],
    ]);
  });
});

test('ages of keys are looked at once a minute, of keys with a schedule alone, and all of many', async () => {
  const registry = new MetricsRegistry();
  const clock = { ms: 0, elapsed: () => clock.ms };
  const ages = new KeyAges(registry, clock);
  const hour = 3_600_000;
  const keyOf = (at: number, dueMs: number, failures = 0) => ({
    keyId: keyId(`key-${String(at).padStart(5, '0')}`),
    resharing:
      at % 2 === 0 ? { intervalMs: BigInt(24 * hour), dueMs: BigInt(dueMs), failures } : undefined,
  });
  const logMs = 1_000 * hour;
  const keys = Array.from({ length: 1_201 }, (_, at) => keyOf(at, logMs + 22 * hour));
  keys[0] = keyOf(0, logMs - 2 * hour, 3);
  let looks = 0;
  const queries = {
    totals: () => ({ timeMs: BigInt(logMs) }),
    correctionMs: () => 0,
    keysAfter: (after: string, limit: number) => {
      looks += 1;
      const rest = keys.filter((key) => key.keyId > after);
      return rest.slice(0, limit) as unknown as readonly ActiveKey[];
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const look = (): Promise<void> => ages.look(queries as unknown as Queries);
  await look();
  await look();
  const seen = looks;
  expect(seen).toBe(3);
  clock.ms = KEYS_LOOKED_AT_EVERY_MS;
  await look();
  expect(looks).toBe(2 * seen);

  const text = await registry.text();
  expect(text).toContain('quorate_key_reshare_age_seconds_count 601');
  expect(text).toContain(`quorate_key_reshare_age_seconds_bucket{le="21600"} 600`);
  expect(text).toContain(`quorate_key_reshare_age_seconds_bucket{le="108000"} 601`);
  expect(text).toContain('quorate_key_refresh_overdue_seconds 7200');
  expect(text).toContain('quorate_key_refresh_failures 1');
});

test('before a node takes part, its process and its counts are there', async () => {
  using metrics = new NodeMetrics(systemClock);
  const text = await metrics.text({
    backend: (): Backend | undefined => undefined,
    isReady: () => false,
    counts: () => ({ writes: 3, messages: 4, bytes: 5 }),
    logMemoryBytes: () => 6,
    certificateEndMs: () => undefined,
    folders: ['/nowhere'],
  });
  expect(text).toMatch(/^quorate_ready 0$/m);
  expect(text).toMatch(/^quorate_store_writes_total 3$/m);
  expect(text).toMatch(/^quorate_log_memory_bytes 6$/m);
  expect(text).toMatch(/^quorate_process_resident_bytes [1-9]\d+$/m);
  expect(text).toMatch(/^quorate_build_info\{version="\d+\.\d+\.\d+[^"]*"\} 1$/m);
});

async function serving(text: () => Promise<string>) {
  const server = new MetricsServer('127.0.0.1:0', 'text/plain; version=0.0.4', text);
  const address = await server.listen();
  const ask = (path: string, method = 'GET'): Promise<[number | undefined, string]> =>
    new Promise((resolve, reject) => {
      const asked = request(`http://${address}${path}`, { method }, (response) => {
        let body = '';
        response.on('data', (part) => (body += String(part)));
        response.on('end', () => resolve([response.statusCode, body]));
      });
      asked.once('error', reject);
      asked.end();
    });
  return { server, ask };
}

describe('the port', () => {
  test('answers GET and HEAD of /metrics, and nothing else', async () => {
    let asked = 0;
    const { server, ask } = await serving(async () => `quorate_ready ${(asked += 1)}\n`);
    expect(await ask('/metrics')).toEqual([200, 'quorate_ready 1\n']);
    expect(await ask('/metrics', 'HEAD')).toEqual([200, '']);
    expect((await ask('/metrics', 'POST'))[0]).toBe(405);
    for (const path of ['/', '/metrics/', '/metrics?x', '/ready', '/..%2f'])
      expect(await ask(path)).toEqual([404, '']);
    expect(asked).toBe(2);
    await server.stop();
  });

  test('gives the same to all who ask while an answer is made, and says that one fails', async () => {
    const gate = new EventEmitter();
    let [asked, fails] = [0, false];
    const { server, ask } = await serving(async () => {
      asked += 1;
      gate.emit('asked');
      if (fails) throw new Error('a secret of the code');
      await once(gate, 'go');
      return 'x 1\n';
    });
    const first = once(gate, 'asked');
    const both = [ask('/metrics'), ask('/metrics')];
    await first;
    const third = ask('/metrics');
    // All three have been read when a fourth path has been answered behind them.
    for (let at = 0; at < 20; at++) await ask('/none');
    gate.emit('go');
    expect(await Promise.all([...both, third])).toEqual([
      [200, 'x 1\n'],
      [200, 'x 1\n'],
      [200, 'x 1\n'],
    ]);
    expect(asked).toBe(1);
    fails = true;
    expect(await ask('/metrics')).toEqual([500, '']);
    await server.stop();
  });
});
