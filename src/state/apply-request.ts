import type { Refusal, TaskId } from '../common/index.js';
import { taskId, toHex } from '../common/index.js';
import { verdictHash } from '../identity/index.js';
import type { Entry } from '../ports/index.js';
import { encode, RequestAuthorization, TaskKind } from '../wire/index.js';
import type { Request, TaskRecord } from '../wire/index.js';
import { admitAttempt } from './attempts.js';
import type { Rules } from './authority.js';
import { judgeRequest } from './judge-request.js';
import type { Ruling } from './judge-request.js';
import { FORGOTTEN_PER_REQUEST_MAX } from './limits.js';
import {
  ADDRESS,
  parseDueKey,
  readClock,
  requireSignatures,
  reserve,
  writeClock,
} from './records.js';
import { closeTask, openTask } from './tasks.js';
import type { Draft } from './view.js';

/** What became of one request entry, for the node that waits for it. Not stored. */
export type Verdict = {
  /** Hex of the hash over method, request and authorization: which copy of the request this answers. */
  readonly hash: string;
  readonly result:
    | { readonly kind: 'opened' | 'known'; readonly task: TaskId }
    | { readonly kind: 'refused'; readonly refusal: Refusal };
};

/** The name under which a verdict on `request` will be given. */
export function verdictHashOf(request: Request): Uint8Array {
  const authorization = request.authorization ?? { by: undefined };
  return verdictHash(request.method, request.request, encode(RequestAuthorization, authorization));
}

/** Opens a task, or finds it, or refuses; a refused request leaves no trace. */
export function applyRequest(draft: Draft, entry: Entry, request: Request, rules: Rules): Verdict {
  const hash = toHex(verdictHashOf(request));
  forgetDueTasks(draft, entry.timeMs);
  const judged = judgeRequest(draft, request, entry.timeMs, rules);
  if (!judged.ok) return { hash, result: { kind: 'refused', refusal: judged.refusal } };
  const ruling = judged.value;
  if (ruling.kind === 'known') {
    return { hash, result: { kind: 'known', task: taskId(ruling.task.taskId) } };
  }
  open(draft, entry, request, ruling, rules);
  return { hash, result: { kind: 'opened', task: ruling.taskId } };
}

function open(draft: Draft, entry: Entry, request: Request, ruling: Opening, rules: Rules): void {
  const task = taskOf(entry, request, ruling);
  switch (ruling.request.kind) {
    case 'generate-key':
      openTask(draft, task);
      return reserve(draft, ruling.request.keyId, ruling.taskId);
    case 'sign':
      return openTask(draft, withFirstAttempt(draft, entry, request, task, rules));
    case 'require-signatures':
      // Done by being applied: no node has to contribute anything.
      openTask(draft, task);
      requireSignatures(draft, request);
      return closeTask(draft, task, { $case: 'signaturesRequired', value: {} }, entry.timeMs);
  }
}

type Opening = Extract<Ruling, { kind: 'open' }>;

const KIND = {
  'generate-key': TaskKind.GENERATE_KEY,
  sign: TaskKind.SIGN,
  'require-signatures': TaskKind.REQUIRE_SIGNATURES,
} as const;

function taskOf(entry: Entry, request: Request, ruling: Opening): TaskRecord {
  return {
    taskId: ruling.taskId,
    kind: KIND[ruling.request.kind],
    keyId: 'keyId' in ruling.request ? ruling.request.keyId : '',
    requestId: ruling.request.requestId,
    requester: ruling.requester.spiffeId,
    createTimeMs: BigInt(entry.timeMs),
    expireTimeMs: BigInt(ruling.expireTimeMs),
    endTimeMs: 0n,
    method: request.method,
    request: request.request,
    authorization: request.authorization,
    requestHash: ruling.content,
    attempts: [],
    ready: [],
    outcome: undefined,
  };
}

/** A first attempt that breaks a rule is as if it were not there: the task opens without it. */
function withFirstAttempt(
  draft: Draft,
  entry: Entry,
  request: Request,
  task: TaskRecord,
  rules: Rules,
): TaskRecord {
  if (request.firstAttempt === undefined) return task;
  const record = admitAttempt(draft, entry, task, request.firstAttempt, rules);
  return record === undefined ? task : { ...task, attempts: [record] };
}

/** Removes closed tasks whose time has come, the longest due first. */
function forgetDueTasks(draft: Draft, timeMs: number): void {
  const due: string[] = [];
  for (const [key] of draft.scan(ADDRESS.due)) {
    if (due.length === FORGOTTEN_PER_REQUEST_MAX || parseDueKey(key).timeMs > timeMs) break;
    due.push(key);
  }
  for (const key of due) {
    draft.delete(key);
    draft.delete(ADDRESS.tasks + parseDueKey(key).task);
  }
  if (due.length > 0) {
    const clock = readClock(draft);
    writeClock(draft, { ...clock, taskCount: clock.taskCount - due.length });
  }
}
