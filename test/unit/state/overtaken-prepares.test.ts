import { beforeAll, describe, expect, test } from '@jest/globals';
import { dueUpkeep, METHODS, readClock } from '../../../src/state/index.js';
import { GENERATION_AGE_MS, PARTIAL_AGE_MS, PREPARE_WAIT_MS } from '../../../src/state/limits.js';
import { Algorithm, CorrectTimeRequest, encode } from '../../../src/wire/index.js';
import { apply, decided, KeyOrders } from '../../support/builders/key-orders.js';
import { bootOf, NODES } from '../../support/builders/ledger.js';
import type { AppliedEntry, Ledger } from '../../support/builders/ledger.js';
import {
  activeGg20Key,
  prepare,
  prepareAttempt,
  prepareRequest,
  recordOf,
  upkeep,
} from '../../support/builders/participant-sets.js';
import { reshareRequest, versionAttempt } from '../../support/builders/resharing.js';

/*
 * A leader looks at the state that it has applied, and its entry comes behind others that it has not. What these did it could not know: an
 * honest leader raises no alarm. Where nothing can have come between, the entry of a leader that breaks the rules does.
 */

const algorithm = Algorithm.GG20_SECP256K1;
const NOT_DUE = 'upkeep that is not due';
const BREAKS = 'an attempt that breaks the rules';

let orders: KeyOrders;
beforeAll(async () => {
  orders = await KeyOrders.create();
});

/** A ledger with a GG20 key of three nodes, under the first generation of their set. */
function withKey(): Ledger {
  const ledger = orders.ledger();
  activeGg20Key(ledger, 'treasury', { algorithm });
  return ledger;
}

/** Opens a reshare of the key, which needs a generation after the first. */
function reshare(ledger: Ledger): string {
  const request = reshareRequest('treasury');
  const opened = apply(ledger, orders.signed(ledger, METHODS.reshareKey, request));
  expect(decided(opened)).toBe('opened');
  const [id = ''] = opened.changedTasks;
  return id;
}

const due = (ledger: Ledger): readonly Uint8Array[] =>
  dueUpkeep(ledger.state, ledger.rules, ledger.timeMs).map(({ request }) => request);

/** The one prepare that a leader sees as due. */
function seen(ledger: Ledger): Uint8Array {
  const [request, ...others] = due(ledger);
  if (request === undefined || others.length > 0) throw new Error('one prepare is due');
  return request;
}

const generation = (ledger: Ledger, number: number): Uint8Array =>
  prepareRequest(ledger, {}, { generation: number });

function fail(ledger: Ledger, taskId: string): AppliedEntry {
  return ledger.command({ $case: 'failed', value: { taskId, reason: 'NO', evidence: [] } });
}

/** An entry that changes nothing but the clock, and the alarm that it raises. */
function alarmOf({ alarm, writes, changedTasks }: AppliedEntry): string | undefined {
  expect([writes.map(([key]) => key), changedTasks]).toEqual([['totals'], []]);
  return alarm;
}

/** Sets the clock back by so much. */
function correct(ledger: Ledger, backMs: number): void {
  const seenTimeMs = ledger.ask.totals().timeMs;
  const number = readClock(ledger.state).number + 1;
  const timeMs = seenTimeMs - BigInt(backMs);
  const request = encode(CorrectTimeRequest, {
    requestId: `correct-${number}`,
    number,
    seenTimeMs,
    timeMs,
    allowRepeats: true,
  });
  const method = METHODS.correctTime;
  const { clusterId } = ledger.rules.genesis;
  const expireTimeMs = Number(timeMs) + 60_000;
  const value = orders.operator.sign({ clusterId, method, expireTimeMs, request });
  const authorization = { by: { $case: 'signed', value } } as const;
  const order = { method, request, authorization, firstAttempt: undefined };
  expect(decided(apply(ledger, order))).toBe('opened');
}

