import type { Millis, NodeId, Result, TaskId } from '../common/index.js';
import { equal, refuse } from '../common/index.js';
import { requestHash, taskIdOf, voters } from '../identity/index.js';
import type { Identity } from '../identity/index.js';
import type { ClockRecord, KeyRecord, Request, TaskRecord } from '../wire/index.js';
import type { Authority, Rules } from './authority.js';
import { judgeAuthority, judgeLife, judgeTime } from './authority.js';
import { judgeThreshold, parseRequest } from './parse.js';
import type { ParsedGenerateKey, ParsedRequest, ParsedSign } from './parse.js';
import { readClock, readKey, readReservation, readTask, takesUnsigned } from './records.js';
import type { View } from './view.js';

/** What is to be done with a request: open a task, or nothing because the task is there. */
export type Ruling =
  | { readonly kind: 'known'; readonly task: TaskRecord }
  | {
      readonly kind: 'open';
      readonly taskId: TaskId;
      readonly content: Uint8Array;
      readonly requester: Identity;
      readonly expireTimeMs: Millis;
      readonly request: ParsedRequest;
      /** Generate-key: who takes part. Sign: nobody yet. */
      readonly participants: readonly NodeId[];
      /** Sign: the key. */
      readonly key: KeyRecord | undefined;
    };

/**
 * Judges a request against the state at `timeMs`, in the order of `docs/threats.md`: form; signature, chain and role; known; expiry;
 * access; room; rules of the key. The verdict that counts is the one at apply; a leader asks beforehand, so that
 * what will be refused does not fill the log; it knows no `timeMs` yet, and leaves expiry and validity to the entry.
 */
export function judgeRequest(
  view: View,
  request: Request,
  timeMs: Millis | undefined,
  rules: Rules,
): Result<Ruling> {
  const parsed = parseRequest(request.method, request.request);
  if (!parsed.ok) return parsed;
  const authority = judgeAuthority(request, rules, takesUnsigned(view, rules.genesis));
  if (!authority.ok) return authority;

  const { requester, expireTimeMs } = authority.value;
  const taskId = taskIdOf(requester.spiffeId, parsed.value.requestId);
  const content = requestHash(request.method, request.request);
  const known = readTask(view, taskId);
  if (known !== undefined) return judgeKnown(known, content, parsed.value.requestId);

  const untimely = timeMs === undefined ? undefined : judgeTime(authority.value, timeMs);
  if (untimely !== undefined) return { ok: false, refusal: untimely };
  const opening = { kind: 'open', taskId, content, requester, expireTimeMs } as const;
  const asked = parsed.value;
  const clock = readClock(view);
  switch (asked.kind) {
    case 'generate-key': {
      const judged = judgeGenerateKey(view, asked, clock, rules);
      if (!judged.ok) return judged;
      const participants = judged.value;
      return { ok: true, value: { ...opening, request: asked, participants, key: undefined } };
    }
    case 'sign': {
      const judged = judgeSign(view, asked, requester, clock, rules);
      if (!judged.ok) return judged;
      return {
        ok: true,
        value: { ...opening, request: asked, participants: [], key: judged.value },
      };
    }
    case 'require-signatures':
      if (clock.taskCount >= rules.genesis.limits.requestIdsMax) return noRoom();
      return { ok: true, value: { ...opening, request: asked, participants: [], key: undefined } };
  }
}

/**
 * Judges a request by what can be said of it on any node, however far behind its state is: form; signature, chain and role;
 * and whether its life is over, unless it is known. The log may still refuse what passes.
 */
export function judgeArrival(view: View, request: Request, rules: Rules): Result<Authority> {
  const parsed = parseRequest(request.method, request.request);
  if (!parsed.ok) return parsed;
  const authority = judgeAuthority(request, rules, takesUnsigned(view, rules.genesis));
  if (!authority.ok) return authority;
  const { requester } = authority.value;
  const known = readTask(view, taskIdOf(requester.spiffeId, parsed.value.requestId));
  if (known !== undefined) return authority;
  const over = judgeLife(authority.value, Number(readClock(view).timeMs));
  return over === undefined ? authority : { ok: false, refusal: over };
}

/** The same id with the same content is the same request, whatever the clock says. */
export function judgeKnown(
  task: TaskRecord,
  content: Uint8Array,
  requestId: string,
): Result<Extract<Ruling, { kind: 'known' }>> {
  if (equal(task.requestHash, content)) return { ok: true, value: { kind: 'known', task } };
  return refuse(
    'already-exists',
    'REQUEST_ID_REUSED',
    `Request id ${requestId} was used for another request; take a new one`,
    { field: 'request_id' },
  );
}

function judgeGenerateKey(
  view: View,
  request: ParsedGenerateKey,
  clock: ClockRecord,
  { genesis }: Rules,
): Result<readonly NodeId[]> {
  const { limits } = genesis;
  if (clock.taskCount >= limits.requestIdsMax) return noRoom();
  if (clock.openGenerateCount >= limits.openGenerateTasksMax) {
    return refuse('overloaded', 'TOO_MANY_TASKS', 'Too many key generations are open');
  }
  if (Number(clock.keyCount) + clock.openGenerateCount >= limits.keysMax) {
    return refuse(
      'overloaded',
      'TOO_MANY_KEYS',
      `The cluster holds at most ${limits.keysMax} keys`,
    );
  }
  const able = voters(genesis);
  const participants = request.participants.length === 0 ? able : request.participants;
  const stranger = participants.find((node) => !able.includes(node));
  if (stranger !== undefined) {
    return refuse(
      'wrong-state',
      'NOT_A_MEMBER',
      `Node ${stranger} is not a member that holds shares`,
      { field: 'participants' },
    );
  }
  const wrong = judgeThreshold(request.threshold, participants.length, request.allowNoRedundancy);
  if (wrong !== undefined) return { ok: false, refusal: wrong };
  const taken =
    readKey(view, request.keyId) !== undefined ||
    readReservation(view, request.keyId) !== undefined;
  return taken
    ? refuse('already-exists', 'KEY_EXISTS', `Key ${request.keyId} exists already`, {
        field: 'key_id',
      })
    : { ok: true, value: participants };
}

function judgeSign(
  view: View,
  request: ParsedSign,
  requester: Identity,
  clock: ClockRecord,
  { genesis }: Rules,
): Result<KeyRecord> {
  const key = readKey(view, request.keyId);
  const mayKnow = requester.role === 'operator' || (key !== undefined && isSigner(key, requester));
  if (!mayKnow) {
    return refuse(
      'forbidden',
      'KEY_FORBIDDEN',
      `${requester.spiffeId} may not sign with key ${request.keyId}`,
    );
  }
  if (clock.taskCount >= genesis.limits.requestIdsMax) return noRoom();
  if (clock.openSignCount >= genesis.limits.openSignTasksMax) {
    return refuse('overloaded', 'TOO_MANY_TASKS', 'Too many signatures are being made');
  }
  if (key === undefined) {
    return refuse('not-found', 'KEY_NOT_FOUND', `There is no key ${request.keyId}`, {
      field: 'key_id',
    });
  }
  return { ok: true, value: key };
}

function noRoom(): Result<never> {
  return refuse('overloaded', 'TOO_MANY_REQUESTS', 'The cluster remembers no more request ids');
}

function isSigner(key: KeyRecord, requester: Identity): boolean {
  return key.owner === requester.spiffeId || key.allowedSigners.includes(requester.spiffeId);
}
