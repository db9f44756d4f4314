import { TaskKind, TaskState } from '../../wire/index.js';
import type { Task } from '../../wire/index.js';
import { facts, table } from './table.js';
import { duration, hex, millis, nameOf, time, timeAt } from './values.js';

/** A task for programs: the names of the proto, bytes as hex, times in RFC 3339. */
export function taskJson(task: Task): object {
  return {
    task_id: task.taskId,
    kind: nameOf(TaskKind, task.kind),
    state: nameOf(TaskState, task.state),
    key_id: task.keyId,
    request_id: task.requestId,
    requester: task.requester,
    create_time: time(task.createTime),
    expire_time: time(task.expireTime),
    end_time: time(task.endTime),
    attempts: task.attempts.map((attempt) => ({
      number: attempt.number,
      session_id: hex(attempt.sessionId),
      participants: attempt.participants,
      start_time: time(attempt.startTime),
    })),
    ...outcomeJson(task.outcome),
    ...culpritsJson(task.culprits),
    ...(task.awaited.length > 0 && { awaited: task.awaited }),
  };
}

/** Nothing where no node is known to have lied: a list of tasks does not tell. */
function culpritsJson(culprits: Task['culprits']): object {
  if (culprits.length === 0) return {};
  return {
    culprits: culprits.map((culprit) => ({
      node_id: culprit.nodeId,
      reason: culprit.reason,
      session_id: hex(culprit.sessionId),
      evidence: hex(culprit.evidence),
    })),
  };
}

function outcomeJson(outcome: Task['outcome']): object {
  switch (outcome?.$case) {
    case undefined:
      return {};
    case 'signature':
      return {
        signature: {
          signature: hex(outcome.value.signature),
          public_key: hex(outcome.value.publicKey),
          ...(outcome.value.derivationPath.length > 0 && {
            derivation_path: outcome.value.derivationPath,
          }),
          ...(outcome.value.recoveryId !== undefined && { recovery_id: outcome.value.recoveryId }),
          key_version: outcome.value.keyVersion,
          signers: outcome.value.signers,
        },
      };
    case 'generatedKey':
      return {
        generated_key: {
          public_key: hex(outcome.value.publicKey),
          key_version: outcome.value.keyVersion,
        },
      };
    case 'signaturesRequired':
      return { signatures_required: {} };
    case 'levelRaised': {
      const { level, leftBehind } = outcome.value;
      return { level_raised: { level, left_behind: leftBehind } };
    }
    case 'prepared':
      return {
        prepared: {
          set_id: hex(outcome.value.setId),
          generation: outcome.value.generation,
          members: outcome.value.members,
        },
      };
    case 'presignatureMade':
      return {
        presignature_made: {
          presignature: hex(outcome.value.presignature),
          key_version: outcome.value.keyVersion,
          signers: outcome.value.signers,
          attempt: outcome.value.attempt,
        },
      };
    case 'timeCorrected': {
      const { number, backMs } = outcome.value;
      return { time_corrected: { number, back_ms: Number(backMs) } };
    }
    case 'certificateRevoked': {
      const { serial, keyHash } = outcome.value;
      return {
        certificate_revoked:
          serial.length > 0 ? { serial: hex(serial) } : { key_hash: hex(keyHash) },
      };
    }
    case 'keyRetired':
      return {
        key_retired: { recoverable_until: timeAt(outcome.value.recoverableUntilMs) },
      };
    case 'keyRestored':
      return { key_restored: {} };
    case 'resharedKey':
      return {
        reshared_key: {
          key_version: outcome.value.keyVersion,
          threshold: outcome.value.threshold,
          participants: outcome.value.participants,
        },
      };
    case 'taskCancelled':
      return { task_cancelled: { task_id: outcome.value.taskId } };
    case 'cancelled':
      return { cancelled: { requester: outcome.value.requester } };
    case 'keyDestroyed':
      return { key_destroyed: { nodes: outcome.value.nodes } };
    case 'failure':
      return { failure: { reason: outcome.value.reason } };
  }
}

