import { compareText, nodeId } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { observationBytes } from '../identity/index.js';
import {
  among,
  ANSWER_MS_MAX,
  at,
  CLOCK_APART_MS,
  decide,
  observed,
  switched,
  WINDOWS,
} from '../monitor/index.js';
import type { Entry } from '../ports/index.js';
import type { LeaderSwitch, Observation, Observations } from '../wire/index.js';
import type { StateEvent } from './events.js';
import type { JudgingContext } from './kind-rules.js';
import { members, shareHolders } from './members.js';
import { observationOf, readMonitor, writeMonitor } from './monitor-record.js';
import type { Draft, View } from './view.js';

/**
 * Claims that the state would take an observation: it is a voter's own word, newer than the one that it has, by a clock that is not far
 * from the cluster's, about other voters.
 *
 * @param timeMs - The state machine's clock.
 */
export function isAdmissible(
  view: View,
  observation: Observation,
  timeMs: Millis,
  context: JudgingContext,
): boolean {
  const holders = shareHolders(members(view, context.genesis));
  const observer = holders.find((each) => each.nodeId === observation.nodeId);
  if (observer === undefined) return false;
  const madeMs = Number(observation.timeMs);
  const before = Number(readMonitor(view).said.get(observation.nodeId)?.timeMs ?? 0);
  // An earlier word that is far ahead of the cluster's clock was made before that was set back.
  const isNewer = madeMs > before || before > timeMs + CLOCK_APART_MS;
  if (!isNewer || Math.abs(madeMs - timeMs) > CLOCK_APART_MS) return false;
  const others = new Set(holders.map((each) => each.nodeId));
  others.delete(observation.nodeId);
  if (!isWellFormed(observation, others)) return false;
  const bytes = observationBytes(context.genesis.clusterId, observation);
  return context.verify.identity(observer.identityKey, bytes, observation.signature);
}

function isWellFormed({ links }: Observation, others: ReadonlySet<string>): boolean {
  return (
    links.length > 0 &&
    links.length <= others.size &&
    links.every(
      (link, place) =>
        others.has(link.nodeId) &&
        (place === 0 || compareText(links[place - 1]?.nodeId ?? '', link.nodeId) < 0) &&
        link.windowMs.length === WINDOWS &&
        link.windowMs.every((ms) => ms <= ANSWER_MS_MAX),
    )
  );
}

/** Takes those of the observations that are admissible. The others change nothing: a leader may have asked for them twice. */
export function applyObservations(
  draft: Draft,
  entry: Entry,
  { observations }: Observations,
  timeMs: Millis,
  context: JudgingContext,
): readonly StateEvent[] {
  const voters = votersOf(draft, context);
  const { record, said } = readMonitor(draft);
  const now = new Map(said);
  let next = among(at(record, entry.term, entry.timeMs), voters);
  for (const each of observations.slice(0, voters.length)) {
    const isFirst = now.get(each.nodeId) === said.get(each.nodeId);
    if (!isFirst || !isAdmissible(draft, each, timeMs, context)) continue;
    next = observed(next, observationOf(each, entry.timeMs));
    now.set(each.nodeId, each);
  }
  writeMonitor(draft, { record: next, said: now });
  return [];
}

/** Records that a leader hands over, where the observations in the state permit it; the entry is void otherwise. */
export function applySwitch(
  draft: Draft,
  entry: Entry,
  { fromNodeId, toNodeId }: LeaderSwitch,
  context: JudgingContext,
): readonly StateEvent[] {
  const voters = votersOf(draft, context);
  const { record, said } = readMonitor(draft);
  const { term, timeMs: nowMs } = entry;
  const now = among(at(record, term, nowMs), voters);
  // The leader may see for itself that the best one is no successor: any that is good enough by the state may be named.
  const local = { isBusy: () => false, follows: (voter: string) => voter === toNodeId };
  const verdict = decide({ record: now, voters, leader: fromNodeId, term, nowMs, local });
  if (!voters.includes(fromNodeId) || verdict.kind !== 'switch') {
    return [{ type: 'void-entry', why: 'a switch of leaders that the observations do not permit' }];
  }
  const { to, fromPoints, toPoints } = verdict;
  const one = { term, from: fromNodeId, to, atMs: nowMs, fromPoints, toPoints } as const;
  writeMonitor(draft, { record: switched(now, { ...one, outcome: 'open' }), said });
  return [{ type: 'leader-switch-recorded', from: nodeId(fromNodeId), to: nodeId(to) }];
}

function votersOf(view: View, { genesis }: JudgingContext): readonly string[] {
  return shareHolders(members(view, genesis)).map((each) => each.nodeId);
}
