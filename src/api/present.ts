import { fromHex } from '../common/index.js';
import type { ClusterId, Millis } from '../common/index.js';
import { KEY_CERTIFICATE_FORMAT, KEY_CERTIFICATE_FORMAT_IN_USE } from '../identity/index.js';
import {
  awaitedNodes,
  generatedKeyOf,
  isEnded,
  keyDestroyedOf,
  keyRetiredOf,
  levelRaisedOf,
  preparedOf,
  presignatureOf,
  certificateRevokedOf,
  timeCorrectedOf,
  resharedKeyOf,
  resharingOf,
  shownRecord,
  signatureOf,
  stageOf,
  taskCancelledOf,
} from '../state/index.js';
import type { ActiveKey, KeyStage, TaskKind } from '../state/index.js';
import type { ProvenCulprit } from '../tasks/index.js';
import { KeyState, TaskKind as ApiTaskKind, TaskState } from '../wire/index.js';
import type {
  AttemptRecord,
  Key,
  KeyCertificate,
  KeyEnd,
  NodeSignature,
  ReshareAuthority,
  SharingRecord,
  Task,
  TaskAttempt,
  TaskRecord,
  Timestamp,
  VersionCertificate,
} from '../wire/index.js';

/**
 * A key as clients see it, in the newest version whose certificate is complete. What it says of itself is in its certificate, to be
 * verified.
 *
 * @param correctionMs - How far the state machine's clock is behind the log's time.
 */
export function presentKey(clusterId: ClusterId, record: ActiveKey, correctionMs: Millis = 0): Key {
  const { sharing = record } = shownRecord(record);
  const { intervalMs, dueMs, lastFailure, taskId } = resharingOf(record);
  return {
    keyId: record.keyId,
    algorithm: record.algorithm,
    publicKey: record.publicKey,
    threshold: sharing.threshold,
    participants: sharing.participants.map(({ nodeId }) => nodeId),
    version: sharing.version,
    state: KEY_STATES[stageOf(record)],
    createTime: timestamp(record.createTimeMs),
    labels: record.labels,
    certificate: certificate(clusterId, record),
    owner: record.owner,
    allowedSigners: record.allowedSigners,
    reshareInterval: intervalMs === 0n ? undefined : { seconds: intervalMs / 1000n, nanos: 0 },
    nextReshareTime:
      dueMs === 0n || record.lifecycle !== undefined
        ? undefined
        : timestamp(dueMs - BigInt(correctionMs)),
    lastReshareFailure: lastFailure && {
      taskId: lastFailure.taskId,
      reason: lastFailure.reason,
      time: timestamp(lastFailure.timeMs),
    },
    reshareTaskId: taskId,
    end: endOf(record),
  };
}

/** How the API spells where a key stands. */
const KEY_STATES: Readonly<Record<KeyStage, KeyState>> = {
  pending: KeyState.PENDING,
  active: KeyState.ACTIVE,
  retired: KeyState.RETIRED,
  destroying: KeyState.DESTROYING,
  destroyed: KeyState.DESTROYED,
};

/** Where a key stands, as the API spells it; `undefined` for a state that there is not. */
export function stageNamed(state: KeyState): KeyStage | undefined {
  const stages = Object.keys(KEY_STATES).filter(isStage);
  return stages.find((stage) => KEY_STATES[stage] === state);
}

function isStage(name: string): name is KeyStage {
  return Object.hasOwn(KEY_STATES, name);
}

function endOf(key: ActiveKey): KeyEnd | undefined {
  const { lifecycle } = key;
  if (lifecycle === undefined) return undefined;
  return {
    retireTime: timestamp(lifecycle.retireTimeMs),
    recoverableUntil: timestamp(lifecycle.recoverableUntilMs),
    destroyTime: isEnded(key) ? timestamp(lifecycle.destroyTimeMs) : undefined,
    erased: lifecycle.destroyed.map(({ nodeId }) => nodeId),
    awaited: awaitedNodes(key).map(({ nodeId }) => nodeId),
  };
}

/** Of version 1, on which the public key rests, and beside it that of the version in use. */
function certificate(clusterId: ClusterId, key: ActiveKey): KeyCertificate {
  const { first, authority } = resharingOf(key);
  const shown = shownRecord(key);
  const { sharing, ready, installed } = first ?? shown;
  const inUse =
    first === undefined || shown.sharing?.version === first.sharing?.version
      ? undefined
      : {
          sharing: shown.sharing,
          ready: shown.ready,
          installed: installedOf(shown),
          method: authority?.method ?? '',
          request: authority?.request ?? new Uint8Array(0),
          authorization: signedBy(authority),
        };
  return {
    clusterId,
    sharing,
    ready,
    installed: installedOf({ sharing, installed }),
    method: key.method,
    request: key.request,
    authority: key.authorization?.by,
    inUse,
    format: inUse === undefined ? KEY_CERTIFICATE_FORMAT : KEY_CERTIFICATE_FORMAT_IN_USE,
  };
}

/** The first that make a certificate complete, without those that come later: once complete, it stays as it is. */
function installedOf({
  sharing,
  installed,
}: Pick<SharingRecord, 'sharing' | 'installed'>): NodeSignature[] {
  return installed.slice(0, sharing?.threshold);
}

function signedBy(authority: ReshareAuthority | undefined): VersionCertificate['authorization'] {
  const by = authority?.authorization?.by;
  return by?.$case === 'signed' ? by.value : undefined;
}

