import { expect, test } from '@jest/globals';

import { equal, nodeId, utf8 } from '../../../src/common/index.js';
import { METHODS } from '../../../src/state/index.js';
import type { Attempt } from '../../../src/wire/index.js';
import {
  generateAttempt,
  payloadOf,
  signAttempt,
  vouch,
  WRONG_ATTEMPTS,
  WRONG_REQUESTS,
} from '../../support/adversary/forgery.js';
import {
  bootOf,
  identityKeyOf,
  Ledger,
  NODES,
  OPERATOR,
  sealOf,
  signRequest,
} from '../../support/builders/ledger.js';

const SELF = nodeId('node-3');
const signer = {
  node: SELF,
  publicKey: identityKeyOf(SELF),
  sign: (bytes: Uint8Array) => sealOf(identityKeyOf(SELF), bytes),
};
/** Changes that no rule of the state can see: the signers must. */
const SEEN_BY_SIGNERS = new Set([
  'other boots',
  'other commitments',
  'commitments exchanged',
  'hiding for binding',
  'other counters',
  'points that are none',
]);

const attemptOf = (value: Attempt) => ({ $case: 'attempt', value }) as const;

function ledgerWithKey(): Ledger {
  const ledger = new Ledger();
  ledger.activeKey('treasury');
  return ledger;
}

function vouched(ledger: Ledger, id: string) {
  return vouch(signer, {
    clusterId: ledger.rules.genesis.clusterId,
    method: METHODS.sign,
    request: signRequest('treasury', id, utf8('hello')),
    requester: OPERATOR,
    expireTimeMs: ledger.timeMs + 60_000,
  });
}

test('a request that a member vouches for opens a task, and no forged request does', () => {
  const ledger = ledgerWithKey();
  const opened = ledger.command({ $case: 'request', value: vouched(ledger, 'sign-1') });
  expect(opened.decision?.result.kind).toBe('opened');

  for (const [name, forge] of Object.entries(WRONG_REQUESTS)) {
    const value = forge(vouched(ledger, 'sign-2'));
    const { decision } = ledger.command({ $case: 'request', value });
    expect([name, decision?.result.kind]).toEqual([name, 'refused']);
  }
});

test('a forged attempt changes nothing, or only fields that its signers check', () => {
  for (const [name, forge] of Object.entries(WRONG_ATTEMPTS)) {
    const ledger = ledgerWithKey();
    ledger.command({ $case: 'request', value: vouched(ledger, 'sign-1') });
    const [task] = ledger.ask.tasks('', 10, true);
    const key = ledger.ask.key('treasury');
    if (task === undefined || key === undefined) throw new Error('the task is not open');
    const supplies = NODES.slice(0, 2).map((node, at) => ({
      nodeId: node,
      boot: bootOf(node),
      counter: 1n,
      parts: [new Uint8Array(32).fill(at + 1), new Uint8Array(32).fill(at + 11)],
    }));
    const honest = signAttempt(task, 1, key, supplies);
    const forged = forge(honest);
    const append = (value: Attempt) => ledger.command({ $case: 'attempt', value });
    const attempts = (): number => ledger.ask.task(task.taskId)?.attempts.length ?? 0;

    append(forged);
    expect([name, attempts()]).toEqual([name, SEEN_BY_SIGNERS.has(name) ? 1 : 0]);
    const isSame = equal(payloadOf(attemptOf(honest)), payloadOf(attemptOf(forged)));
    expect([name, isSame]).toEqual([name, false]);
    if (attempts() === 0) append(honest);
    expect(attempts()).toBe(1);
  }
});

test('a forged attempt to generate a key changes nothing', () => {
  const boots = NODES.map((node) => ({ nodeId: node, boot: bootOf(node) }));
  for (const name of ['too few', 'too many', 'somebody twice', 'unsorted', 'a stranger']) {
    const ledger = new Ledger();
    ledger.generate('treasury');
    const [task] = ledger.ask.tasks('', 10, true);
    if (task === undefined) throw new Error('the task is open');
    const value = generateAttempt(task, 1, boots);
    const forged = WRONG_ATTEMPTS[name]?.(value);
    ledger.command({ $case: 'attempt', value: forged ?? value });
    expect([name, ledger.ask.tasks('', 10, true)[0]?.attempts.length]).toEqual([name, 0]);
    ledger.command({ $case: 'attempt', value });
    expect(ledger.ask.tasks('', 10, true)[0]?.attempts.length).toBe(1);
  }
});
