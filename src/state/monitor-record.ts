import { NO_RECORD } from '../monitor/index.js';
import type { MonitorRecord, Observation, Switch, SwitchOutcome } from '../monitor/index.js';
import { encode, MonitorRecord as Stored, SwitchOutcome as Outcome } from '../wire/index.js';
import type { Observation as Said } from '../wire/index.js';
import { remembering } from './decoded.js';
import { ADDRESS } from './records.js';
import type { Draft, View } from './view.js';

/** The state's record for the monitor, with each voter's observation as it was signed. */
export type MonitorState = {
  readonly record: MonitorRecord;
  /** By node id. */
  readonly said: ReadonlyMap<string, Said>;
};

const EMPTY: MonitorState = { record: NO_RECORD, said: new Map() };

/** Reads the state's record for the monitor. The same object as long as nothing has changed. */
export function readMonitor(view: View): MonitorState {
  const bytes = view.get(ADDRESS.monitor);
  return bytes === undefined ? EMPTY : decodeMonitor(bytes);
}

const decodeMonitor = remembering((bytes): MonitorState => {
  const stored = Stored.decode(bytes);
  const said = stored.observations.flatMap(({ observation }) => observation ?? []);
  const appliedMs = new Map(
    stored.observations.map((each) => [each.observation?.nodeId, Number(each.appliedMs)]),
  );
  return {
    record: {
      term: Number(stored.term),
      sinceMs: Number(stored.sinceMs),
      isLater: stored.isLater,
      observations: said.map((each) => observationOf(each, appliedMs.get(each.nodeId) ?? 0)),
      switches: stored.switches.map((each): Switch => ({
        term: Number(each.term),
        from: each.fromNodeId,
        to: each.toNodeId,
        atMs: Number(each.timeMs),
        fromPoints: each.fromPoints,
        toPoints: each.toPoints,
        outcome: NAMES.find((name) => OUTCOMES[name] === each.outcome) ?? 'done',
      })),
      mutes: stored.mutes.map(({ nodeId, failures, untilMs }) => ({
        node: nodeId,
        failures,
        untilMs: Number(untilMs),
      })),
    },
    said: new Map(said.map((each) => [each.nodeId, each])),
  };
});

/** An observation as the monitor reads it. */
export function observationOf({ nodeId, links }: Said, appliedMs: number): Observation {
  return {
    observer: nodeId,
    appliedMs,
    links: new Map(links.map((link) => [link.nodeId, link.windowMs])),
  };
}

/** Writes the record, with the observations that it names. */
export function writeMonitor(draft: Draft, { record, said }: MonitorState): void {
  const stored: Stored = {
    term: BigInt(record.term),
    sinceMs: BigInt(record.sinceMs),
    isLater: record.isLater,
    observations: record.observations.map(({ observer, appliedMs }) => ({
      observation: said.get(observer),
      appliedMs: BigInt(appliedMs),
    })),
    switches: record.switches.map((each) => ({
      term: BigInt(each.term),
      fromNodeId: each.from,
      toNodeId: each.to,
      timeMs: BigInt(each.atMs),
      fromPoints: Math.round(each.fromPoints),
      toPoints: Math.round(each.toPoints),
      outcome: OUTCOMES[each.outcome],
    })),
    mutes: record.mutes.map(({ node, failures, untilMs }) => ({
      nodeId: node,
      failures,
      untilMs: BigInt(untilMs),
    })),
  };
  draft.put(ADDRESS.monitor, encode(Stored, stored));
}

const OUTCOMES: Readonly<Record<SwitchOutcome, Outcome>> = {
  open: Outcome.OPEN,
  done: Outcome.DONE,
  failed: Outcome.FAILED,
};
const NAMES = ['open', 'done', 'failed'] as const satisfies readonly SwitchOutcome[];