/** A task for a person. */
export function taskLines(task: Task): string[] {
  return [
    ...facts([
      ['task', task.taskId],
      ['kind', nameOf(TaskKind, task.kind)],
      ['state', nameOf(TaskState, task.state)],
      ['key', task.keyId],
      ['request id', task.requestId],
      ['requester', task.requester],
      ['created', time(task.createTime)],
      ['expires', task.endTime === undefined ? time(task.expireTime) : undefined],
      ['ended', time(task.endTime)],
      ['took', took(task)],
      ['waits for', task.awaited.length === 0 ? undefined : task.awaited.join(', ')],
      ...outcomeFacts(task.outcome),
    ]),
    '',
    ...table(
      ['ATTEMPT', 'STARTED', 'PARTICIPANTS'],
      task.attempts.map((attempt) => [
        String(attempt.number),
        time(attempt.startTime),
        attempt.participants.join(', '),
      ]),
    ),
    ...culpritLines(task.culprits),
  ];
}

function culpritLines(culprits: Task['culprits']): string[] {
  if (culprits.length === 0) return [];
  const rows = culprits.map((each) => [each.nodeId, each.reason, hex(each.sessionId)]);
  return ['', ...table(['CULPRIT', 'PROVED', 'SESSION'], rows)];
}

function outcomeFacts(outcome: Task['outcome']): [string, string | undefined][] {
  switch (outcome?.$case) {
    case undefined:
      return [];
    case 'signature':
      return [
        ['signature', hex(outcome.value.signature)],
        ['signed by', outcome.value.signers.join(', ')],
      ];
    case 'generatedKey':
      return [['public key', hex(outcome.value.publicKey)]];
    case 'signaturesRequired':
      return [['requests', 'must be signed']];
    case 'levelRaised': {
      const { level, leftBehind } = outcome.value;
      const behind = leftBehind.length === 0 ? undefined : leftBehind.join(', ');
      return [
        ['level', String(level)],
        ['left behind', behind],
      ];
    }
    case 'prepared':
      return [
        ['set', hex(outcome.value.setId)],
        ['generation', String(outcome.value.generation)],
        ['made by', outcome.value.members.join(', ')],
      ];
    case 'presignatureMade':
      return [
        ['presignature', hex(outcome.value.presignature)],
        ['held by', outcome.value.signers.join(', ')],
      ];
    case 'timeCorrected':
      return [
        ['correction', String(outcome.value.number)],
        ['time set back', duration(Number(outcome.value.backMs))],
      ];
    case 'certificateRevoked': {
      const { serial, keyHash } = outcome.value;
      return [serial.length > 0 ? ['revoked serial', hex(serial)] : ['revoked key', hex(keyHash)]];
    }
    case 'keyRetired':
      return [['recoverable until', timeAt(outcome.value.recoverableUntilMs)]];
    case 'keyRestored':
      return [['key', 'is in use again']];
    case 'resharedKey': {
      const { keyVersion, threshold, participants } = outcome.value;
      return [
        ['version', String(keyVersion)],
        ['signing takes', `${threshold} of ${participants.join(', ')}`],
      ];
    }
    case 'taskCancelled':
      return [['ended', outcome.value.taskId]];
    case 'cancelled':
      return [['cancelled by', outcome.value.requester]];
    case 'keyDestroyed':
      return [['erased by', outcome.value.nodes.join(', ')]];
    case 'failure':
      return [['failed', outcome.value.reason]];
  }
}

function took(task: Task): string | undefined {
  if (task.createTime === undefined || task.endTime === undefined) return undefined;
  return duration(millis(task.endTime) - millis(task.createTime));
}

/** Tasks for a person, one per line. */
export function taskTable(tasks: readonly Task[]): string[] {
  return table(
    ['TASK', 'KIND', 'KEY', 'STATE', 'ATTEMPTS', 'CREATED', 'TOOK', 'REQUESTER'],
    tasks.map((task) => [
      task.taskId,
      nameOf(TaskKind, task.kind),
      task.keyId,
      nameOf(TaskState, task.state),
      String(task.attempts.length),
      time(task.createTime),
      took(task),
      task.requester,
    ]),
  );
}
