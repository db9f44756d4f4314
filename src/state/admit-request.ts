import type { Millis, Result, TaskId } from '../common/index.js';
import { equal, refuse } from '../common/index.js';
import { requestHash, taskIdOf } from '../identity/index.js';
import type { Request, TaskRecord } from '../wire/index.js';
import type { Authority } from './authority.js';
import { admitAuthority, checkLife, checkTime, trustOf } from './authority.js';
import type { Admitted, JudgingContext } from './kind-rules.js';
import { parseRequest } from './parse.js';
import type { Parsed } from './parse.js';
import { readLevel, readTask, readTotals } from './records.js';
import { checkShare, requestBytesOf } from './requesters.js';
import type { View } from './view.js';

/** A request that opens a task. */
export type NewTask = Admitted &
  Parsed & {
    readonly kind: 'open';
    readonly taskId: TaskId;
    /** Hash of method and request. */
    readonly content: Uint8Array;
    readonly authority: Authority;
  };

/** The effect of a request: it opens a task, or none because the task exists. */
export type Admission = { readonly kind: 'known'; readonly task: TaskRecord } | NewTask;

/** The admission or refusal of a request, and its requester. */
export type Judgement = {
  /** SPIFFE id; absent where form or authority of the request are refused, so that its word on that counts for nothing. */
  readonly requester: string | undefined;
  readonly judged: Result<Admission>;
};

/**
 * Judges a request against the state at `timeMs`, in the order of `docs/threats.md`: form; signature, chain and role; known;
 * expiry; access; room; rules of the key. The verdict that counts is the one at apply; a leader asks beforehand, at the
 * time that the entry would get, so that what will be refused does not fill the log.
 *
 * @param level - The feature level that the request is read by.
 */
export function judgeRequest(
  view: View,
  request: Request,
  timeMs: Millis,
  context: JudgingContext,
  level: number = readLevel(view),
): Judgement {
  const parsed = parseRequest(context.kinds, request.method, request.request, level);
  return parsed.ok
    ? examine(view, request, parsed.value, timeMs, context)
    : { requester: undefined, judged: parsed };
}

/** As {@link judgeRequest}, of a request whose form is good. */
export function examine(
  view: View,
  request: Request,
  parsed: Parsed,
  timeMs: Millis,
  context: JudgingContext,
): Judgement {
  const trust = trustOf(view, context);
  const authority = admitAuthority(request, parsed.rules.askers, context, trust);
  if (!authority.ok) return { requester: undefined, judged: authority };
  const judged = admitAuthorized(view, request, parsed, authority.value, timeMs, context);
  return { requester: authority.value.requester.spiffeId, judged };
}

function admitAuthorized(
  view: View,
  request: Request,
  { asked, rules }: Parsed,
  authority: Authority,
  timeMs: Millis,
  context: JudgingContext,
): Result<Admission> {
  const { requester } = authority;
  const taskId = taskIdOf(requester.spiffeId, asked.requestId);
  const content = requestHash(request.method, request.request);
  const known = readTask(view, taskId);
  if (known !== undefined) return admitKnown(known, content, asked.requestId);

  const untimely = checkTime(authority, timeMs);
  if (untimely !== undefined) return { ok: false, refusal: untimely };
  const forbidden = rules.checkAccess(view, asked, requester, context);
  if (forbidden !== undefined) return { ok: false, refusal: forbidden };
  if (readTotals(view).taskCount >= context.genesis.limits.requestIdsMax) {
    return refuse('overloaded', 'TOO_MANY_REQUESTS', 'The cluster remembers no more request ids');
  }
  const admitted = rules.admit(view, asked, context);
  if (!admitted.ok) return admitted;
  const { limits } = context.genesis;
  const overShare = checkShare(view, rules, requester.spiffeId, requestBytesOf(request), limits);
  if (overShare !== undefined) return { ok: false, refusal: overShare };
  const value = { ...admitted.value, asked, rules, taskId, content, authority };
  return { ok: true, value: { kind: 'open', ...value } };
}

/**
 * Judges a request whose form is good by what can be said of it on any node, however far behind its state is: signature,
 * chain and role; and whether its life is over, unless it is known. The log may still refuse what passes.
 */
export function admitArrival(
  view: View,
  request: Request,
  { asked, rules }: Parsed,
  context: JudgingContext,
): Result<Authority> {
  const trust = trustOf(view, context);
  const authority = admitAuthority(request, rules.askers, context, trust);
  if (!authority.ok) return authority;
  const { requester } = authority.value;
  const known = readTask(view, taskIdOf(requester.spiffeId, asked.requestId));
  if (known !== undefined) return authority;
  const over = checkLife(authority.value, Number(readTotals(view).timeMs));
  return over === undefined ? authority : { ok: false, refusal: over };
}

/** The same id with the same content is the same request, at any time. */
export function admitKnown(
  task: TaskRecord,
  content: Uint8Array,
  requestId: string,
): Result<Extract<Admission, { kind: 'known' }>> {
  if (equal(task.requestHash, content)) return { ok: true, value: { kind: 'known', task } };
  return refuse(
    'already-exists',
    'REQUEST_ID_REUSED',
    `Request id ${requestId} was used for another request; take a new one`,
    { field: 'request_id' },
  );
}
