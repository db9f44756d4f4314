import { describe, expect, test } from '@jest/globals';
import { equal, nodeId } from '../../../src/common/index.js';
import { encodeGenesis, parseGenesis } from '../../../src/identity/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import {
  attemptEntry,
  dueUpkeep,
  METHODS,
  parseAsked,
  preparedOf,
  prepareOf,
  readSets,
  taskOfPrepared,
  UPKEEP_METHODS,
} from '../../../src/state/index.js';
import { prepareRules } from '../../../src/state/kinds/prepare.js';
import {
  GENERATION_AGE_MS,
  PARTIAL_AGE_MS,
  PREPARE_WAIT_MS,
  PREPARE_WAIT_MS_MAX,
  PREPARES_OPEN_MAX,
  REQUEST_BYTES_MAX,
  SETS_MAX,
  UPKEEP_KEPT_MS,
  UPKEEP_LIFE_MS,
} from '../../../src/state/limits.js';
import { Algorithm, Gg20Profile } from '../../../src/wire/index.js';
import type { Preparation, PrepareRequest } from '../../../src/wire/index.js';
import {
  APP,
  fill,
  generateRequest,
  identityKeyOf,
  Ledger,
  NODES,
  OPERATOR,
  supply,
  testGenesis,
} from '../../support/builders/ledger.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';
import {
  activeGg20Key,
  participantsNamed,
  prepare,
  prepareAttempt,
  prepared,
  prepareRequest,
  recordOf,
  upkeep,
} from '../../support/builders/participant-sets.js';

const NOT_DUE = 'upkeep that is not due';
const algorithm = Algorithm.GG20_SECP256K1;

/** A ledger with an open request for a GG20 key of all voters, and so with a prepare that is due. */
function asked(genesis?: Genesis): Ledger {
  const ledger = new Ledger(genesis);
  ledger.generate('treasury', { algorithm });
  return ledger;
}

/** The same with the prepare opened, and its task. */
function opened(): { readonly ledger: Ledger; readonly id: string } {
  const ledger = asked();
  const [id = ''] = upkeep(ledger).changedTasks;
  return { ledger, id };
}

const due = (ledger: Ledger): readonly Uint8Array[] =>
  dueUpkeep(ledger.state, ledger.rules, ledger.timeMs).map(({ request }) => request);

function expectVoid(ledger: Ledger, act: () => AppliedEntry, why = NOT_DUE): void {
  expectNothing(ledger, act, [why]);
}

/** Void without an alarm: an entry that its leader had not applied can have come between. */
function expectOvertaken(ledger: Ledger, act: () => AppliedEntry): void {
  expectNothing(ledger, act, []);
}

function expectNothing(ledger: Ledger, act: () => AppliedEntry, alarms: readonly string[]): void {
  const before = [...ledger.state.scan('')].map(([key]) => key);
  const { alarm, writes } = act();
  expect([alarm].flatMap((each) => each ?? [])).toEqual(alarms);
  expect(writes.map(([key]) => key)).toEqual(['totals']);
  expect([...ledger.state.scan('')].map(([key]) => key)).toEqual(before);
}

