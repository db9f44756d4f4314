import { BOOT_BYTES, refuse } from '../../common/index.js';
import { encode, GeneratedKeyResult, Gg20Profile, ResharingRecord } from '../../wire/index.js';
import type { Attempt, KeyParticipant, Ready, Sharing, TaskRecord } from '../../wire/index.js';
import { baseVersionOf, FIRST_VERSION } from '../keys.js';
import { openCount } from '../counts.js';
import type { ActiveKey } from '../keys.js';
import type { AskedTask, KindRules, Moment, ParsedRequest } from '../kind-rules.js';
import { RESHARE_LEVEL } from '../limits.js';
import { checkHolders, members, shareHolders } from '../members.js';
import type { Member } from '../members.js';
import { METHODS } from '../methods.js';
import {
  checkRoomFor,
  countGenerating,
  countSetKey,
  membersNamed,
  setBound,
  setOfKey,
} from '../participant-sets.js';
import { requestOf } from '../parse.js';
import {
  readKey,
  readLevel,
  readReservation,
  readTotals,
  reserve,
  unreserve,
  writeKey,
  writeTotals,
} from '../records.js';
import { checkThreshold } from '../request-fields.js';
import { nextDue } from '../resharing.js';
import { countKey } from '../requesters.js';
import { namesEarlier } from '../session-attempts.js';
import type { View } from '../view.js';
import { parseGenerateKey, participantsAsked, setAmong, setAsked } from './generate-key-request.js';
import type { ParsedGenerateKey } from './generate-key-request.js';

/** Makes the first version of a key, by all its participants together. */
export const generateKeyRules: KindRules<ParsedGenerateKey> = {
  kind: 'generate-key',
  level: 1,
  method: METHODS.generateKey,
  askers: { roles: ['operator', 'app'], voucher: true },
  opensWithAttempt: false,
  cancellable: true,

  parse: parseGenerateKey,
  checkAccess: () => undefined,

  bounds(all, own, { keysMax, openGenerateTasksMax }, { view, asked, requester }, context) {
    const set = setAsked(view, asked, context);
    const taken = openCount(all, 'generate-key');
    const held = openCount(own, 'generate-key');
    return [
      { held, taken, max: openGenerateTasksMax },
      { held: own.keyCount + held, taken: Number(all.keyCount) + taken, max: keysMax },
      ...(set === undefined ? [] : setBound(view, set, requester)),
    ];
  },

  admit(view, asked, { genesis }) {
    const { limits } = genesis;
    const totals = readTotals(view);
    const open = openCount(totals, 'generate-key');
    if (open >= limits.openGenerateTasksMax) {
      return refuse('overloaded', 'TOO_MANY_TASKS', 'Too many key generations are open');
    }
    if (Number(totals.keyCount) + open >= limits.keysMax) {
      return refuse(
        'overloaded',
        'TOO_MANY_KEYS',
        `The cluster holds at most ${limits.keysMax} keys`,
      );
    }
    const all = members(view, genesis);
    const participants = participantsAsked(asked, all);
    const wrong =
      checkHolders(asked.participants, shareHolders(all)) ??
      checkThreshold(asked.threshold, participants.length, asked.allowNoRedundancy) ??
      checkRoomFor(view, setAmong(asked, participants));
    if (wrong !== undefined) return { ok: false, refusal: wrong };
    const taken =
      readKey(view, asked.keyId) !== undefined || readReservation(view, asked.keyId) !== undefined;
    return taken
      ? refuse('already-exists', 'KEY_EXISTS', `Key ${asked.keyId} exists already`, {
          field: 'key_id',
        })
      : { ok: true, value: { participants, key: undefined } };
  },

  participants: (view, asked, { genesis }) => participantsAsked(asked, members(view, genesis)),

  fitsAttempt(view, asked, attempt, { genesis }) {
    if (attempt.assignment?.$case !== 'boots') return false;
    const { nodes } = attempt.assignment.value;
    const participants = participantsAsked(asked, members(view, genesis));
    return (
      attempt.dealers.length === 0 &&
      attempt.presignature === undefined &&
      fitsSet(view, asked, participants, attempt) &&
      attempt.version === FIRST_VERSION &&
      attempt.sharingSession.length === 0 &&
      nodes.length === participants.length &&
      nodes.every(
        ({ nodeId: node, boot }, at) =>
          node === participants[at]?.nodeId && boot.length === BOOT_BYTES,
      )
    );
  },

  /** The set's generation may be another one meanwhile. */
  isOutdated: (view, asked, { auxiliary }, context) =>
    namesEarlier(view, setAsked(view, asked, context), auxiliary),

  open(draft, { record, asked }, _, context) {
    reserve(draft, asked.keyId, record.taskId);
    const set = setAsked(draft, asked, context);
    if (set !== undefined) countGenerating(draft, set, record.requester, asked.threshold, 1);
    return undefined;
  },

  /** The last `ready` is what closes it. */
  result: () => undefined,

  close(draft, task, context) {
    unreserve(draft, task.keyId);
    const asked = generateKeyOf(task);
    const set = asked && setAsked(draft, asked, context);
    if (set !== undefined) countGenerating(draft, set, task.requester, asked?.threshold ?? 0, -1);
  },

  sharing: {
    terms: (_, { keyId: id, algorithm, threshold }) => ({
      keyId: id,
      algorithm,
      threshold,
      baseVersion: baseVersionOf(FIRST_VERSION),
    }),

    activate(draft, task, sharing, said, moment) {
      const key = keyOf(draft, task, sharing, said, moment);
      writeKey(draft, key);
      countKey(draft, key.owner);
      const set = setOfKey(key);
      if (set !== undefined) countSetKey(draft, set, key.threshold, 1);
      const totals = readTotals(draft);
      writeTotals(draft, { ...totals, keyCount: totals.keyCount + 1n });
      return encode(GeneratedKeyResult, { publicKey: key.publicKey, keyVersion: key.version });
    },
  },
};

