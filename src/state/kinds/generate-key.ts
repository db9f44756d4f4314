import { BOOT_BYTES, compareText, keyId, nodeId, refuse } from '../../common/index.js';
import type { KeyId, Millis, NodeId } from '../../common/index.js';
import { ALGORITHMS, isKeyAlgorithm, PARTICIPANTS_MAX } from '../../identity/index.js';
import type { KeyAlgorithm } from '../../identity/index.js';
import {
  decode,
  encode,
  GeneratedKeyResult,
  GenerateKeyRequest,
  Gg20Profile,
  LEVEL_MAX,
} from '../../wire/index.js';
import type { KeyParticipant, Label, Ready, Sharing, TaskRecord } from '../../wire/index.js';
import { baseVersionOf, FIRST_VERSION } from '../keys.js';
import { openCount } from '../counts.js';
import type { ActiveKey } from '../keys.js';
import type { AskedTask, KindRules, ParsedRequest } from '../kind-rules.js';
import { members, shareHolders } from '../members.js';
import type { Member } from '../members.js';
import { METHODS } from '../methods.js';
import {
  readKey,
  readReservation,
  readTotals,
  reserve,
  unreserve,
  writeKey,
  writeTotals,
} from '../records.js';
import {
  checkId,
  checkLabels,
  checkParticipants,
  checkSigners,
  checkThreshold,
  notCanonical,
  unsupportedAlgorithm,
} from '../request-fields.js';
import { countKey } from '../requesters.js';

export type ParsedGenerateKey = ParsedRequest & {
  readonly kind: 'generate-key';
  readonly keyId: KeyId;
  readonly algorithm: KeyAlgorithm;
  readonly threshold: number;
  /** Sorted bytewise; empty means all voters. */
  readonly participants: readonly NodeId[];
  readonly labels: readonly Label[];
  readonly allowNoRedundancy: boolean;
  readonly allowedSigners: readonly string[];
};

/** Makes the first version of a key, by all its participants together. */
export const generateKeyRules: KindRules<ParsedGenerateKey> = {
  kind: 'generate-key',
  level: 1,
  method: METHODS.generateKey,
  askers: { roles: ['operator', 'app'], voucher: true },
  opensWithAttempt: false,

  parse(bytes, level) {
    const request = decode(GenerateKeyRequest, bytes);
    if (request === undefined || request.gg20Profile !== Gg20Profile.UNSPECIFIED) {
      return notCanonical('GenerateKeyRequest');
    }
    const { requestId, algorithm, threshold, labels, allowNoRedundancy, allowedSigners } = request;
    const all = request.participants.length === 0;
    const badId = checkId('request_id', requestId) ?? checkId('key_id', request.keyId);
    if (badId !== undefined) return { ok: false, refusal: badId };
    if (!isKeyAlgorithm(algorithm) || ALGORITHMS[algorithm].level > level || isGg20(algorithm)) {
      return { ok: false, refusal: unsupportedAlgorithm() };
    }
    const wrong =
      checkParticipants(request.participants) ??
      // How many voters there are is for the state to say.
      checkThreshold(
        threshold,
        all ? PARTICIPANTS_MAX : request.participants.length,
        allowNoRedundancy || all,
      ) ??
      checkLabels(labels) ??
      checkSigners(allowedSigners);
    if (wrong !== undefined) return { ok: false, refusal: wrong };
    return {
      ok: true,
      value: {
        kind: 'generate-key',
        requestId,
        keyId: keyId(request.keyId),
        algorithm,
        threshold,
        participants: request.participants.map(nodeId).sort(compareText),
        labels,
        allowNoRedundancy,
        allowedSigners,
      },
    };
  },

  checkAccess: () => undefined,

  bounds(all, own, { keysMax, openGenerateTasksMax }) {
    const taken = openCount(all, 'generate-key');
    const held = openCount(own, 'generate-key');
    return [
      { held, taken, max: openGenerateTasksMax },
      { held: own.keyCount + held, taken: Number(all.keyCount) + taken, max: keysMax },
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
    const able = new Set(shareHolders(all).map((each) => each.nodeId));
    const stranger = asked.participants.find((node) => !able.has(node));
    if (stranger !== undefined) {
      return refuse(
        'wrong-state',
        'NOT_A_MEMBER',
        `Node ${stranger} is not a member that holds shares`,
        { field: 'participants' },
      );
    }
    const participants = participantsAsked(asked, all);
    const wrong = checkThreshold(asked.threshold, participants.length, asked.allowNoRedundancy);
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
      attempt.version === FIRST_VERSION &&
      attempt.sharingSession.length === 0 &&
      nodes.length === participants.length &&
      nodes.every(
        ({ nodeId: node, boot }, at) =>
          node === participants[at]?.nodeId && boot.length === BOOT_BYTES,
      )
    );
  },

  open(draft, { record, asked }) {
    reserve(draft, asked.keyId, record.taskId);
    return undefined;
  },

  /** The last `ready` is what closes it. */
  result: () => undefined,

  close: (draft, task) => unreserve(draft, task.keyId),

  sharing: {
    terms: ({ keyId: id, algorithm, threshold }) => ({
      keyId: id,
      algorithm,
      threshold,
      baseVersion: baseVersionOf(FIRST_VERSION),
    }),

    activate(draft, task, sharing, said, timeMs) {
      const key = keyOf(task, sharing, said, timeMs);
      writeKey(draft, key);
      countKey(draft, key.owner);
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
  const parsed =
    task.kind === generateKeyRules.kind
      ? generateKeyRules.parse(task.request, LEVEL_MAX)
      : undefined;
  return parsed?.ok === true ? parsed.value : undefined;
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

function participantsAsked(
  { participants }: ParsedGenerateKey,
  all: readonly Member[],
): readonly KeyParticipant[] {
  const able = shareHolders(all);
  const asked = new Set<string>(participants);
  return asked.size === 0 ? able : able.filter((each) => asked.has(each.nodeId));
}

function isGg20(algorithm: KeyAlgorithm): boolean {
  return ALGORITHMS[algorithm].signing.by === 'session';
}

function keyOf(
  { record, asked }: AskedTask<ParsedGenerateKey>,
  sharing: Sharing,
  said: readonly Ready[],
  timeMs: Millis,
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
    gg20Profile: Gg20Profile.UNSPECIFIED,
  };
}