describe('a prepare', () => {
  test('a request for a GG20 key makes one due, and the last equal prepared activates the generation', () => {
    const ledger = asked();
    expect(due(ledger)).toEqual([prepareRequest(ledger)]);

    const entry = upkeep(ledger);
    const [id = ''] = entry.changedTasks;
    expect(entry.events).toEqual([{ type: 'upkeep-opened', task: id, kind: 'prepare' }]);
    expect(ledger.task(id)).toMatchObject({
      kind: 'prepare',
      requester: '',
      requestId: '',
      method: UPKEEP_METHODS.prepare,
      counted: false,
    });
    expect(Number(ledger.task(id).expireTimeMs)).toBe(ledger.timeMs + UPKEEP_LIFE_MS);
    expect(prepareOf(ledger.task(id))?.generation).toBe(1);
    expect(due(ledger)).toEqual([]);

    expect(prepareAttempt(ledger, ledger.task(id)).alarm).toBeUndefined();
    const said = NODES.map((node) =>
      ledger.command({ $case: 'prepared', value: prepared(ledger, ledger.task(id), node) }),
    );
    expect(said.map(({ events }) => events.map(({ type }) => type))).toEqual([
      ['prepared-said'],
      ['prepared-said'],
      ['prepared-said', 'generation-activated', 'task-closed'],
    ]);
    expect(recordOf(ledger)).toMatchObject({
      taskId: '',
      active: {
        preparation: { generation: 1, members: NODES, digest: fill(5) },
        prepared: NODES.map((node) => ({ nodeId: node })),
        timeMs: BigInt(ledger.timeMs),
      },
    });
    expect(preparedOf(ledger.task(id))).toMatchObject({ generation: 1, members: NODES });
    expect(due(ledger)).toEqual([]);
  });

  test('a request is read in its one spelling, of a set that can be', () => {
    const ledger = new Ledger();
    const read = (more: Partial<PrepareRequest> = {}) =>
      parseAsked(
        ledger.rules.kinds,
        UPKEEP_METHODS.prepare,
        prepareRequest(ledger, {}, { generation: 7, ...more }),
      );
    const all = participantsNamed(ledger, undefined);
    const [first, second] = all;
    if (first === undefined || second === undefined) throw new Error('there are three');

    expect(read()).toMatchObject({
      ok: true,
      value: { asked: { kind: 'prepare', generation: 7 } },
    });
    for (const more of [
      { generation: 0 },
      { profile: Gg20Profile.UNSPECIFIED },
      { profile: 9 as Gg20Profile },
      { participants: [] },
      { participants: [first] },
      { participants: [second, first] },
      { participants: [first, first] },
      { participants: [first, { ...second, nodeId: 'Node 2' }] },
      { participants: [first, { ...second, identityKey: fill(1, 31) }] },
      {
        participants: Array.from({ length: 21 }, (_, at) => ({
          ...first,
          nodeId: `node-${String.fromCodePoint(97 + at)}`,
        })),
      },
    ])
      expect(read(more)).toMatchObject({ ok: false, refusal: { reason: 'INVALID_ENCODING' } });
  });

  test('upkeep that is not due is void with an alarm', () => {
    const ledger = new Ledger();
    ledger.generate('treasury', { algorithm });
    for (const request of [
      prepareRequest(ledger, {}, { generation: 0 }),
      prepareRequest(ledger, {}, { profile: 9 as Gg20Profile }),
      prepareRequest(ledger, {}, { participants: [] }),
      prepareRequest(
        ledger,
        {},
        { participants: participantsNamed(ledger, undefined).toReversed() },
      ),
      prepareRequest(ledger, {}, { participants: [{ nodeId: 'Node', identityKey: fill(1) }] }),
      Uint8Array.of(...prepareRequest(ledger), 0),
      fill(7, REQUEST_BYTES_MAX + 1),
      fill(0, 0),
    ]) {
      expectVoid(ledger, () => upkeep(ledger, request));
    }
    for (const method of [METHODS.generateKey, METHODS.raiseLevel, '', '/quorate.v1.No/Method']) {
      expectVoid(ledger, () => upkeep(ledger, generateRequest('other'), method));
    }
    expect(upkeep(ledger).alarm).toBeUndefined();
  });

  test('a prepare of a set that has no record is void', () => {
    const ledger = new Ledger();
    expectOvertaken(ledger, () => upkeep(ledger));
    ledger.generate('treasury', { algorithm });
    for (const set of [{ names: ['node-1', 'node-2'] }, { profile: Gg20Profile.P2048 } as const])
      expectOvertaken(ledger, () => upkeep(ledger, prepareRequest(ledger, set)));
    expect(readSets(ledger.state)).toHaveLength(1);
  });

  test('a second prepare of a set is void while the first is open, and after it has its generation', () => {
    const { ledger, id } = opened();
    expectOvertaken(ledger, () => upkeep(ledger));
    prepareAttempt(ledger, ledger.task(id));
    for (const node of NODES) {
      expectOvertaken(ledger, () => upkeep(ledger));
      ledger.command({ $case: 'prepared', value: prepared(ledger, ledger.task(id), node) });
    }
    expectOvertaken(ledger, () => upkeep(ledger, prepareRequest(ledger)));
    expectVoid(ledger, () => upkeep(ledger, prepareRequest(ledger, {}, { generation: 2 })));
    expect(recordOf(ledger)?.active?.preparation?.generation).toBe(1);
  });

  test('no requester may ask for one, whatever its role', () => {
    for (const requester of [OPERATOR, APP]) {
      const ledger = asked();
      const value = ledger.request(UPKEEP_METHODS.prepare, prepareRequest(ledger), { requester });
      const { decision, alarm } = ledger.command({ $case: 'request', value });
      expect(decision?.result).toMatchObject({
        kind: 'refused',
        refusal: { reason: 'UNKNOWN_METHOD' },
      });
      expect(alarm).toBe('a request that cannot be read');
      expect(ledger.ask.totals().open).toEqual([{ kind: 'generate-key', count: 1 }]);
    }
  });

  test('below feature level 3 there is no upkeep, no prepared, no GG20 key and no auxiliary material', () => {
    const ledger = new Ledger(testGenesis({ level: 2 }));
    const request = prepareRequest(ledger);
    const gg20 = ledger.request(METHODS.generateKey, generateRequest('treasury', { algorithm }));
    const refused = ledger.command({ $case: 'request', value: gg20 }, 2).decision?.result;
    expect(refused).toMatchObject({ refusal: { reason: 'ALGORITHM_UNSUPPORTED' } });
    expectVoid(ledger, () => upkeep(ledger, request), "a command above the cluster's level");
    const value = { nodeId: 'node-1', preparation: undefined, signature: fill(0, 64) };
    expectVoid(
      ledger,
      () => ledger.command({ $case: 'prepared', value }),
      "a command above the cluster's level",
    );
    for (const command of [
      { $case: 'upkeep', value: { method: UPKEEP_METHODS.prepare, request } },
      { $case: 'prepared', value },
    ] as const)
      expectVoid(ledger, () => ledger.command(command, 2), 'a command that cannot be read');
    ledger.activeKey('frost');
    const auxiliary = { setId: fill(1, 16), generation: 1, digest: fill(1) };
    const [task = ''] = ledger.sign('frost', 'one').changedTasks;
    const attempt = ledger.signAttempt('frost', task, 1, { auxiliary });
    expectVoid(
      ledger,
      () => ledger.command({ $case: 'attempt', value: attempt }, 2),
      'a command that cannot be read',
    );
    expect(
      ledger.command({ $case: 'attempt', value: { ...attempt, auxiliary: undefined } }).alarm,
    ).toBeUndefined();
    const bytes = generateRequest('other', { gg20Profile: Gg20Profile.P3072 });
    const withProfile = ledger.request(METHODS.generateKey, bytes);
    const profiled = ledger.command({ $case: 'request', value: withProfile }, 2);
    expect(profiled.decision?.result).toMatchObject({ refusal: { reason: 'INVALID_ENCODING' } });
    expect(profiled.alarm).toBe('a request that cannot be read');
  });
});

