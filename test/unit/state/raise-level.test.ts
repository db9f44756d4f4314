import { beforeAll, describe, expect, test } from '@jest/globals';
import { nodeId, toHex, utf8 } from '../../../src/common/index.js';
import { BUILD_LEVEL, levelWord } from '../../../src/identity/index.js';
import type { KindTable } from '../../../src/state/index.js';
import {
  levelRaisedOf,
  levelWritten,
  METHODS,
  readLevel,
  TASK_KINDS,
} from '../../../src/state/index.js';
import { encode, RaiseLevelRequest } from '../../../src/wire/index.js';
import type { LevelWord, Request } from '../../../src/wire/index.js';
import { LATER_KINDS, LATER_LEVEL, NOTE_METHOD } from '../../support/builders/later-build.js';
import {
  fill,
  GENESIS_MS,
  identityKeyOf,
  Ledger,
  NODES,
  sealOf,
  testGenesis,
} from '../../support/builders/ledger.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';
import { RequesterAuthority } from '../../support/builders/requester.js';
import type { Requester } from '../../support/builders/requester.js';

let authority: RequesterAuthority;
let operator: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  operator = await authority.requester('operator', 'alice');
});

/** A cluster that begins at level 1, or at another. */
const opened = (kinds: KindTable = LATER_KINDS, level = 1): Ledger =>
  new Ledger(testGenesis({ level, requesterCa: authority.credential.certificate }), kinds);

/** A node's word on its build, signed by its identity key or by `by`'s. */
function wordOf(ledger: Ledger, node: string, level: number, by = node): LevelWord {
  const sign = (bytes: Uint8Array): Uint8Array => sealOf(identityKeyOf(by), bytes);
  return levelWord(ledger.rules.genesis.clusterId, { node: nodeId(node), sign }, 1, level);
}

const wordsOf = (ledger: Ledger, level: number, nodes: readonly string[] = NODES): LevelWord[] =>
  nodes.map((node) => wordOf(ledger, node, level));

function raising(
  ledger: Ledger,
  fields: Partial<RaiseLevelRequest>,
  by: Requester = operator,
): Request {
  const request = encode(RaiseLevelRequest, {
    requestId: 'raise',
    level: 2,
    words: wordsOf(ledger, 2),
    leftBehind: [],
    ...fields,
  });
  const method = METHODS.raiseLevel;
  const { clusterId } = ledger.rules.genesis;
  const value = by.sign({ clusterId, method, expireTimeMs: ledger.timeMs + 60_000, request });
  return {
    method,
    request,
    authorization: { by: { $case: 'signed', value } },
    firstAttempt: undefined,
  };
}

const apply = (ledger: Ledger, request: Request): AppliedEntry =>
  ledger.command({ $case: 'request', value: request });

const resultOf = ({ decision }: AppliedEntry): string | undefined =>
  decision?.result.kind === 'refused' ? decision.result.refusal.reason : decision?.result.kind;