describe('a prepare that was due when its leader looked', () => {
  test('is no alarm where the reshare that needed it is retired with its key', () => {
    const ledger = withKey();
    reshare(ledger);
    const request = seen(ledger);
    expect(decided(apply(ledger, orders.retire(ledger, 'treasury')))).toBe('opened');
    expect(due(ledger)).toEqual([]);

    expect(alarmOf(upkeep(ledger, request))).toBeUndefined();
  });

  test.each(['a reshare', 'the first key of a set'])('is no alarm where %s fails', (what) => {
    const isFirst = what !== 'a reshare';
    const ledger = isFirst ? orders.ledger() : withKey();
    const [first = ''] = isFirst ? ledger.generate('treasury', { algorithm }).changedTasks : [];
    const id = isFirst ? first : reshare(ledger);
    const request = seen(ledger);
    fail(ledger, id);
    expect(due(ledger)).toEqual([]);

    expect(alarmOf(upkeep(ledger, request))).toBeUndefined();
  });

  test('is no alarm where a key that needs more members than there are fails', () => {
    const ledger = orders.ledger();
    ledger.generate('first', { algorithm });
    prepare(ledger, {}, ['node-1', 'node-2']);
    activeGg20Key(ledger, 'treasury', { algorithm });
    const asked = { algorithm, threshold: 3, allowNoRedundancy: true };
    const [id = ''] = ledger.generate('all', asked).changedTasks;
    const request = seen(ledger);
    fail(ledger, id);

    expect(alarmOf(upkeep(ledger, request))).toBeUndefined();
  });

  test('is no alarm where its set is gone, or begins anew', () => {
    const ledger = orders.ledger();
    const second = generation(ledger, 2);
    expect(alarmOf(upkeep(ledger, second))).toBeUndefined();
    ledger.generate('treasury', { algorithm });
    expect(alarmOf(upkeep(ledger, second))).toBeUndefined();
  });

  test('is no alarm where the clock is set back to before it was due', () => {
    const ledger = withKey();
    ledger.timeMs += GENERATION_AGE_MS;
    ledger.append('no-op', new Uint8Array(0));
    const request = seen(ledger);
    correct(ledger, GENERATION_AGE_MS / 2);

    expect(alarmOf(upkeep(ledger, request))).toBeUndefined();
  });

  test('is no alarm where it was for members that lack the generation, and the clock is set back', () => {
    const ledger = orders.ledger();
    ledger.generate('first', { algorithm });
    prepare(ledger, {}, ['node-1', 'node-2']);
    activeGg20Key(ledger, 'treasury', { algorithm });
    ledger.timeMs += PARTIAL_AGE_MS;
    ledger.append('no-op', new Uint8Array(0));
    const request = seen(ledger);
    correct(ledger, PARTIAL_AGE_MS / 2);

    expect(alarmOf(upkeep(ledger, request))).toBeUndefined();
  });
});

describe('a prepare that no leader can have seen due', () => {
  test('raises an alarm while all members have a generation that is young', () => {
    const ledger = withKey();
    expect(alarmOf(upkeep(ledger, generation(ledger, 2)))).toBe(NOT_DUE);
    expect(alarmOf(upkeep(ledger, generation(ledger, 3)))).toBe(NOT_DUE);
    // A key that is made under it, and one that is given up, need no other.
    activeGg20Key(ledger, 'second', { algorithm });
    fail(ledger, ledger.generate('third', { algorithm }).changedTasks[0] ?? '');
    expect(alarmOf(upkeep(ledger, generation(ledger, 2)))).toBe(NOT_DUE);
  });

  test('raises an alarm again once the generation after a given up need is there', () => {
    const ledger = withKey();
    fail(ledger, reshare(ledger));
    expect(alarmOf(upkeep(ledger, generation(ledger, 2)))).toBeUndefined();
    ledger.timeMs += GENERATION_AGE_MS;
    prepare(ledger);
    expect(recordOf(ledger)).toMatchObject({
      lapsed: false,
      active: { preparation: { generation: 2 } },
    });

    expect(alarmOf(upkeep(ledger, generation(ledger, 3)))).toBe(NOT_DUE);
  });

  test('raises an alarm during the wait after one that came to nothing, whatever was given up', () => {
    const ledger = withKey();
    const id = reshare(ledger);
    const [failed = ''] = upkeep(ledger, seen(ledger)).changedTasks;
    fail(ledger, failed);
    expect(alarmOf(upkeep(ledger, generation(ledger, 2)))).toBe(NOT_DUE);
    fail(ledger, id);
    expect(alarmOf(upkeep(ledger, generation(ledger, 2)))).toBe(NOT_DUE);
    ledger.timeMs += PREPARE_WAIT_MS;
    expect(alarmOf(upkeep(ledger, generation(ledger, 2)))).toBeUndefined();
  });
});