describe('the attempts of a prepare', () => {
  test.each<[string, (ledger: Ledger, id: string) => AppliedEntry]>([
    ['one member', (ledger, id) => prepareAttempt(ledger, ledger.task(id), ['node-1'])],
    ['a stranger', (ledger, id) => prepareAttempt(ledger, ledger.task(id), ['node-1', 'node-9'])],
    [
      'a member twice',
      (ledger, id) => prepareAttempt(ledger, ledger.task(id), ['node-1', 'node-1']),
    ],
    [
      'unsorted members',
      (ledger, id) => prepareAttempt(ledger, ledger.task(id), ['node-2', 'node-1']),
    ],
    ['a version', (ledger, id) => prepareAttempt(ledger, ledger.task(id), NODES, { version: 1 })],
    [
      'a sharing',
      (ledger, id) => prepareAttempt(ledger, ledger.task(id), NODES, { sharingSession: fill(1) }),
    ],
    [
      'auxiliary material',
      (ledger, id) =>
        prepareAttempt(ledger, ledger.task(id), NODES, {
          auxiliary: { setId: fill(1, 16), generation: 1, digest: fill(1) },
        }),
    ],
    [
      'supplies',
      (ledger, id) =>
        prepareAttempt(ledger, ledger.task(id), NODES, {
          assignment: { $case: 'supplies', value: { supplies: [supply('node-1', 1)] } },
        }),
    ],
    [
      'a short boot',
      (ledger, id) =>
        prepareAttempt(ledger, ledger.task(id), NODES, {
          assignment: {
            $case: 'boots',
            value: { nodes: NODES.map((node) => ({ nodeId: node, boot: fill(1, 15) })) },
          },
        }),
    ],
    [
      'no assignment',
      (ledger, id) => prepareAttempt(ledger, ledger.task(id), NODES, { assignment: undefined }),
    ],
    [
      'a number out of order',
      (ledger, id) => prepareAttempt(ledger, ledger.task(id), NODES, { number: 2 }),
    ],
    [
      'another request',
      (ledger, id) => prepareAttempt(ledger, ledger.task(id), NODES, { requestHash: fill(3) }),
    ],
  ])('an attempt with %s is void', (_, act) => {
    const { ledger, id } = opened();
    expectVoid(ledger, () => act(ledger, id), 'an attempt that breaks the rules');
    expect(ledger.task(id).attempts).toEqual([]);
  });

  test('an attempt may leave a participant out as long as the keys have members enough', () => {
    const { ledger, id } = opened();
    expect(prepareAttempt(ledger, ledger.task(id), ['node-1', 'node-3']).alarm).toBeUndefined();
    for (const node of ['node-1', 'node-3'])
      ledger.command({ $case: 'prepared', value: prepared(ledger, ledger.task(id), node) });
    expect(recordOf(ledger)?.active?.preparation?.members).toEqual(['node-1', 'node-3']);

    const other = new Ledger();
    other.generate('all', { algorithm, threshold: 3, allowNoRedundancy: true });
    const [third = ''] = upkeep(other).changedTasks;
    prepareAttempt(other, other.task(third), ['node-1', 'node-3']);
    expect(other.task(third).attempts).toEqual([]);
    expect(prepareAttempt(other, other.task(third)).alarm).toBeUndefined();
  });

  test('the entry of an attempt is rebuilt from the state, byte for byte', () => {
    const { ledger, id } = opened();
    const { entry } = prepareAttempt(ledger, ledger.task(id));
    const task = ledger.task(id);
    const [record] = task.attempts;
    const rebuilt = record && attemptEntry(task, record);
    expect(rebuilt && equal(rebuilt.payload, entry.payload)).toBe(true);
    const { kinds } = ledger.rules;
    expect(parseAsked(kinds, task.method, task.request)).toMatchObject({ ok: true });
  });
});

