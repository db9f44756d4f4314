import type { Millis, Refusal, Result, TaskId } from '../common/index.js';
import { equal, refusal, refuse } from '../common/index.js';
import { requestHash, taskIdOf } from '../identity/index.js';
import type { Request, TaskRecord } from '../wire/index.js';
import type { Authority, Life } from './authority.js';
import { admitAuthority, checkEarly, checkLife, checkTime, trustOf } from './authority.js';
import type { Admitted, JudgingContext } from './kind-rules.js';
import { CLOCK_AHEAD_MS_MAX } from './limits.js';
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
    /** The time at which it was judged: the cluster's, unless its kind has another. */
    readonly timeMs: Millis;
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

  const atMs = judgedAt({ asked, rules }, timeMs);
  const untimely = checkTime(authority, atMs) ?? checkForgotten(view, authority, rules);
  if (untimely !== undefined) return { ok: false, refusal: untimely };
  const forbidden = rules.checkAccess(view, asked, requester, context);
  if (forbidden !== undefined) return { ok: false, refusal: forbidden };
  const ownGoal = rules.checkSigner?.(asked, authority.names);
  if (ownGoal !== undefined) return { ok: false, refusal: ownGoal };
  if (readTotals(view).taskCount >= context.genesis.limits.requestIdsMax) {
    return refuse('overloaded', 'TOO_MANY_REQUESTS', 'The cluster remembers no more request ids');
  }
  const admitted = rules.admit(view, asked, context, atMs);
  if (!admitted.ok) return admitted;
  const opening = { view, asked, requester: requester.spiffeId };
  const overShare = checkShare(rules, opening, requestBytesOf(request), context);
  if (overShare !== undefined) return { ok: false, refusal: overShare };
  const value = { ...admitted.value, asked, rules, taskId, content, authority, timeMs: atMs };
  return { ok: true, value: { kind: 'open', ...value } };
}

const ALWAYS = { notBeforeMs: -Infinity, notAfterMs: Infinity };

/** The bringer of a request, and when. */
export type Arrival = {
  /** SPIFFE id by its TLS certificate. */
  readonly bringer: string;
  /** The time that an entry would get now, as far as the node can tell, which may not lead: its word to the bringer. */
  readonly timeMs: Millis;
};

/**
 * Judges a request whose form is good by what can be said of it on any node, however far behind its state is: signature,
 * chain and role; and unless it is known, whether its life is over, or will be too long whatever the clocks differ by. The
 * log may still refuse what passes.
 */
export function admitArrival(
  view: View,
  request: Request,
  parsed: Parsed,
  arrival: Arrival,
  context: JudgingContext,
): Result<Authority> {
  const untimely = admitUnverified(view, request, parsed, arrival, context);
  if (untimely !== undefined) return { ok: false, refusal: untimely };
  const authority = admitAuthority(request, parsed.rules.askers, context, trustOf(view, context));
  if (!authority.ok || isKnown(view, authority.value, parsed)) return authority;
  const over = checkArrivalTime(view, authority.value, parsed, arrival);
  return over === undefined ? authority : { ok: false, refusal: over };
}

/**
 * The refusal of a request by its time alone, before its signature is verified. Only of what its own signer brings: to
 * anybody else the answer would tell whether the signer's request is known.
 */
function admitUnverified(
  view: View,
  { authorization }: Request,
  parsed: Parsed,
  arrival: Arrival,
  { requesters }: JudgingContext,
): Refusal | undefined {
  if (authorization?.by?.$case !== 'signed') return undefined;
  const { certificates } = authorization.by.value;
  const expireTimeMs = Number(authorization.by.value.expireTimeMs);
  if (checkArrivalTime(view, { expireTimeMs, certified: ALWAYS }, parsed, arrival) === undefined)
    return undefined;
  const verdict = requesters.judge(certificates);
  if (!verdict.ok || verdict.value.identity.spiffeId !== arrival.bringer) return undefined;
  const { identity: requester, notBeforeMs, notAfterMs, names } = verdict.value;
  const claimed = { requester, expireTimeMs, certified: { notBeforeMs, notAfterMs }, names };
  return isKnown(view, claimed, parsed)
    ? undefined
    : checkArrivalTime(view, claimed, parsed, arrival);
}

function checkArrivalTime(
  view: View,
  life: Life,
  parsed: Parsed,
  { timeMs }: Arrival,
): Refusal | undefined {
  const over = checkLife(life, judgedAt(parsed, Number(readTotals(view).timeMs)));
  return over ?? checkEarly(life, judgedAt(parsed, timeMs), CLOCK_AHEAD_MS_MAX);
}

function isKnown(view: View, { requester }: Authority, { asked }: Parsed): boolean {
  return readTask(view, taskIdOf(requester.spiffeId, asked.requestId)) !== undefined;
}

/** The time at which the life of a request of this kind is judged when the cluster's clock shows `timeMs`. */
export function judgedAt({ asked, rules }: Parsed, timeMs: Millis): Millis {
  return rules.judgedAt?.(asked) ?? timeMs;
}

/**
 * Refuses what may have been carried out and forgotten: only after the clock was set back does a request live that expires
 * before a forgotten one. A kind with a time of its own tells repeated requests by itself.
 */
function checkForgotten(
  view: View,
  { expireTimeMs }: Authority,
  rules: Parsed['rules'],
): Refusal | undefined {
  const forgottenMs = Number(readTotals(view).forgottenMs);
  if (rules.judgedAt !== undefined || expireTimeMs > forgottenMs) return undefined;
  return refusal(
    'unauthenticated',
    'REQUEST_MAYBE_FORGOTTEN',
    "The cluster's time was set back, and it has forgotten requests that expire as late as this one: sign it to expire " +
      'later, or wait',
    { facts: { expire_time_ms: String(expireTimeMs), forgotten_ms: String(forgottenMs) } },
  );
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
