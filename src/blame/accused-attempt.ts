import { fromHex, toHex } from '../common/index.js';
import type { ClusterId } from '../common/index.js';
import { requestHash, sessionIdOf } from '../identity/index.js';
import { entryHash, ZERO_HASH } from '../raft/index.js';
import { parseAsked } from '../state/index.js';
import type { KindTable, ParsedRequest } from '../state/index.js';
import { Command, decode } from '../wire/index.js';
import type { Attempt, AttemptEntry, Evidence } from '../wire/index.js';

/**
 * The attempt that evidence is about. An honest node signs messages of a session only when its own log has the entry
 * from whose hash the session's id is made. So an honest node acted on the values that the entry fixes.
 */
export type AccusedAttempt = {
  /** 32 bytes. */
  readonly sessionId: Uint8Array;
  readonly attempt: Attempt;
  readonly request: ParsedRequest;
};

/** The session that evidence is about, as the entry that it shows gives it: 32 bytes. Nothing of it is judged. */
export function accusedSession(
  { entry }: Pick<Evidence, 'entry'>,
  clusterId: ClusterId,
): Uint8Array | undefined {
  const hash = entry && hashOf(entry);
  return hash && fromHex(sessionIdOf(clusterId, hash));
}

/** `undefined` when the parts do not belong together: an entry without an attempt, or with one for another request. */
export function accusedAttempt(
  evidence: Evidence,
  clusterId: ClusterId,
  kinds: KindTable,
): AccusedAttempt | undefined {
  const session = accusedSession(evidence, clusterId);
  const asked = evidence.entry && askedIn(evidence.entry.payload, evidence);
  if (session === undefined || asked?.attempt === undefined) return undefined;
  const { attempt, method, request } = asked;
  const parsed = parseAsked(kinds, method, request);
  if (!parsed.ok || toHex(attempt.requestHash) !== toHex(requestHash(method, request))) {
    return undefined;
  }
  return { sessionId: session, attempt, request: parsed.value.asked };
}

function hashOf(entry: AttemptEntry): Uint8Array | undefined {
  const [index, term, timeMs] = [entry.index, entry.term, entry.timeMs].map(Number);
  if (entry.previousHash.length !== ZERO_HASH.length) return undefined;
  if (![index, term, timeMs].every(Number.isSafeInteger)) return undefined;
  const { payload } = entry;
  return entryHash(entry.previousHash, {
    index: index ?? 0,
    term: term ?? 0,
    kind: 'command',
    timeMs: timeMs ?? 0,
    payload,
  });
}

type Asked = {
  readonly attempt: Attempt | undefined;
  readonly method: string;
  readonly request: Uint8Array;
};

/** A request's entry carries its first attempt and needs nothing beside it; of the others only the hash is there. */
function askedIn(payload: Uint8Array, beside: Evidence): Asked | undefined {
  const command = decode(Command, payload)?.command;
  switch (command?.$case) {
    case 'request': {
      const { method, request, firstAttempt: attempt } = command.value;
      const alone = beside.method === '' && beside.request.length === 0;
      return alone ? { attempt, method, request } : undefined;
    }
    case 'attempt':
      return { attempt: command.value, method: beside.method, request: beside.request };
    case 'ready':
    case 'installed':
    case 'done':
    case 'failed':
    case 'upkeep':
    case 'prepared':
    case 'destroyed':
    case 'checkpoint':
    case 'observations':
    case 'leaderSwitch':
    case undefined:
      return undefined;
  }
}