describe('prepared', () => {
  test.each<[string, string, Partial<Preparation> & { readonly signature?: Uint8Array }]>([
    ['a participant that the attempt leaves out', 'node-2', {}],
    ['a node that is no participant', 'node-9', {}],
    ['a member, of another session', 'node-1', { sessionId: fill(1) }],
    ['a member, of another set', 'node-1', { setId: fill(1, 16) }],
    ['a member, of another generation', 'node-1', { generation: 2 }],
    ['a member, of fewer members', 'node-1', { members: ['node-1'] }],
    ['a member, of other members', 'node-1', { members: ['node-1', 'node-2'] }],
    ['a member, of members in another order', 'node-1', { members: ['node-3', 'node-1'] }],
    ['a member, with a short digest', 'node-1', { digest: fill(5, 31) }],
    ['a member, with the signature of another', 'node-1', { signature: fill(0, 64) }],
  ])('the word of %s does not count', (_, node, lies) => {
    const { ledger, id } = opened();
    prepareAttempt(ledger, ledger.task(id), ['node-1', 'node-3']);
    const value = prepared(ledger, ledger.task(id), node, lies);

    expect(taskOfPrepared(ledger.state, value, ledger.rules)).toBeUndefined();
    expect(ledger.command({ $case: 'prepared', value }).events).toEqual([]);
    expect(ledger.task(id).prepared).toEqual([]);
    const good = prepared(ledger, ledger.task(id), 'node-1');
    expect(taskOfPrepared(ledger.state, good, ledger.rules)?.taskId).toBe(id);
  });

  test('the first word of a member counts, and unequal digests never activate a generation', () => {
    const { ledger, id } = opened();
    prepareAttempt(ledger, ledger.task(id));
    const say = (node: string, digest: Uint8Array): void => {
      const value = prepared(ledger, ledger.task(id), node, { digest });
      ledger.command({ $case: 'prepared', value });
    };
    say('node-1', fill(6));
    say('node-1', fill(5));
    say('node-2', fill(5));
    say('node-3', fill(5));
    expect(ledger.task(id).prepared.map((each) => each.preparation?.digest)).toEqual(
      [6, 5, 5].map((byte) => fill(byte)),
    );
    expect(recordOf(ledger)?.active).toBeUndefined();

    const old = prepared(ledger, ledger.task(id), 'node-1');
    prepareAttempt(ledger, ledger.task(id));
    expect(ledger.task(id).prepared).toEqual([]);
    expect(ledger.command({ $case: 'prepared', value: old }).events).toEqual([]);
    for (const node of NODES) say(node, fill(5));
    expect(recordOf(ledger)?.active?.preparation?.generation).toBe(1);
    expect(ledger.task(id).prepared).toEqual([]);
  });

  test('a word that comes after its task is closed has no effect', () => {
    const { ledger, id } = opened();
    prepareAttempt(ledger, ledger.task(id));
    const value = prepared(ledger, ledger.task(id), 'node-1');
    ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
    expect(ledger.command({ $case: 'prepared', value }).events).toEqual([]);
  });
});

