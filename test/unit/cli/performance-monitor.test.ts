import { expect, test } from '@jest/globals';
import { presentMonitor } from '../../../src/api/performance-monitor.js';
import { clusterJson, clusterLines } from '../../../src/cli/format/cluster.js';
import type { MonitorStatus } from '../../../src/tasks/index.js';
import { Cluster, LeaderVerdict } from '../../../src/wire/index.js';
import { NO_MONITOR } from '../../support/builders/monitor-status.js';

const SEEN: MonitorStatus = {
  mode: 'on',
  scores: [
    { node: 'node-1', points: 98.2, commitMs: 1 },
    { node: 'node-2', points: 33.3, commitMs: 100 },
  ],
  verdict: { kind: 'stay', reason: 'recovering', candidate: 'node-2' },
  switches: [
    {
      term: 7,
      from: 'node-2',
      to: 'node-1',
      atMs: 1_700_000_000_000,
      fromPoints: 33,
      toPoints: 98,
      outcome: 'done',
    },
  ],
  mutes: [{ node: 'node-3', failures: 1, untilMs: 1_700_000_300_000 }],
  leaders: [
    {
      leader: 'node-1',
      done: 120,
      failed: 2,
      medianMs: 12,
      p95Ms: 40,
      reasons: [{ reason: 'REQUEST_EXPIRED', count: 2 }],
    },
  ],
};

function clusterWith(status: MonitorStatus): Cluster {
  return Cluster.fromPartial({
    clusterId: 'c0ffee',
    leaderId: 'node-1',
    performanceMonitor: presentMonitor(status),
  });
}

const lineOf = (status: MonitorStatus, name: string): string | undefined =>
  clusterLines(clusterWith(status)).find((line) => line.startsWith(`${name}  `));

test('a person sees the points, why the leader stays, the last switch and how tasks ended', () => {
  expect(lineOf(SEEN, 'voters')).toMatch(/node-1 has 98 points \(1 ms\), node-2 has 33 points/);
  expect(lineOf(SEEN, 'leader stays')).toMatch(
    /though node-2 does better, since that was replaced itself lately/,
  );
  expect(lineOf(SEEN, 'last switch')).toMatch(
    /from node-2 to node-1 at 2023-11-14T22:13:20\S*, 33 points against 98$/,
  );
  expect(lineOf(SEEN, 'tasks under node-1')).toMatch(
    /120 done, 2 failed \(REQUEST_EXPIRED 2\); half within 12 ms, 95 in 100 within 40 ms/,
  );
});

test('every verdict has its words, and one that failed says so', () => {
  const reasons = Object.values(LeaderVerdict).filter(
    (each): each is LeaderVerdict => typeof each === 'number' && each > 0,
  );
  expect(reasons.length).toBe(12);
  for (const verdict of reasons) {
    const cluster = clusterWith(SEEN);
    if (cluster.performanceMonitor) cluster.performanceMonitor.verdict = verdict;
    const line = clusterLines(cluster).find((each) => each.startsWith('leader stays  '));
    expect(line).toBeDefined();
    expect(line).not.toMatch(/CANDIDATE|LEADER|MODE/);
  }
  const failed = SEEN.switches.map((each) => ({ ...each, outcome: 'failed' as const }));
  expect(lineOf({ ...SEEN, switches: failed }, 'last switch')).toMatch(/node-1 was not elected$/);
});

test('a node that only observes does not say that its leader goes', () => {
  const verdict = { kind: 'switch', to: 'node-2', fromPoints: 33, toPoints: 98 } as const;
  expect(lineOf({ ...SEEN, verdict }, 'leader stays')).toMatch(/no longer: node-2 does better$/);
  expect(lineOf({ ...SEEN, verdict, mode: 'observe' }, 'leader stays')).toMatch(
    /though node-2 does better: performance_monitor is observe on the answering node$/,
  );
});

test('where the monitor is off it says so, and nothing else', () => {
  expect(lineOf(NO_MONITOR, 'leader stays')).toMatch(/the performance monitor is off/);
  expect(lineOf(NO_MONITOR, 'voters')).toBeUndefined();
  expect(lineOf(NO_MONITOR, 'last switch')).toBeUndefined();
});

test('a program gets all of it', () => {
  expect(clusterJson(clusterWith(SEEN))).toMatchObject({
    performance_monitor: {
      mode: 'ON',
      scores: [
        { node_id: 'node-1', points: 98, commit_ms: 1 },
        { node_id: 'node-2', points: 33, commit_ms: 100 },
      ],
      verdict: 'RECOVERING',
      candidate_id: 'node-2',
      switches: [
        {
          term: 7,
          from_node_id: 'node-2',
          to_node_id: 'node-1',
          from_points: 33,
          to_points: 98,
          outcome: 'DONE',
        },
      ],
      muted: [{ node_id: 'node-3', failures: 1 }],
      leaders: [
        {
          leader_id: 'node-1',
          done: 120,
          failed: 2,
          median_ms: 12,
          p95_ms: 40,
          failures: [{ reason: 'REQUEST_EXPIRED', count: 2 }],
        },
      ],
    },
  });
});
