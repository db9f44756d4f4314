import type { Millis } from '../../common/index.js';
import { refuse } from '../../common/index.js';
import { setIdOf, THRESHOLD_MIN } from '../../identity/index.js';
import type { ParticipantSet } from '../../identity/index.js';
import { decode, encode, PreparedResult, PrepareRequest } from '../../wire/index.js';
import type {
  KeyParticipant,
  RefreshCulprit,
  SetRecord,
  TaskRecord,
  Upkeep,
} from '../../wire/index.js';
import { openCount } from '../counts.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import {
  PREPARE_EVIDENCE_BYTES_MAX,
  CULPRIT_REFRESH_MS,
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
import { logNow, logTime } from '../resharing.js';
import {
  isOld,
  isOutdated,
  isWaiting,
  mayHaveLapsed,
  mayHaveNeededNext,
  needsNext,
  nextOf,
  waitBegan,
} from '../set-needs.js';
import type { View } from '../view.js';
import { membersIn, parsePrepare } from './prepare-request.js';
import type { ParsedPrepare } from './prepare-request.js';
import { withoutCulprit } from './version-terms.js';

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

  parse: parsePrepare,

  checkAccess: () => undefined,
  /** No request opens such a task. */
  admit: () => refuse('invalid-request', 'UNKNOWN_METHOD', 'No requester asks for this'),
  participants: (_, { set }) => set.participants,

  fitsAttempt(view, { set, setId, culprit }, attempt) {
    const record = readSet(view, setId);
    const nodes = membersIn(set, attempt);
    if (record === undefined || nodes === undefined) return false;
    const able = new Set(membersWithout(record, culprit?.nodeId).map(({ nodeId }) => nodeId));
    return (
      nodes.length >= thresholdOf(record) &&
      nodes.every(({ nodeId }) => able.has(nodeId)) &&
      isOfUse(record, nodes, Number(readTotals(view).timeMs), culprit?.nodeId)
    );
  },

  /**
   * A key that needs more members may have been asked for meanwhile, or one that needed the culprit be gone, or what needed a generation
   * have come to nothing.
   */
  isOutdated(view, { set, setId, culprit }, attempt) {
    const record = readSet(view, setId);
    const nodes = membersIn(set, attempt);
    if (record === undefined || nodes === undefined) return false;
    const times = timesAt(view);
    const isOver =
      !isOfUse(record, nodes, times[0], culprit?.nodeId) && mayHaveLapsed(record, times);
    const isNamed = nodes.some(({ nodeId }) => nodeId === culprit?.nodeId);
    return isOver || isNamed || nodes.length < thresholdOf(record);
  },

  open(draft, { record, asked }) {
    const culpritMs = asked.culprit === undefined ? undefined : BigInt(logNow(draft));
    beginPrepare(draft, asked.setId, record.taskId, culpritMs);
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
    isDue(view, { setId, generation, culprit }, timeMs) {
      const record = readSet(view, setId);
      if (record === undefined || generation !== nextOf(record)) return false;
      return culprit === undefined
        ? isDue(view, record, timeMs)
        : isDueForCulprit(view, record, timeMs);
    },

    /**
     * The generation may have been made, a prepare opened, what needed it come to nothing, its record gone with its last key, or the
     * clock been set back. Where none of that can be, the leader knew better.
     */
    isOvertaken(view, { setId, generation, culprit }, timeMs) {
      const record = readSet(view, setId);
      if (record === undefined) return true;
      const next = nextOf(record);
      // A record that was made anew begins at the first.
      if (generation !== next) return generation < next || record.active === undefined;
      const isTaken = record.taskId !== '' || roomLeft(view) === 0;
      const times = timesAt(view, timeMs);
      if (isTaken || culprit === undefined) return isTaken || mayHaveNeededNext(record, times);
      return record.keys.length === 0 || waitBegan(record, times);
    },

    due: (view, timeMs) =>
      readSets(view)
        .map(([, record]) => record)
        .filter((record) => isDue(view, record, timeMs))
        .slice(0, roomLeft(view))
        .map((record) => prepareRequest(record)),
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
 * The upkeep that makes a set's material anew because one of its participants has lied; `undefined` where that is not due: no key is signed
 * with under it, a task makes it already, or the last such prepare was a short while ago.
 *
 * @param timeMs - Of the state machine's clock.
 */
export function prepareFor(
  view: View,
  set: ParticipantSet,
  culprit: RefreshCulprit,
  timeMs: Millis,
): Upkeep | undefined {
  const record = readSet(view, setIdOf(set));
  const isFit =
    record !== undefined &&
    record.participants.some(({ nodeId }) => nodeId === culprit.nodeId) &&
    culprit.evidence.length <= PREPARE_EVIDENCE_BYTES_MAX;
  return isFit && isDueForCulprit(view, record, timeMs)
    ? { method: UPKEEP_METHODS.prepare, request: prepareRequest(record, culprit) }
    : undefined;
}

/** The nodes that can have a set's next generation: a culprit where one of the others may not fail as well, else none. */
export function membersWithout(
  record: SetRecord,
  culprit: string | undefined,
): readonly KeyParticipant[] {
  const threshold = Math.max(THRESHOLD_MIN, thresholdOf(record));
  return withoutCulprit({ participants: record.participants, threshold }, culprit);
}

function prepareRequest(record: SetRecord, culprit?: RefreshCulprit): Uint8Array {
  const { profile, participants } = record;
  return encode(PrepareRequest, { profile, participants, generation: nextOf(record), culprit });
}

/**
 * Claims that a generation by these members is of use to a set: the active one is old, or one of them lacks it, or it is made because
 * a participant has lied.
 */
export function isOfUse(
  record: SetRecord,
  members: readonly { readonly nodeId: string }[],
  timeMs: Millis,
  culprit?: string,
): boolean {
  if (culprit !== undefined || isOld(record, timeMs) || isOutdated(record)) return true;
  const before = new Set(record.active?.preparation?.members);
  return members.some(({ nodeId }) => !before.has(nodeId));
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

/** The state judges no evidence, so it bounds how often. */
function isDueForCulprit(view: View, record: SetRecord, timeMs: Millis): boolean {
  const sinceMs = logTime(view, timeMs) - Number(record.culpritMs);
  return (
    record.taskId === '' &&
    roomLeft(view) > 0 &&
    record.keys.length > 0 &&
    !isWaiting(record, timeMs) &&
    sinceMs >= CULPRIT_REFRESH_MS
  );
}

function waitMs(failures: number): Millis {
  return Math.min(PREPARE_WAIT_MS * 2 ** (failures - 1), PREPARE_WAIT_MS_MAX);
}

function roomLeft(view: View): number {
  return Math.max(0, PREPARES_OPEN_MAX - openCount(readTotals(view), prepareRules.kind));
}
