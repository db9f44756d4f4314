import { compareText, refuse } from '../../common/index.js';
import type { Refusal } from '../../common/index.js';
import { isSignedLevelWord } from '../../identity/index.js';
import {
  decode,
  encode,
  LEVEL_MAX,
  LevelRaisedResult,
  LevelWord,
  RaiseLevelRequest,
} from '../../wire/index.js';
import type { TaskRecord } from '../../wire/index.js';
import type { JudgingContext, KindRules, ParsedRequest } from '../kind-rules.js';
import { CLOCK_LEVEL } from '../limits.js';
import { members, shareHolders } from '../members.js';
import { METHODS } from '../methods.js';
import { readLevel, readTotals, writeLevel, writeTotals } from '../records.js';
import { checkId, invalidField, notCanonical } from '../request-fields.js';
import type { Draft, View } from '../view.js';

export type ParsedRaiseLevel = ParsedRequest & {
  readonly kind: 'raise-level';
  readonly level: number;
  /** Strictly sorted by node id. */
  readonly words: readonly LevelWord[];
  /** Strictly sorted node ids. */
  readonly leftBehind: readonly string[];
};

/**
 * Raises the cluster's feature level by one. Done by being applied: no node has to contribute. A build that lacks the
 * level must judge this request as every other build does, for it stops before it, and for nothing that only looks like
 * it. So these rules, and the form of the request, stay as they are for good.
 */
export const raiseLevelRules: KindRules<ParsedRaiseLevel> = {
  kind: 'raise-level',
  level: 1,
  method: METHODS.raiseLevel,
  askers: { roles: ['operator'], voucher: false },
  opensWithAttempt: false,

  parse(bytes) {
    const request = decode(RaiseLevelRequest, bytes);
    if (request === undefined) return notCanonical('RaiseLevelRequest');
    const { requestId, level, words, leftBehind } = request;
    const wrong = checkId('request_id', requestId) ?? checkForm(request);
    return wrong === undefined
      ? { ok: true, value: { kind: 'raise-level', requestId, level, words, leftBehind } }
      : { ok: false, refusal: wrong };
  },

  checkAccess: () => undefined,

  admit(view, asked, context) {
    const level = readLevel(view);
    if (asked.level !== level + 1) {
      return refuse(
        'wrong-state',
        'LEVEL_NOT_NEXT',
        `The cluster is at feature level ${level}, and is raised by one and never lowered`,
        { field: 'level', facts: { level: String(level) } },
      );
    }
    const refusal = checkVoters(view, asked, context);
    return refusal === undefined
      ? { ok: true, value: { participants: [], key: undefined } }
      : { ok: false, refusal };
  },

  participants: () => [],
  fitsAttempt: () => false,

  open(draft, { asked }, request) {
    const { level, leftBehind } = asked;
    writeLevel(draft, level, { ...request, firstAttempt: undefined });
    if (level === CLOCK_LEVEL) noteForgotten(draft);
    return encode(LevelRaisedResult, { level, leftBehind: [...leftBehind] });
  },

  result: () => undefined,
  close: () => undefined,
};

/** Before this level nothing was noted of forgotten requests, which all have expired by now. */
function noteForgotten(draft: Draft): void {
  const totals = readTotals(draft);
  writeTotals(draft, { ...totals, forgottenMs: totals.timeMs });
}

/** The result of a task that raised the level; `undefined` for any other. */
export function levelRaisedOf({ kind, outcome }: TaskRecord): LevelRaisedResult | undefined {
  return kind === 'raise-level' && outcome?.$case === 'result'
    ? decode(LevelRaisedResult, outcome.value)
    : undefined;
}

function checkForm({ level, words, leftBehind }: RaiseLevelRequest): Refusal | undefined {
  if (level < 1 || level > LEVEL_MAX) {
    return invalidField('level', 'INVALID_LEVEL', `level must be from 1 to ${LEVEL_MAX}`);
  }
  const named = words.map(({ nodeId }) => nodeId);
  if (!isStrictlySorted(named)) {
    return invalidField(
      'words',
      'INVALID_ORDER',
      'words must name each node once, sorted bytewise',
    );
  }
  if (!isStrictlySorted(leftBehind)) {
    const message = 'left_behind must name each node once, sorted bytewise';
    return invalidField('left_behind', 'INVALID_ORDER', message);
  }
  return undefined;
}

/** Each voter has signed that its build has the level, or is left behind; no other node is named. */
function checkVoters(
  view: View,
  asked: ParsedRaiseLevel,
  { genesis, verify }: JudgingContext,
): Refusal | undefined {
  const all = shareHolders(members(view, genesis));
  const strangers = [...asked.words.map(({ nodeId }) => nodeId), ...asked.leftBehind].filter(
    (node) => !all.some(({ nodeId }) => nodeId === node),
  );
  if (strangers.length > 0) {
    return refused('NOT_A_MEMBER', `Node ${strangers[0]} is not a member that votes`);
  }
  for (const { nodeId: node, identityKey } of all) {
    const word = asked.words.find(({ nodeId }) => nodeId === node);
    const behind = asked.leftBehind.includes(node);
    if (behind && word !== undefined) {
      return refused('LEVEL_WORD_INVALID', `Node ${node} is left behind, and its word is given`);
    }
    if (behind) continue;
    if (word === undefined) {
      return refused(
        'LEVEL_WORD_MISSING',
        `Node ${node} has not said that its build has the level`,
      );
    }
    const good =
      word.level >= asked.level && isSignedLevelWord(genesis.clusterId, identityKey, word, verify);
    if (!good) {
      return refused(
        'LEVEL_WORD_INVALID',
        `The word of node ${node} is not signed by it, or not of a build that has level ${asked.level}`,
      );
    }
  }
  // Those that are left behind stop: with the others too few, the cluster would never agree on anything again.
  return asked.words.length * 2 > all.length
    ? undefined
    : refused(
        'LEVEL_WITHOUT_MAJORITY',
        'Too many voters would be left behind: no majority is left',
      );
}

function refused(reason: string, message: string): Refusal {
  return { code: 'wrong-state', reason, message };
}

function isStrictlySorted(ids: readonly string[]): boolean {
  return ids.every((id, at) => at === 0 || compareText(ids[at - 1] ?? '', id) < 0);
}