/** A task as callers that may see it do. @param awaited - Node ids. */
export function presentTask(
  record: TaskRecord,
  culprits: readonly ProvenCulprit[] = [],
  awaited: readonly string[] = [],
): Task {
  return {
    taskId: record.taskId,
    kind: presented(record.kind)?.kind ?? ApiTaskKind.UNSPECIFIED,
    state: stateOf(record),
    keyId: record.keyId,
    requestId: record.requestId,
    requester: record.requester,
    createTime: timestamp(record.createTimeMs),
    expireTime: timestamp(record.expireTimeMs),
    endTime: record.endTimeMs === 0n ? undefined : timestamp(record.endTimeMs),
    attempts: record.attempts.map(presentAttempt),
    outcome: outcomeOf(record),
    culprits: culprits.map(({ culprit, evidence }) => ({
      nodeId: culprit.nodeId,
      reason: culprit.reason,
      sessionId: fromHex(culprit.sessionId) ?? new Uint8Array(0),
      evidence,
    })),
    awaited: [...awaited],
  };
}

type ApiOutcome = Task['outcome'];

/** How the API shows each kind of task, and the result of one that is done. */
const PRESENTED: Readonly<
  Record<
    TaskKind,
    { readonly kind: ApiTaskKind; readonly result: (record: TaskRecord) => ApiOutcome }
  >
> = {
  'generate-key': {
    kind: ApiTaskKind.GENERATE_KEY,
    result: (record) => {
      const value = generatedKeyOf(record);
      return value && { $case: 'generatedKey', value };
    },
  },
  sign: {
    kind: ApiTaskKind.SIGN,
    result: (record) => {
      const value = signatureOf(record);
      return value && { $case: 'signature', value };
    },
  },
  'require-signatures': {
    kind: ApiTaskKind.REQUIRE_SIGNATURES,
    result: () => ({ $case: 'signaturesRequired', value: {} }),
  },
  'raise-level': {
    kind: ApiTaskKind.RAISE_LEVEL,
    result: (record) => {
      const value = levelRaisedOf(record);
      return value && { $case: 'levelRaised', value };
    },
  },
  'correct-time': {
    kind: ApiTaskKind.CORRECT_TIME,
    result: (record) => {
      const value = timeCorrectedOf(record);
      return value && { $case: 'timeCorrected', value };
    },
  },
  'revoke-certificate': {
    kind: ApiTaskKind.REVOKE_CERTIFICATE,
    result: (record) => {
      const value = certificateRevokedOf(record);
      return value && { $case: 'certificateRevoked', value };
    },
  },
  prepare: {
    kind: ApiTaskKind.PREPARE,
    result: (record) => {
      const value = preparedOf(record);
      return value && { $case: 'prepared', value };
    },
  },
  presign: {
    kind: ApiTaskKind.PRESIGN,
    result: (record) => {
      const value = presignatureOf(record);
      return value && { $case: 'presignatureMade', value };
    },
  },
  'retire-key': {
    kind: ApiTaskKind.RETIRE_KEY,
    result: (record) => {
      const value = keyRetiredOf(record);
      return value && { $case: 'keyRetired', value };
    },
  },
  'destroy-key': {
    kind: ApiTaskKind.DESTROY_KEY,
    result: (record) => {
      const value = keyDestroyedOf(record);
      return value && { $case: 'keyDestroyed', value };
    },
  },
  'restore-key': {
    kind: ApiTaskKind.RESTORE_KEY,
    result: () => ({ $case: 'keyRestored', value: {} }),
  },
  reshare: { kind: ApiTaskKind.RESHARE, result: resharedKey },
  refresh: { kind: ApiTaskKind.REFRESH, result: resharedKey },
  'cancel-task': {
    kind: ApiTaskKind.CANCEL_TASK,
    result: (record) => {
      const value = taskCancelledOf(record);
      return value && { $case: 'taskCancelled', value };
    },
  },
};

function resharedKey(record: TaskRecord): ApiOutcome {
  const value = resharedKeyOf(record);
  return value && { $case: 'resharedKey', value };
}

/** The name in the replicated state of a kind as the API spells it. */
export function kindOf(kind: ApiTaskKind): string | undefined {
  return Object.entries(PRESENTED).find(([, shown]) => shown.kind === kind)?.[0];
}

function presented(kind: string): (typeof PRESENTED)[TaskKind] | undefined {
  const shown: Readonly<Record<string, (typeof PRESENTED)[TaskKind]>> = PRESENTED;
  return shown[kind];
}

function outcomeOf(record: TaskRecord): ApiOutcome {
  switch (record.outcome?.$case) {
    case 'failed':
      return { $case: 'failure', value: { reason: record.outcome.value.reason } };
    case 'result':
      return presented(record.kind)?.result(record);
    case 'cancelled':
      return { $case: 'cancelled', value: { requester: record.outcome.value.requester } };
    case undefined:
      return undefined;
  }
}

function stateOf(record: TaskRecord): TaskState {
  switch (record.outcome?.$case) {
    case undefined:
      return TaskState.OPEN;
    case 'result':
      return TaskState.DONE;
    case 'failed':
      return TaskState.FAILED;
    case 'cancelled':
      return TaskState.CANCELLED;
  }
}

function presentAttempt(record: AttemptRecord): TaskAttempt {
  return {
    number: record.attempt?.number ?? 0,
    sessionId: record.sessionId,
    participants: participants(record.attempt),
    startTime: timestamp(record.timeMs - record.correctionMs),
  };
}

function participants(attempt: AttemptRecord['attempt']): string[] {
  const assignment = attempt?.assignment;
  switch (assignment?.$case) {
    case 'supplies':
      return assignment.value.supplies.map(({ nodeId }) => nodeId);
    case 'boots':
      return assignment.value.nodes.map(({ nodeId }) => nodeId);
    case undefined:
      return [];
  }
}

/** Milliseconds since 1970 as the well-known type. */
export function timestamp(ms: bigint): Timestamp {
  return { seconds: ms / 1000n, nanos: Number(ms % 1000n) * 1_000_000 };
}
