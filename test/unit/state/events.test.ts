import { expect, test } from '@jest/globals';
import { METHODS } from '../../../src/state/index.js';
import { APP, fill, Ledger, NODES, OPERATOR, supply } from '../../support/builders/ledger.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';

const typesOf = ({ events }: AppliedEntry): readonly string[] => events.map(({ type }) => type);

test('the events of a key generation say its requester, the ready participants and the activated key', () => {
  const ledger = new Ledger();

  const asked = ledger.generate('treasury', { requester: APP });
  const [task = ''] = asked.changedTasks;
  expect(asked.events).toEqual([
    {
      type: 'request-decided',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      method: METHODS.generateKey,
      requester: APP,
      vouchedBy: 'node-1',
      keyId: 'treasury',
      requestId: 'generate-treasury',
      result: { kind: 'opened', task },
    },
  ]);
  expect(ledger.attempt(ledger.task(task)).events).toMatchObject([
    { type: 'attempt-opened', task, number: 1, nodes: NODES },
  ]);
  const said = NODES.map((node) =>
    ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(task), node) }),
  );
  expect(said.slice(0, 2).map(typesOf)).toEqual([['ready-said'], ['ready-said']]);
  expect(said[2]?.events).toMatchObject([
    { type: 'ready-said', task, key: 'treasury', node: 'node-3' },
    { type: 'key-activated', task, key: 'treasury', version: 1 },
    { type: 'task-closed', task, kind: 'generate-key', requester: APP, failure: undefined },
  ]);
  const value = ledger.installed('treasury', 'node-2');
  expect(ledger.command({ $case: 'installed', value }).events).toEqual([
    { type: 'installed-said', key: 'treasury', version: 1, node: 'node-2' },
  ]);
});

test('the events of a signature say the used-up commitments and the reason for closing the task', () => {
  const ledger = new Ledger();
  ledger.activeKey('treasury');
  const [task = ''] = ledger.sign('treasury', 'one').changedTasks;

  const attempt = ledger.command({
    $case: 'attempt',
    value: ledger.signAttempt('treasury', task, 1),
  });
  expect(attempt.events).toMatchObject([
    { type: 'supplies-named', supplies: [supply('node-1', 1), supply('node-2', 1)] },
    { type: 'attempt-opened', task, number: 1 },
  ]);
  const failed = { taskId: task, reason: 'ATTEMPTS_EXHAUSTED', evidence: [] };
  expect(ledger.command({ $case: 'failed', value: failed }).events).toEqual([
    {
      type: 'task-closed',
      task,
      kind: 'sign',
      requester: OPERATOR,
      keyId: 'treasury',
      requestId: 'one',
      failure: 'ATTEMPTS_EXHAUSTED',
    },
  ]);
});

test('a refused request names its requester only where its authority holds', () => {
  const ledger = new Ledger();
  expect(ledger.sign('nothing', 'one').events[0]).toMatchObject({
    requester: OPERATOR,
    result: { kind: 'refused', refusal: { reason: 'KEY_NOT_FOUND' } },
  });
  expect(ledger.sign('nothing', 'two', { node: 'node-9' }).events[0]).toMatchObject({
    requester: undefined,
    result: { kind: 'refused', refusal: { reason: 'INVALID_VOUCHER' } },
  });
});

test('an entry that no honest leader makes is void, with the reason', () => {
  const ledger = new Ledger();
  expect(ledger.append('command', fill(255)).events).toMatchObject([
    { type: 'void-entry', why: 'a command that cannot be read' },
  ]);
  expect(typesOf(ledger.append('no-op', fill(0, 0)))).toEqual([]);
});
