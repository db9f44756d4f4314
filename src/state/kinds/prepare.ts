import { BOOT_BYTES, isId, refuse } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import { isSetProfile, PARTICIPANTS_MAX, setIdOf, THRESHOLD_MIN } from '../../identity/index.js';
import type { ParticipantSet } from '../../identity/index.js';
import { decode, encode, PreparedResult, PrepareRequest } from '../../wire/index.js';
import type { SetRecord, TaskRecord } from '../../wire/index.js';
import { openCount } from '../counts.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import {
  GENERATION_AGE_MS,
  IDENTITY_KEY_BYTES,
  PARTIAL_AGE_MS,
  PREPARE_WAIT_MS,
  PREPARE_WAIT_MS_MAX,
  PREPARES_OPEN_MAX,
  UPKEEP_LEVEL,
} from '../limits.js';
import { UPKEEP_METHODS } from '../methods.js';
import {
  activateGeneration,
  beginPrepare,
  failPrepare,
  readSet,
  readSets,
  setIdBytes,
  thresholdOf,
} from '../participant-sets.js';
import { requestOf } from '../parse.js';
import { readTotals } from '../records.js';
import { notCanonical } from '../request-fields.js';
import { isSorted } from '../session-attempts.js';
import type { View } from '../view.js';

export type ParsedPrepare = ParsedRequest & {
  readonly kind: 'prepare';
  readonly set: ParticipantSet;
  /** Of the set: 32 hex characters. */
  readonly setId: string;
  /** The number of the generation that is to be made. */
  readonly generation: number;
};

/**
 * Makes the next generation of a set's auxiliary material, by as many of its participants as its keys need. No requester asks
 * for it: it is due while a key waits for the first generation, when the keys' generation is a day old, and after an hour
 * where not all participants have it.
 */
export const prepareRules: KindRules<ParsedPrepare> = {
  kind: 'prepare',
  level: UPKEEP_LEVEL,
  method: UPKEEP_METHODS.prepare,
  askers: { roles: [], voucher: false },
  opensWithAttempt: false,

  parse(bytes) {
    const request = decode(PrepareRequest, bytes);
    if (request === undefined) return notCanonical('PrepareRequest');
    const { profile, participants, generation } = request;
    const isRead =
      isSetProfile(profile) &&
      participants.length >= THRESHOLD_MIN &&
      participants.length <= PARTICIPANTS_MAX &&
      participants.every(
        ({ nodeId, identityKey }) => isId(nodeId) && identityKey.length === IDENTITY_KEY_BYTES,
      ) &&
      isSorted(participants) &&
      generation > 0;
    if (!isRead) return notCanonical('PrepareRequest');
    const set = { profile, participants };
    const setId = setIdOf(set);
    return { ok: true, value: { kind: 'prepare', requestId: '', set, setId, generation } };
  },

  checkAccess: () => undefined,
  /** No request opens such a task. */
  admit: () => refuse('invalid-request', 'UNKNOWN_METHOD', 'No requester asks for this'),
  participants: (_, { set }) => set.participants,

  fitsAttempt(view, { set, setId }, attempt) {
    const record = readSet(view, setId);
    if (record === undefined || attempt.assignment?.$case !== 'boots') return false;
    const { nodes } = attempt.assignment.value;
    const able = new Set(set.participants.map(({ nodeId }) => nodeId));
    return (
      attempt.version === 0 &&
      attempt.sharingSession.length === 0 &&
      attempt.auxiliary === undefined &&
      attempt.dealers.length === 0 &&
      attempt.presignature === undefined &&
      nodes.length >= Math.max(THRESHOLD_MIN, thresholdOf(record)) &&
      isOfUse(record, nodes, Number(readTotals(view).timeMs)) &&
      isSorted(nodes) &&
      nodes.every(({ nodeId, boot }) => able.has(nodeId) && boot.length === BOOT_BYTES)
    );
  },

  open(draft, { record, asked }) {
    beginPrepare(draft, asked.setId, record.taskId);
    return undefined;
  },

  /** The last `prepared` is what closes it. */
  result: () => undefined,

  close(draft, task) {
    const asked = prepareOf(task);
    if (asked === undefined) return;
    const nowMs = Number(readTotals(draft).timeMs);
    failPrepare(draft, asked.setId, task.taskId, (failures) => nowMs + waitMs(failures));
  },

  upkeep: {
    isDue(view, { setId, generation }, timeMs) {
      const record = readSet(view, setId);
      return record !== undefined && isDue(view, record, timeMs) && generation === nextOf(record);
    },

    isOvertaken(view, { setId, generation }) {
      const record = readSet(view, setId);
      if (record === undefined) return false;
      const isTaken = record.taskId !== '' || roomLeft(view) === 0;
      return generation < nextOf(record) || (isTaken && generation === nextOf(record));
    },

    due: (view, timeMs) =>
      readSets(view)
        .map(([, record]) => record)
        .filter((record) => isDue(view, record, timeMs))
        .slice(0, roomLeft(view))
        .map((record) => {
          const { profile, participants } = record;
          return encode(PrepareRequest, { profile, participants, generation: nextOf(record) });
        }),
  },

  preparation: {
    terms: ({ setId, generation }) => ({ setId: setIdBytes(setId), generation }),

    activate(draft, { record, asked }, preparation, said, timeMs) {
      activateGeneration(draft, asked.setId, {
        preparation,
        prepared: said.map(({ nodeId, signature }) => ({ nodeId, signature })),
        timeMs: BigInt(timeMs),
        sessionIndex: record.attempts.at(-1)?.index ?? 0n,
      });
      const { setId, generation, members } = preparation;
      return encode(PreparedResult, { setId, generation, members });
    },
  },
};