describe('a request of an operator to raise the level', () => {
  test('the level rises when every voter has signed that its build has the next level', () => {
    const ledger = opened();

    const applied = apply(ledger, raising(ledger, {}));

    expect(resultOf(applied)).toBe('opened');
    expect(readLevel(ledger.state)).toBe(2);
    expect(levelWritten(applied.writes)).toBe(2);
    const [task = ''] = applied.changedTasks;
    expect(levelRaisedOf(ledger.task(task))).toEqual({ level: 2, leftBehind: [] });
    expect(ledger.ask.tasks('', 9, true)).toEqual([]);
  });

  test('the level rises by statements of builds that have more than this level', () => {
    const ledger = opened();
    expect(resultOf(apply(ledger, raising(ledger, { words: wordsOf(ledger, 3) })))).toBe('opened');
    expect(readLevel(ledger.state)).toBe(2);
  });

  test('the level rises with a voter that is left behind by name', () => {
    const ledger = opened();
    const words = wordsOf(ledger, 2, NODES.slice(0, 2));

    const applied = apply(ledger, raising(ledger, { words, leftBehind: ['node-3'] }));

    expect(resultOf(applied)).toBe('opened');
    const [task = ''] = applied.changedTasks;
    expect(levelRaisedOf(ledger.task(task))).toEqual({ level: 2, leftBehind: ['node-3'] });
  });

  test('the level rises once, and by one more with the next request', () => {
    const ledger = opened();
    const first = raising(ledger, {});
    apply(ledger, first);

    expect(resultOf(apply(ledger, first))).toBe('known');
    expect(resultOf(apply(ledger, raising(ledger, { requestId: 'again' })))).toBe('LEVEL_NOT_NEXT');
    const third = { requestId: 'third', level: 3, words: wordsOf(ledger, 3) };
    expect(resultOf(apply(ledger, raising(ledger, third)))).toBe('opened');
    expect(readLevel(ledger.state)).toBe(3);
  });

  test('a build that lacks the level writes the same state, before which its node stops', () => {
    const builds = [opened(TASK_KINDS), opened(LATER_KINDS)];
    const request = raising(opened(), {});
    const [old, later] = builds.map((ledger) => apply(ledger, request).writes);
    expect(old).toEqual(later);
  });
});

describe('a refused request to raise the level', () => {
  test.each<[string, string, (ledger: Ledger) => Partial<RaiseLevelRequest>]>([
    ['it is raised by two', 'LEVEL_NOT_NEXT', (l) => ({ level: 3, words: wordsOf(l, 3) })],
    ['it is raised to where it is', 'LEVEL_NOT_NEXT', () => ({ level: 1 })],
    ['it is lowered below all levels', 'INVALID_LEVEL', () => ({ level: 0 })],
    ['it is raised out of reach', 'INVALID_LEVEL', () => ({ level: 65_536 })],
    [
      'a voter has said nothing',
      'LEVEL_WORD_MISSING',
      (l) => ({ words: wordsOf(l, 2, NODES.slice(1)) }),
    ],
    [
      'a voter’s build lacks it',
      'LEVEL_WORD_INVALID',
      (l) => ({ words: [...wordsOf(l, 2, NODES.slice(0, 2)), wordOf(l, 'node-3', 1)] }),
    ],
    [
      'another node has signed a voter’s word',
      'LEVEL_WORD_INVALID',
      (l) => ({ words: [...wordsOf(l, 2, NODES.slice(0, 2)), wordOf(l, 'node-3', 2, 'node-1')] }),
    ],
    [
      'a word was raised after it was signed',
      'LEVEL_WORD_INVALID',
      (l) => ({ words: wordsOf(l, 1).map((word) => ({ ...word, level: 2 })) }),
    ],
    [
      'a word is of another cluster',
      'LEVEL_WORD_INVALID',
      () => ({ words: wordsOf(new Ledger(testGenesis({ keysMax: 9 })), 2) }),
    ],
    [
      'a stranger has a word',
      'NOT_A_MEMBER',
      (l) => ({ words: [...wordsOf(l, 2), wordOf(l, 'node-9', 2)] }),
    ],
    ['a stranger is left behind', 'NOT_A_MEMBER', () => ({ leftBehind: ['node-9'] })],
    [
      'a voter is left behind and gives its word',
      'LEVEL_WORD_INVALID',
      () => ({ leftBehind: ['node-2'] }),
    ],
    [
      'no majority of the voters would be left',
      'LEVEL_WITHOUT_MAJORITY',
      (l) => ({ words: wordsOf(l, 2, ['node-1']), leftBehind: ['node-2', 'node-3'] }),
    ],
    [
      'a voter stands there twice',
      'INVALID_ORDER',
      (l) => ({ words: wordsOf(l, 2, ['node-1', 'node-1', 'node-2', 'node-3']) }),
    ],
    ['words are in another order', 'INVALID_ORDER', (l) => ({ words: wordsOf(l, 2).toReversed() })],
    [
      'nodes that are left behind are in another order',
      'INVALID_ORDER',
      () => ({ leftBehind: ['node-3', 'node-2'] }),
    ],
    ['the request has no id', 'INVALID_ID', () => ({ requestId: '' })],
  ])('the level stays as it is when %s', (_name, reason, fieldsOf) => {
    const ledger = opened();

    const applied = apply(ledger, raising(ledger, fieldsOf(ledger)));

    expect(resultOf(applied)).toBe(reason);
    expect(readLevel(ledger.state)).toBe(1);
    expect(levelWritten(applied.writes)).toBeUndefined();
  });

  test('the level stays as it is when no operator asks', async () => {
    const ledger = opened();
    for (const role of ['app', 'auditor', 'tee', 'mesh'] as const) {
      const by = await authority.requester(role, 'somebody');
      expect(resultOf(apply(ledger, raising(ledger, {}, by)))).toBe('ROLE_FORBIDDEN');
    }
    expect(readLevel(ledger.state)).toBe(1);
  });

  test('the level stays as it is without an operator’s signature: neither a voucher nor a bad signature counts', () => {
    const ledger = opened();
    const good = raising(ledger, {});
    const { spiffeId } = operator;
    const vouched = ledger.request(METHODS.raiseLevel, good.request, { requester: spiffeId });
    expect(resultOf(apply(ledger, vouched))).toBe('SIGNATURE_REQUIRED');

    const other = raising(ledger, { requestId: 'other' });
    const swapped = { ...good, authorization: other.authorization };
    expect(resultOf(apply(ledger, swapped))).toBe('INVALID_SIGNATURE');
    expect(readLevel(ledger.state)).toBe(1);
  });
});