describe('renewal', () => {
  test('a generation of a set with keys is renewed when it is a day old by the clock of the state, and not before', () => {
    const ledger = new Ledger();
    activeGg20Key(ledger, 'treasury');
    const second = prepareRequest(ledger, {}, { generation: 2 });
    expect(due(ledger)).toEqual([]);
    ledger.timeMs += GENERATION_AGE_MS - 1;
    expect(due(ledger)).toEqual([]);
    expectVoid(ledger, () => upkeep(ledger, second));
    ledger.timeMs += 1;
    expect(due(ledger)).toEqual([second]);
    expectOvertaken(ledger, () => upkeep(ledger));
    prepare(ledger);
    expect(recordOf(ledger)?.active?.preparation?.generation).toBe(2);
    expect(due(ledger)).toEqual([]);
  });

  test('a generation that a participant lacks is made again after an hour, with one that lacked it', () => {
    const ledger = new Ledger();
    ledger.generate('first', { algorithm });
    prepare(ledger, {}, ['node-1', 'node-2']);
    activeGg20Key(ledger, 'treasury');
    const second = prepareRequest(ledger, {}, { generation: 2 });
    ledger.timeMs += PARTIAL_AGE_MS - 1;
    expectVoid(ledger, () => upkeep(ledger, second));
    ledger.timeMs += 1;
    expect(due(ledger)).toEqual([second]);
    const [id = ''] = upkeep(ledger, second).changedTasks;

    const same = (): AppliedEntry => prepareAttempt(ledger, ledger.task(id), ['node-1', 'node-2']);
    expectVoid(ledger, same, 'an attempt that breaks the rules');
    expect(prepareAttempt(ledger, ledger.task(id), ['node-2', 'node-3']).alarm).toBeUndefined();
    ledger.timeMs += GENERATION_AGE_MS - PARTIAL_AGE_MS;
    expect(same().alarm).toBeUndefined();
  });

  test('a generation that all participants have is not made again after an hour, nor one of a set without keys', () => {
    const whole = new Ledger();
    activeGg20Key(whole, 'treasury');
    const keyless = asked();
    prepare(keyless, {}, ['node-1', 'node-2']);
    for (const ledger of [whole, keyless]) {
      ledger.timeMs += PARTIAL_AGE_MS;
      expect(due(ledger)).toEqual([]);
    }
  });

  test('a generation is due again where the clock was set back to before its time', () => {
    const ledger = new Ledger();
    activeGg20Key(ledger, 'treasury');
    const parsed = prepareRules.parse(prepareRequest(ledger, {}, { generation: 2 }), 3);
    if (!parsed.ok) throw new Error('it can be read');
    const at = (timeMs: number) =>
      prepareRules.upkeep?.isDue(ledger.state, parsed.value, timeMs, ledger.rules);

    expect([0, -1].map((by) => at(ledger.timeMs + by))).toEqual([false, true]);
  });

  test('a set without keys is not renewed', () => {
    const { ledger, id } = opened();
    prepareAttempt(ledger, ledger.task(id));
    for (const node of NODES)
      ledger.command({ $case: 'prepared', value: prepared(ledger, ledger.task(id), node) });
    const [open] = ledger.ask.tasks('', 9, true);
    const failed = { taskId: open?.taskId ?? '', reason: 'NO', evidence: [] };
    ledger.command({ $case: 'failed', value: failed });
    ledger.timeMs += 2 * GENERATION_AGE_MS;
    expect(recordOf(ledger)?.active?.preparation?.generation).toBe(1);
    expect(due(ledger)).toEqual([]);
  });

  test('a key that needs more signers than the generation has members makes another one due', () => {
    const ledger = asked();
    prepare(ledger, {}, ['node-1', 'node-2']);
    expect(due(ledger)).toEqual([]);
    ledger.generate('all', { algorithm, threshold: 3, allowNoRedundancy: true });
    expect(due(ledger)).toEqual([prepareRequest(ledger, {}, { generation: 2 })]);
  });
});

