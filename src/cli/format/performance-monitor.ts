import { LeaderSwitchOutcome, LeaderVerdict, MonitorMode } from '../../wire/index.js';
import type { Cluster, PerformanceMonitor } from '../../wire/index.js';
import { nameOf, time } from './values.js';

/** How the voters do, for programs. */
export function monitorOf({ performanceMonitor: monitor }: Cluster): object | undefined {
  if (monitor === undefined) return undefined;
  return {
    mode: nameOf(MonitorMode, monitor.mode),
    scores: monitor.scores.map(({ nodeId, points, commitMs }) => ({
      node_id: nodeId,
      points,
      commit_ms: commitMs,
    })),
    verdict: nameOf(LeaderVerdict, monitor.verdict),
    candidate_id: monitor.candidateId,
    switches: monitor.switches.map((each) => ({
      term: Number(each.term),
      from_node_id: each.fromNodeId,
      to_node_id: each.toNodeId,
      switch_time: time(each.switchTime),
      from_points: each.fromPoints,
      to_points: each.toPoints,
      outcome: nameOf(LeaderSwitchOutcome, each.outcome),
    })),
    muted: monitor.muted.map(({ nodeId, failures, untilTime }) => ({
      node_id: nodeId,
      failures,
      until_time: time(untilTime),
    })),
    leaders: monitor.leaders.map(({ leaderId, done, failed, medianMs, p95Ms, failures }) => ({
      leader_id: leaderId,
      done: Number(done),
      failed: Number(failed),
      median_ms: Number(medianMs),
      p95_ms: Number(p95Ms),
      failures: failures.map(({ reason, count }) => ({ reason, count: Number(count) })),
    })),
  };
}

/** The same for a person: a line for what is thought of the voters, of the leader, of the last switch, and of each leader's tasks. */
export function monitorFacts({
  performanceMonitor: monitor,
  leaderId,
}: Cluster): readonly (readonly [string, string | undefined])[] {
  if (monitor === undefined) return [];
  return [
    ['voters', scoreWords(monitor)],
    ['leader stays', stayWords(monitor, leaderId)],
    ['last switch', switchWords(monitor)],
    ...monitor.leaders.map((each) => [`tasks under ${each.leaderId}`, taskWords(each)] as const),
  ];
}

function scoreWords({ scores }: PerformanceMonitor): string | undefined {
  if (scores.length === 0) return undefined;
  const words = scores.map(
    ({ nodeId, points, commitMs }) => `${nodeId} has ${points} points (${commitMs} ms)`,
  );
  return words.join(', ');
}

function stayWords(
  { mode, verdict, candidateId, scores }: PerformanceMonitor,
  leaderId: string,
): string | undefined {
  if (mode === MonitorMode.OFF && scores.length === 0) return 'the performance monitor is off';
  const isSwitch = verdict === LeaderVerdict.SWITCH;
  const words = isSwitch && mode !== MonitorMode.ON ? PINNED : VERDICTS[verdict];
  if (leaderId === '' || words === undefined) return undefined;
  return words
    .replaceAll('MODE', nameOf(MonitorMode, mode).toLowerCase())
    .replaceAll('CANDIDATE', candidateId)
    .replaceAll('LEADER', leaderId);
}

/** Of an answering node that hands over to nobody. */
const PINNED = 'though CANDIDATE does better: performance_monitor is MODE on the answering node';

const VERDICTS: Readonly<Partial<Record<LeaderVerdict, string>>> = {
  [LeaderVerdict.SWITCH]: 'no longer: CANDIDATE does better',
  [LeaderVerdict.NO_OBSERVATIONS]: 'since too little is known of LEADER',
  [LeaderVerdict.NONE_BETTER]: 'since no other voter did better all the time',
  [LeaderVerdict.STALE]: 'since what was said of CANDIDATE is too old',
  [LeaderVerdict.TENURE]: 'though CANDIDATE does better, since LEADER has only begun to lead',
  [LeaderVerdict.COOL_DOWN]: 'though CANDIDATE does better, since leaders have changed lately',
  [LeaderVerdict.BUDGET]:
    'though CANDIDATE does better, since four leaders were replaced within an hour; an operator may hand over',
  [LeaderVerdict.RECOVERING]: 'though CANDIDATE does better, since that was replaced itself lately',
  [LeaderVerdict.MUTED]: 'though CANDIDATE does better, since leadership did not go to it lately',
  [LeaderVerdict.UNDER_WAY]: 'until it has handed over to CANDIDATE',
  [LeaderVerdict.BEHIND]: 'though CANDIDATE does better, since its log is behind',
  [LeaderVerdict.SHARING]: 'though CANDIDATE does better, while keys are made or shared anew',
};

function switchWords({ switches }: PerformanceMonitor): string | undefined {
  const last = switches.at(-1);
  if (last === undefined) return undefined;
  const { fromNodeId, toNodeId, fromPoints, toPoints, switchTime, outcome } = last;
  const end = outcome === LeaderSwitchOutcome.FAILED ? `; ${toNodeId} was not elected` : '';
  const points = `${fromPoints} points against ${toPoints}`;
  return `from ${fromNodeId} to ${toNodeId} at ${time(switchTime)}, ${points}${end}`;
}

function taskWords({
  done,
  failed,
  medianMs,
  p95Ms,
  failures,
}: PerformanceMonitor['leaders'][number]): string {
  const reasons = failures.map(({ reason, count }) => `${reason} ${count}`).join(', ');
  const why = reasons === '' ? '' : ` (${reasons})`;
  return `${done} done, ${failed} failed${why}; half within ${medianMs} ms, 95 in 100 within ${p95Ms} ms`;
}
