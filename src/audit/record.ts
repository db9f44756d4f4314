import type { ClusterId, LogIndex, Millis } from '../common/index.js';
import type { Entry } from '../ports/index.js';
import { CANCELLED } from '../state/index.js';
import type { AppliedDecision, StateEvent } from '../state/index.js';

/** The value of a field; a field without one is left out. */
export type FieldValue = string | number | readonly string[] | undefined;

/** One security event, as a line tells it. */
export type AuditRecord = {
  /** The entry of the log that it comes from. */
  readonly index: LogIndex;
  /** Of the cluster's clock at that entry. */
  readonly timeMs: Millis;
  /** A word of {@link EVENTS}. */
  readonly event: AuditEvent;
  readonly fields: Readonly<Record<string, FieldValue>>;
};

/** The subjects of lines. */
export const EVENTS = [
  'genesis',
  'request',
  'upkeep',
  'attempt',
  'outcome',
  'share-ready',
  'share-installed',
  'share-destroyed',
  'material-ready',
  'generation-activated',
  'key-activated',
  'key-stage',
  'certificate-revoked',
  'void',
  'gap',
] as const;

export type AuditEvent = (typeof EVENTS)[number];

/** Of one text in a line; what a malicious leader proposes can have texts of any length. */
const TEXT_CHARS_MAX = 256;

/**
 * The security events of one applied entry, in order. A function of the entry and of what it did alone, so that every node
 * writes the same. It takes ids, names and words of our code, and nothing of what a request wants signed.
 *
 * @param timeMs - Of the cluster's clock.
 */
export function recordsOf(
  entry: Pick<Entry, 'index' | 'kind' | 'term'>,
  timeMs: Millis,
  events: readonly StateEvent[],
  cluster: ClusterId,
): readonly AuditRecord[] {
  const { index, term } = entry;
  const told = events.flatMap((event) => toldOf(event, term) ?? []);
  const all: readonly Told[] =
    entry.kind === 'genesis' && events.length === 0 ? [['genesis', { cluster }], ...told] : told;
  return all.map(([event, fields]) => ({ index, timeMs, event, fields: bounded(fields) }));
}

/**
 * The line of a node that has the state of an entry, and does not know what brought it about.
 *
 * @param from - The first entry that it knows nothing of.
 * @param to - The last.
 */
export function gapRecord(from: LogIndex, to: LogIndex, timeMs: Millis): AuditRecord {
  return { index: to, timeMs, event: 'gap', fields: { from, to } };
}

type Told = readonly [event: AuditEvent, fields: AuditRecord['fields']];

function toldOf(event: StateEvent, term: number): readonly Told[] | undefined {
  switch (event.type) {
    case 'request-decided':
      return [['request', decisionOf(event)]];
    case 'upkeep-opened':
      return [['upkeep', { kind: event.kind, task: event.task }]];
    case 'attempt-opened': {
      const { task, number, session, nodes } = event;
      return [['attempt', { task, number, session, nodes }]];
    }
    case 'ready-said': {
      const { key, task, session, node } = event;
      return [['share-ready', { key, task, session, node }]];
    }
    case 'prepared-said': {
      const { task, session, node } = event;
      return [['material-ready', { task, session, node }]];
    }
    case 'generation-activated': {
      const { set, generation, task } = event;
      return [['generation-activated', { set, generation, task }]];
    }
    case 'key-activated': {
      const { key, version, task } = event;
      return [['key-activated', { key, version, task }]];
    }
    case 'installed-said': {
      const { key, version, node } = event;
      return [['share-installed', { key, version, node }]];
    }
    case 'destroyed-said':
      return [['share-destroyed', { key: event.key, node: event.node }]];
    case 'key-stage-changed':
      return [['key-stage', { key: event.key, stage: event.stage }]];
    case 'certificate-revoked':
      return [['certificate-revoked', { name: event.name }]];
    case 'task-closed': {
      const { task, kind, requester, keyId, requestId, failure } = event;
      const result = failure === undefined ? 'done' : failed(failure);
      const ids = { requester, key: keyId, request_id: requestId, task };
      return [['outcome', { kind, ...ids, result, reason: failure }]];
    }
    case 'void-entry':
      return [['void', { why: event.why, term }]];
    case 'supplies-named':
    case 'presignature-named':
    case 'checkpoint-asked':
    case 'leader-switch-recorded':
      return undefined;
  }
}

/** The key and the request id are the requester's word: they count where it is known who that is. */
function decisionOf({
  hash,
  method,
  requester,
  vouchedBy,
  keyId,
  requestId,
  result,
}: AppliedDecision): AuditRecord['fields'] {
  const named = requester === undefined ? {} : { key: keyId, request_id: requestId };
  const refused = result.kind === 'refused' ? result.refusal : undefined;
  return {
    method,
    requester,
    vouched_by: vouchedBy,
    ...named,
    decision: result.kind,
    reason: refused?.reason,
    task: result.kind === 'refused' ? undefined : result.task,
    request_hash: hash,
  };
}

function failed(reason: string): 'cancelled' | 'failed' {
  return reason === CANCELLED ? 'cancelled' : 'failed';
}

function bounded(fields: AuditRecord['fields']): AuditRecord['fields'] {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cut(value)]));
}

function cut(value: FieldValue): FieldValue {
  return typeof value === 'string' ? value.slice(0, TEXT_CHARS_MAX) : value;
}