export function isPrepare(asked: ParsedRequest): asked is ParsedPrepare {
  return asked.kind === prepareRules.kind;
}

/** The request of an open prepare; `undefined` for any other task. */
export function prepareOf(task: TaskRecord): ParsedPrepare | undefined {
  return requestOf(prepareRules, task);
}

/** The recorded result of a prepare; `undefined` for any other task, and for one without a result. */
export function preparedOf({ kind, outcome }: TaskRecord): PreparedResult | undefined {
  if (kind !== prepareRules.kind || outcome?.$case !== 'result') return undefined;
  return decode(PreparedResult, outcome.value);
}

/**
 * Claims that a generation by these members is of use to a set: the active one is old, or one of them lacks it.
 */
export function isOfUse(
  record: SetRecord,
  members: readonly { readonly nodeId: string }[],
  timeMs: Millis,
): boolean {
  if (isOld(record, timeMs) || isOutdated(record)) return true;
  const before = new Set(record.active?.preparation?.members);
  return members.some(({ nodeId }) => !before.has(nodeId));
}

function isDue(view: View, record: SetRecord, timeMs: Millis): boolean {
  const isFree = record.taskId === '' && roomLeft(view) > 0;
  const isNeeded = isWanted(record) || isOld(record, timeMs) || isPartial(record, timeMs);
  return isFree && !isWaiting(record, timeMs) && isNeeded;
}

/** Claims that participants of a set with keys have lacked its generation for a while: the keys tolerate fewer failures. */
function isPartial({ keys, participants, active }: SetRecord, timeMs: Millis): boolean {
  const members = active?.preparation?.members.length ?? 0;
  const ageMs = timeMs - Number(active?.timeMs ?? 0n);
  return keys.length > 0 && members < participants.length && ageMs >= PARTIAL_AGE_MS;
}

/**
 * Claims that a sharing of a key is being made that the active generation, if there is one, has too few members for, or is too
 * old for.
 */
function isWanted(record: SetRecord): boolean {
  const members = record.active?.preparation?.members.length ?? 0;
  return isOutdated(record) || record.generating.some(({ threshold }) => threshold > members);
}

/** Claims that the generation was begun before a version of a key became active that is being reshared. */
function isOutdated({ generating, active, neededAfterIndex }: SetRecord): boolean {
  return generating.length > 0 && (active?.sessionIndex ?? 0n) <= neededAfterIndex;
}

/** Claims that the keys' generation is to be renewed. One of a later time was made before the clock was set back. */
function isOld({ keys, generating, active }: SetRecord, timeMs: Millis): boolean {
  const isUsed = keys.length > 0 || generating.length > 0;
  const ageMs = timeMs - Number(active?.timeMs ?? 0n);
  return isUsed && (ageMs >= GENERATION_AGE_MS || ageMs < 0);
}

/** A longer wait than there is was set before the clock was set back. */
function isWaiting({ notBeforeMs }: SetRecord, timeMs: Millis): boolean {
  const leftMs = Number(notBeforeMs) - timeMs;
  return leftMs > 0 && leftMs <= PREPARE_WAIT_MS_MAX;
}

function waitMs(failures: number): Millis {
  return Math.min(PREPARE_WAIT_MS * 2 ** (failures - 1), PREPARE_WAIT_MS_MAX);
}

function roomLeft(view: View): number {
  return Math.max(0, PREPARES_OPEN_MAX - openCount(readTotals(view), prepareRules.kind));
}

function nextOf({ active }: SetRecord): number {
  return (active?.preparation?.generation ?? 0) + 1;
}
