import { BOOT_BYTES, isId, refuse } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import { isSetProfile, PARTICIPANTS_MAX, setIdOf, THRESHOLD_MIN } from '../../identity/index.js';
import type { ParticipantSet } from '../../identity/index.js';
import { decode, encode, PreparedResult, PrepareRequest } from '../../wire/index.js';
import type { Attempt, BootedNode, SetRecord, TaskRecord } from '../../wire/index.js';
import { openCount } from '../counts.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import {
  IDENTITY_KEY_BYTES,
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
import { logTime } from '../resharing.js';
import { isSorted } from '../session-attempts.js';
import {
  isOld,
  isOutdated,
  mayHaveLapsed,
  mayHaveNeededNext,
  needsNext,
  nextOf,
} from '../set-needs.js';
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
    const nodes = membersIn(set, attempt);
    return (
      record !== undefined &&
      nodes !== undefined &&
      nodes.length >= thresholdOf(record) &&
      isOfUse(record, nodes, Number(readTotals(view).timeMs))
    );
  },

  /** A key that needs more members may have been asked for meanwhile, or what needed a generation have come to nothing. */
  isOutdated(view, { set, setId }, attempt) {
    const record = readSet(view, setId);
    const nodes = membersIn(set, attempt);
    if (record === undefined || nodes === undefined) return false;
    const times = timesAt(view);
    const isOver = !isOfUse(record, nodes, times[0]) && mayHaveLapsed(record, times);
    return isOver || nodes.length < thresholdOf(record);
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

    /**
     * The generation may have been made, a prepare opened, what needed it come to nothing, its record gone with its last key, or the
     * clock been set back. Where none of that can be, the leader knew better.
     */
    isOvertaken(view, { setId, generation }, timeMs) {
      const record = readSet(view, setId);
      if (record === undefined) return true;
      const next = nextOf(record);
      // A record that was made anew begins at the first.
      if (generation !== next) return generation < next || record.active === undefined;
      const isTaken = record.taskId !== '' || roomLeft(view) === 0;
      return isTaken || mayHaveNeededNext(record, timesAt(view, timeMs));
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

/** The members that an attempt names, if it has the form of one: enough of the set, sorted, each in one run of its process. */
function membersIn(
  { participants }: ParticipantSet,
  attempt: Attempt,
): readonly BootedNode[] | undefined {
  if (attempt.assignment?.$case !== 'boots') return undefined;
  const { nodes } = attempt.assignment.value;
  const able = new Set(participants.map(({ nodeId }) => nodeId));
  const isFormed =
    attempt.version === 0 &&
    attempt.sharingSession.length === 0 &&
    attempt.auxiliary === undefined &&
    attempt.dealers.length === 0 &&
    attempt.presignature === undefined &&
    nodes.length >= THRESHOLD_MIN &&
    isSorted(nodes) &&
    nodes.every(({ nodeId, boot }) => able.has(nodeId) && boot.length === BOOT_BYTES);
  return isFormed ? nodes : undefined;
}

/** The earliest and the latest time that the clock of a leader may have shown which had not applied the last entries. */
function timesAt(
  view: View,
  timeMs: Millis = Number(readTotals(view).timeMs),
): readonly [Millis, Millis] {
  return [timeMs, logTime(view, timeMs)];
}

function isDue(view: View, record: SetRecord, timeMs: Millis): boolean {
  return record.taskId === '' && roomLeft(view) > 0 && needsNext(record, timeMs);
}

function waitMs(failures: number): Millis {
  return Math.min(PREPARE_WAIT_MS * 2 ** (failures - 1), PREPARE_WAIT_MS_MAX);
}

function roomLeft(view: View): number {
  return Math.max(0, PREPARES_OPEN_MAX - openCount(readTotals(view), prepareRules.kind));
}
