import type { MonitorStatus } from '../tasks/index.js';
import { LeaderSwitchOutcome, LeaderVerdict, MonitorMode } from '../wire/index.js';
import type { PerformanceMonitor } from '../wire/index.js';
import { timestamp } from './present.js';

/** How the voters do, as the API shows it. */
export function presentMonitor(status: MonitorStatus): PerformanceMonitor {
  const { mode, scores, verdict, switches, mutes, leaders } = status;
  return {
    mode: MODES[mode],
    scores: scores.map(({ node, points, commitMs }) => ({
      nodeId: node,
      points: Math.round(points),
      commitMs: Math.round(commitMs),
    })),
    ...presentVerdict(verdict),
    switches: switches.map((each) => ({
      term: BigInt(each.term),
      fromNodeId: each.from,
      toNodeId: each.to,
      switchTime: timestamp(BigInt(each.atMs)),
      fromPoints: Math.round(each.fromPoints),
      toPoints: Math.round(each.toPoints),
      outcome: OUTCOMES[each.outcome],
    })),
    muted: mutes.map(({ node, failures, untilMs }) => ({
      nodeId: node,
      failures,
      untilTime: timestamp(BigInt(untilMs)),
    })),
    leaders: leaders.map(({ leader, done, failed, medianMs, p95Ms, reasons }) => ({
      leaderId: leader,
      done: BigInt(done),
      failed: BigInt(failed),
      medianMs: BigInt(medianMs),
      p95Ms: BigInt(p95Ms),
      failures: reasons.map(({ reason, count }) => ({ reason, count: BigInt(count) })),
    })),
  };
}

type Verdict = NonNullable<MonitorStatus['verdict']>;

function presentVerdict(
  verdict: Verdict | undefined,
): Pick<PerformanceMonitor, 'verdict' | 'candidateId'> {
  if (verdict === undefined) return { verdict: LeaderVerdict.UNSPECIFIED, candidateId: '' };
  return verdict.kind === 'switch'
    ? { verdict: LeaderVerdict.SWITCH, candidateId: verdict.to }
    : { verdict: REASONS[verdict.reason], candidateId: verdict.candidate ?? '' };
}

const MODES: Readonly<Record<MonitorStatus['mode'], MonitorMode>> = {
  on: MonitorMode.ON,
  observe: MonitorMode.OBSERVE,
  off: MonitorMode.OFF,
};

const OUTCOMES: Readonly<
  Record<MonitorStatus['switches'][number]['outcome'], LeaderSwitchOutcome>
> = {
  open: LeaderSwitchOutcome.OPEN,
  done: LeaderSwitchOutcome.DONE,
  failed: LeaderSwitchOutcome.FAILED,
};

const REASONS: Readonly<Record<Extract<Verdict, { kind: 'stay' }>['reason'], LeaderVerdict>> = {
  'no-observations': LeaderVerdict.NO_OBSERVATIONS,
  'none-better': LeaderVerdict.NONE_BETTER,
  stale: LeaderVerdict.STALE,
  tenure: LeaderVerdict.TENURE,
  'cool-down': LeaderVerdict.COOL_DOWN,
  budget: LeaderVerdict.BUDGET,
  recovering: LeaderVerdict.RECOVERING,
  muted: LeaderVerdict.MUTED,
  'under-way': LeaderVerdict.UNDER_WAY,
  behind: LeaderVerdict.BEHIND,
  sharing: LeaderVerdict.SHARING,
};