describe('a prepare that comes to nothing', () => {
  test('the next is due after a wait that doubles up to an hour, and the wait ends with a generation', () => {
    const ledger = new Ledger();
    activeGg20Key(ledger, 'treasury');
    ledger.timeMs += GENERATION_AGE_MS;
    const second = prepareRequest(ledger, {}, { generation: 2 });
    for (let waitMs = PREPARE_WAIT_MS; waitMs < 100 * PREPARE_WAIT_MS; waitMs *= 2) {
      const [id = ''] = upkeep(ledger, second).changedTasks;
      ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
      ledger.timeMs += Math.min(waitMs, PREPARE_WAIT_MS_MAX) - 1;
      expectVoid(ledger, () => upkeep(ledger, second));
      ledger.timeMs += 1;
      expect(due(ledger)).toEqual([second]);
    }
    prepare(ledger);
    expect(recordOf(ledger)).toMatchObject({ failures: 0, notBeforeMs: 0n });
  });

  test('a wait that is longer than any was set before the clock was set back', () => {
    const { ledger, id } = opened();
    ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
    const at = (timeMs: number) => dueUpkeep(ledger.state, ledger.rules, timeMs).length;
    expect(at(ledger.timeMs)).toBe(0);
    expect(at(ledger.timeMs - PREPARE_WAIT_MS_MAX)).toBe(1);
  });

  test('the record of an upkeep task is dropped a minute after its outcome, and tells nothing of requests', () => {
    const ledger = asked();
    const id = prepare(ledger);
    expect(ledger.ask.totals().taskCount).toBe(2);
    ledger.timeMs += UPKEEP_KEPT_MS - 1;
    ledger.sign('nothing', 'one');
    expect(ledger.ask.task(id)).toBeDefined();
    ledger.timeMs += 1;
    ledger.sign('nothing', 'two');
    expect(ledger.ask.task(id)).toBeUndefined();
    expect(ledger.ask.totals()).toMatchObject({ taskCount: 1, forgottenMs: 0n });
  });
});

/** Twelve voters: 66 pairs, each a set of its own. */
function wideGenesis(): Genesis {
  const names = Array.from({ length: 12 }, (_, at) => `node-${at + 1}`);
  const few = testGenesis();
  return parseGenesis(
    encodeGenesis({
      ...few,
      members: names.map((name) => ({
        nodeId: nodeId(name),
        role: 'tee' as const,
        identityKey: identityKeyOf(name),
      })),
      limits: { ...few.limits, openGenerateTasksMax: 1000, keysMax: 1000 },
    }),
  );
}

const reasonOf = ({ decision }: AppliedEntry): string =>
  decision?.result.kind === 'refused' ? decision.result.refusal.reason : 'opened';