/** Everything in the state of each. */
const states = (...ledgers: readonly Ledger[]): string[] =>
  ledgers.map((ledger) =>
    [...ledger.state.scan('')].map(([key, value]) => `${key} ${toHex(value)}`).join('\n'),
  );

const note = (ledger: Ledger): Request => ledger.request(NOTE_METHOD, utf8('hello'));

const entry = (ledger: Ledger, level: number): AppliedEntry =>
  ledger.command({ $case: 'request', value: note(ledger) }, level);

describe('a kind of task that came with the next level', () => {
  test.each([
    ['that level', LATER_LEVEL, "a command above the cluster's level"],
    ['this level', BUILD_LEVEL, 'a request that cannot be read'],
  ])(
    'a kind of the next level is void before the raise in an entry that names %s, on both builds alike',
    (_, level, alarm) => {
      const [old, later] = [opened(TASK_KINDS, BUILD_LEVEL), opened(LATER_KINDS, BUILD_LEVEL)];
      for (const ledger of [old, later]) {
        ledger.timeMs += 5;
        const applied = entry(ledger, level);
        expect(applied.alarm).toBe(alarm);
        expect(applied.writes.map(([key]) => key)).toEqual(['totals']);
      }
      const [first, second] = states(old, later);
      expect(first).toBe(second);
    },
  );

  test('a kind of the next level counts from the raise on, in an entry that names its level', () => {
    const ledger = opened(LATER_KINDS, BUILD_LEVEL);
    apply(ledger, raising(ledger, { level: LATER_LEVEL, words: wordsOf(ledger, LATER_LEVEL) }));

    expect(resultOf(entry(ledger, BUILD_LEVEL))).toBe('LEVEL_TOO_LOW');
    expect(resultOf(entry(ledger, LATER_LEVEL))).toBe('opened');
    expect(ledger.state.get('note/hello')).toEqual(Uint8Array.of(1));
    expect(entry(ledger, LATER_LEVEL + 1).alarm).toBe("a command above the cluster's level");
  });
});

test('noise in place of the request is void, and says so', () => {
  const ledger = opened();
  const value = { ...raising(ledger, {}), request: fill(255, 9) };
  const applied = apply(ledger, value);
  expect(resultOf(applied)).toBe('INVALID_ENCODING');
  expect(applied.alarm).toBe('a request that cannot be read');
  expect(applied.writes.map(([key]) => key)).toEqual(['totals']);
});