export function isGenerateKey(asked: ParsedRequest): asked is ParsedGenerateKey {
  return asked.kind === generateKeyRules.kind;
}

/** The request of an open generate-key task; `undefined` for any other task. */
export function generateKeyOf(task: TaskRecord): ParsedGenerateKey | undefined {
  return requestOf(generateKeyRules, task);
}

/** The recorded result of a generate-key task; `undefined` for any other task, and for one without a result. */
export function generatedKeyOf({ kind, outcome }: TaskRecord): GeneratedKeyResult | undefined {
  if (kind !== generateKeyRules.kind || outcome?.$case !== 'result') return undefined;
  return GeneratedKeyResult.decode(outcome.value);
}

/** The nodes that make the key of an open generate-key task, in order of party index, each with its identity key. */
export function participantsOf(
  task: TaskRecord,
  all: readonly Member[],
): readonly KeyParticipant[] {
  const asked = generateKeyOf(task);
  return asked === undefined ? [] : participantsAsked(asked, all);
}

/** A GG20 key is made under its set's active generation, which must have as many members as the key needs signers. */
function fitsSet(
  view: View,
  asked: ParsedGenerateKey,
  participants: readonly KeyParticipant[],
  { auxiliary }: Attempt,
): boolean {
  const set = setAmong(asked, participants);
  if (set === undefined) return auxiliary === undefined;
  return (membersNamed(view, set, auxiliary)?.length ?? 0) >= asked.threshold;
}

function keyOf(
  view: View,
  { record, asked }: AskedTask<ParsedGenerateKey>,
  sharing: Sharing,
  said: readonly Ready[],
  { index, timeMs, logMs }: Moment,
): ActiveKey {
  return {
    ...sharing,
    createTimeMs: BigInt(timeMs),
    labels: [...asked.labels],
    owner: record.requester,
    allowedSigners: [...asked.allowedSigners],
    ready: said.map(({ nodeId: node, signature }) => ({ nodeId: node, signature })),
    installed: [],
    method: record.method,
    request: record.request,
    authorization: record.authorization,
    taskId: record.taskId,
    gg20Profile: asked.profile ?? Gg20Profile.UNSPECIFIED,
    lifecycle: undefined,
    holders: [],
    resharing:
      readLevel(view) < RESHARE_LEVEL
        ? undefined
        : ResharingRecord.fromPartial({
            activeIndex: BigInt(index),
            intervalMs: BigInt(asked.intervalMs),
            dueMs: BigInt(nextDue(asked.keyId, logMs, asked.intervalMs)),
          }),
  };
}