describe('bounds', () => {
  const genesis = wideGenesis();
  const names = genesis.members.map((each) => each.nodeId);
  const pairs = names.flatMap((one, at) => names.slice(at + 1).map((other) => [one, other]));
  const ask = (ledger: Ledger, at: number, requester = OPERATOR, threshold = 2): AppliedEntry =>
    ledger.generate(`key-${at}-${requester.length}-${ledger.entries.length}`, {
      algorithm,
      threshold,
      participants: pairs[at] ?? [],
      allowNoRedundancy: true,
      requester,
    });

  test('a few prepares are open at once, and no more', () => {
    const ledger = new Ledger(genesis);
    for (let at = 0; at < PREPARES_OPEN_MAX + 2; at++) ask(ledger, at);
    const requests = due(ledger);
    expect(requests).toHaveLength(PREPARES_OPEN_MAX);
    const [first = fill(0, 0), ...others] = requests;
    const [id = ''] = upkeep(ledger, first).changedTasks;
    for (const request of others) expect(upkeep(ledger, request).alarm).toBeUndefined();
    expect(due(ledger)).toEqual([]);
    const next = [0, 1, 2, 3, 4, 5].map((at) => prepareRequest(ledger, { names: pairs[at] ?? [] }));
    const fifth = next.find((each) => !requests.some((request) => equal(request, each)));
    expectOvertaken(ledger, () => upkeep(ledger, fifth));
    ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
    expect(upkeep(ledger, fifth).alarm).toBeUndefined();
  });

  test('keys have a bounded number of sets, and no requester takes all of them', () => {
    const ledger = new Ledger(genesis);
    let at = 0;
    while (reasonOf(ask(ledger, at)) === 'opened') at += 1;
    expect(reasonOf(ask(ledger, at))).toBe('REQUESTER_OVER_SHARE');
    expect(at).toBe(57);
    // A set that is there takes no place.
    expect(reasonOf(ask(ledger, 0))).toBe('opened');
    for (; at < SETS_MAX; at++) expect(reasonOf(ask(ledger, at, APP))).toBe('opened');
    expect(readSets(ledger.state)).toHaveLength(SETS_MAX);
    expect(reasonOf(ask(ledger, at, APP))).toBe('TOO_MANY_SETS');
    expect(reasonOf(ask(ledger, 0, APP))).toBe('opened');
  });

  test('a set that no key uses counts as a place where a requester takes it up', () => {
    const ledger = new Ledger(genesis);
    const [id = ''] = ask(ledger, 65, APP).changedTasks;
    prepare(ledger, { names: pairs[65] ?? [] });
    ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
    for (let at = 0; at < 57; at++) expect(reasonOf(ask(ledger, at))).toBe('opened');
    expect(reasonOf(ask(ledger, 65))).toBe('REQUESTER_OVER_SHARE');
    expect(reasonOf(ask(ledger, 65, APP))).toBe('opened');
    expect(reasonOf(ask(ledger, 65))).toBe('opened');
  });

  test('a set without keys and open tasks gives way to another, the one with the oldest generation first', () => {
    const ledger = new Ledger(genesis);
    const abandon = (set: number): void => {
      const [id = ''] = ask(ledger, set).changedTasks;
      prepare(ledger, { names: pairs[set] ?? [] });
      ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
      ledger.timeMs += 1;
    };
    for (let at = 0; at < SETS_MAX; at++) abandon(at);
    expect(readSets(ledger.state)).toHaveLength(SETS_MAX);
    expect(reasonOf(ask(ledger, SETS_MAX))).toBe('opened');
    expect(readSets(ledger.state)).toHaveLength(SETS_MAX);
    expect(recordOf(ledger, { names: pairs[0] ?? [] })).toBeUndefined();
    expect(recordOf(ledger, { names: pairs[1] ?? [] })).toBeDefined();
    expect(recordOf(ledger, { names: pairs[SETS_MAX] ?? [] })).toBeDefined();
  });

  test('a request that fails before its set is prepared leaves no record of the set', () => {
    const ledger = new Ledger(genesis);
    const [id = ''] = ask(ledger, 0).changedTasks;
    expect(readSets(ledger.state)).toHaveLength(1);
    ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
    expect(readSets(ledger.state)).toEqual([]);
  });
});
