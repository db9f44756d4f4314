import { describe, expect, test } from '@jest/globals';
import { isId, utf8 } from '../../../src/common/index.js';
import { generateKeyOf, isOpen, signOf, TASK_KINDS } from '../../../src/state/index.js';
import type { KindRules } from '../../../src/state/index.js';
import { bootOf, fill, Ledger, NODES, testGenesis } from '../../support/builders/ledger.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';

const TOY_METHOD = '/test.Toy/Play';
const BOUND = 2;

/** A kind of task that is in no table of `src/`: its request is an id, its result a word that an attempt says. */
const toy: KindRules = {
  kind: 'toy',
  level: 1,
  method: TOY_METHOD,
  askers: { roles: ['operator'], voucher: true },
  opensWithAttempt: false,
  parse(bytes) {
    const requestId = new TextDecoder().decode(bytes);
    return isId(requestId)
      ? { ok: true, value: { kind: 'toy', requestId } }
      : {
          ok: false,
          refusal: { code: 'invalid-request', reason: 'NO_TOY', message: 'It is no toy' },
        };
  },
  checkAccess: () => undefined,
  admit(view) {
    const marks = [...view.scan('toy/')].length;
    return marks < BOUND
      ? { ok: true, value: { participants: [], key: undefined } }
      : {
          ok: false,
          refusal: { code: 'overloaded', reason: 'TOO_MANY_TOYS', message: 'Too many toys' },
        };
  },
  participants: () => [],
  fitsAttempt: (_, __, attempt) => attempt.version === 7,
  open(draft, { record }) {
    draft.put(`toy/${record.taskId}`, Uint8Array.of(1));
    return undefined;
  },
  // As many bytes as the cluster has members.
  result: (_, { requestId }, __, material, { genesis }) =>
    material.length === genesis.members.length ? utf8(requestId) : undefined,
  close: (draft, { taskId }) => draft.delete(`toy/${taskId}`),
};

const withToy = (): Ledger => new Ledger(testGenesis(), { ...TASK_KINDS, toy });

function play(ledger: Ledger, requestId: string): AppliedEntry {
  const value = ledger.request(TOY_METHOD, utf8(requestId));
  return ledger.command({ $case: 'request', value });
}

const reasonOf = ({ decision }: AppliedEntry): string | undefined =>
  decision?.result.kind === 'refused' ? decision.result.refusal.reason : undefined;

function openToy(ledger: Ledger, requestId: string): string {
  const [task = ''] = play(ledger, requestId).changedTasks;
  return task;
}

function tryAttempt(ledger: Ledger, taskId: string, version: number): AppliedEntry {
  const nodes = NODES.map((nodeId) => ({ nodeId, boot: bootOf(nodeId) }));
  return ledger.command({
    $case: 'attempt',
    value: {
      taskId,
      number: 1,
      version,
      sharingSession: fill(0, 0),
      requestHash: ledger.task(taskId).requestHash,
      assignment: { $case: 'boots', value: { nodes } },
      auxiliary: undefined,
      dealers: [],
    },
  });
}

describe('a kind of task that is added to the table', () => {
  test('an added kind of task has a method of its own, which no other cluster knows', () => {
    const ledger = withToy();
    expect(ledger.task(openToy(ledger, 'one'))).toMatchObject({ kind: 'toy', requestId: 'one' });
    expect(ledger.ask.totals().open).toEqual([{ kind: 'toy', count: 1 }]);

    expect(play(new Ledger(), 'one').decision?.result).toMatchObject({
      kind: 'refused',
      refusal: { reason: 'UNKNOWN_METHOD' },
    });
  });

  test('an added kind of task is refused by its own parser and its own bound', () => {
    const ledger = withToy();
    expect(reasonOf(play(ledger, 'No Toy'))).toBe('NO_TOY');
    openToy(ledger, 'one');
    openToy(ledger, 'two');
    expect(reasonOf(play(ledger, 'three'))).toBe('TOO_MANY_TOYS');
  });

  test('an added kind of task judges its own attempts, and the material of its result', () => {
    const ledger = withToy();
    const taskId = openToy(ledger, 'one');
    expect(tryAttempt(ledger, taskId, 6).alarm).toBeDefined();
    expect(tryAttempt(ledger, taskId, 7).alarm).toBeUndefined();
    const done = (bytes: number): AppliedEntry =>
      ledger.command({ $case: 'done', value: { taskId, attempt: 1, material: fill(1, bytes) } });

    expect(done(2).alarm).toBeDefined();
    expect(isOpen(ledger.task(taskId))).toBe(true);
    expect(done(3).changedTasks).toEqual([taskId]);

    expect(ledger.task(taskId).outcome).toEqual({ $case: 'result', value: utf8('one') });
    expect(ledger.ask.totals().open).toEqual([]);
  });

  test('an added kind of task frees on every outcome what its opening took', () => {
    const ledger = withToy();
    const taskId = openToy(ledger, 'one');
    expect([...ledger.state.scan('toy/')]).toHaveLength(1);
    ledger.command({ $case: 'failed', value: { taskId, reason: 'ENOUGH', evidence: [] } });
    expect([...ledger.state.scan('toy/')]).toEqual([]);
  });

  test('an added kind of task needs no parts of a key: neither a signature nor a sharing', () => {
    const ledger = withToy();
    const task = ledger.task(openToy(ledger, 'one'));
    expect([signOf(task), generateKeyOf(task)]).toEqual([undefined, undefined]);
  });
});