describe('an attempt that fitted when its leader looked', () => {
  test('is no alarm where what needed the generation came to nothing', () => {
    const ledger = withKey();
    const id = reshare(ledger);
    const [task = ''] = upkeep(ledger, seen(ledger)).changedTasks;
    fail(ledger, id);
    expect(alarmOf(prepareAttempt(ledger, ledger.task(task)))).toBeUndefined();
    expect(ledger.task(task).attempts).toEqual([]);
  });

  test('is no alarm where a key that needs more members is asked for meanwhile', () => {
    const ledger = orders.ledger();
    ledger.generate('first', { algorithm });
    const [task = ''] = upkeep(ledger).changedTasks;
    ledger.generate('all', { algorithm, threshold: 3, allowNoRedundancy: true });
    const two = ['node-1', 'node-2'];
    expect(alarmOf(prepareAttempt(ledger, ledger.task(task), two))).toBeUndefined();
    expect(alarmOf(prepareAttempt(ledger, ledger.task(task), ['node-1']))).toBe(BREAKS);
  });

  test('is no alarm where it names the generation before the active one, of a reshare or of a new key', () => {
    const ledger = withKey();
    const id = reshare(ledger);
    const first = nameOf(ledger);
    prepare(ledger);
    ledger.timeMs += GENERATION_AGE_MS;
    prepare(ledger);
    const third = nameOf(ledger);
    const attempt = (auxiliary: typeof first): AppliedEntry =>
      versionAttempt(ledger, ledger.task(id), { auxiliary });
    expect(alarmOf(attempt({ ...third, generation: 2 }))).toBeUndefined();
    for (const wrong of [first, { ...third, generation: 4 }, { ...third, generation: 0 }])
      expect(alarmOf(attempt(wrong))).toBe(BREAKS);
    expect(attempt(third).alarm).toBeUndefined();

    const [made = ''] = ledger.generate('second', { algorithm }).changedTasks;
    expect(alarmOf(keyAttempt(ledger, made, { ...third, generation: 2 }))).toBeUndefined();
    expect(alarmOf(keyAttempt(ledger, made, first))).toBe(BREAKS);
    expect(keyAttempt(ledger, made, third).alarm).toBeUndefined();
  });
});

type Named = {
  readonly setId: Uint8Array;
  readonly generation: number;
  readonly digest: Uint8Array;
};

/** The active generation, as attempts name it. */
function nameOf(ledger: Ledger): Named {
  const preparation = recordOf(ledger)?.active?.preparation;
  if (preparation === undefined) throw new Error('there is none');
  const { setId, generation: number, digest } = preparation;
  return { setId, generation: number, digest };
}

/** An attempt to make a key under this generation. */
function keyAttempt(ledger: Ledger, taskId: string, auxiliary: Named): AppliedEntry {
  const { requestHash, attempts } = ledger.task(taskId);
  const nodes = NODES.map((nodeId) => ({ nodeId, boot: bootOf(nodeId) }));
  return ledger.command({
    $case: 'attempt',
    value: {
      taskId,
      number: attempts.length + 1,
      version: 1,
      sharingSession: new Uint8Array(0),
      requestHash,
      assignment: { $case: 'boots', value: { nodes } },
      auxiliary,
      dealers: [],
    },
  });
}
