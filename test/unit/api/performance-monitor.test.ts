import { expect, test } from '@jest/globals';
import { presentMonitor } from '../../../src/api/performance-monitor.js';
import { LeaderSwitchOutcome, LeaderVerdict, MonitorMode } from '../../../src/wire/index.js';
import { NO_MONITOR } from '../../support/builders/monitor-status.js';

test('scores of the voters are shown in whole points and milliseconds', () => {
  const one = { term: 7, from: 'node-1', to: 'node-2', atMs: 1_700_000_000_500 } as const;
  const shown = presentMonitor({
    mode: 'on',
    scores: [{ node: 'node-1', points: 33.4, commitMs: 99.6 }],
    verdict: { kind: 'stay', reason: 'cool-down', candidate: 'node-2' },
    switches: [{ ...one, fromPoints: 33, toPoints: 98, outcome: 'failed' }],
    mutes: [{ node: 'node-2', failures: 3, untilMs: 1_700_000_001_000 }],
    leaders: [
      {
        leader: 'node-1',
        done: 5,
        failed: 1,
        medianMs: 12,
        p95Ms: 40,
        reasons: [{ reason: 'REQUEST_EXPIRED', count: 1 }],
      },
    ],
  });
  expect(shown).toEqual({
    mode: MonitorMode.ON,
    scores: [{ nodeId: 'node-1', points: 33, commitMs: 100 }],
    verdict: LeaderVerdict.COOL_DOWN,
    candidateId: 'node-2',
    switches: [
      {
        term: 7n,
        fromNodeId: 'node-1',
        toNodeId: 'node-2',
        switchTime: { seconds: 1_700_000_000n, nanos: 500_000_000 },
        fromPoints: 33,
        toPoints: 98,
        outcome: LeaderSwitchOutcome.FAILED,
      },
    ],
    muted: [{ nodeId: 'node-2', failures: 3, untilTime: { seconds: 1_700_000_001n, nanos: 0 } }],
    leaders: [
      {
        leaderId: 'node-1',
        done: 5n,
        failed: 1n,
        medianMs: 12n,
        p95Ms: 40n,
        failures: [{ reason: 'REQUEST_EXPIRED', count: 1n }],
      },
    ],
  });
});

test('a switch names its candidate, and without a leader there is no verdict', () => {
  const verdict = { kind: 'switch', to: 'node-3', fromPoints: 1, toPoints: 99 } as const;
  expect(presentMonitor({ ...NO_MONITOR, verdict })).toMatchObject({
    verdict: LeaderVerdict.SWITCH,
    candidateId: 'node-3',
  });
  expect(presentMonitor(NO_MONITOR)).toMatchObject({
    mode: MonitorMode.OFF,
    verdict: LeaderVerdict.UNSPECIFIED,
    candidateId: '',
  });
});
