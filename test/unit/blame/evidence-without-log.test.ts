import { expect, test } from '@jest/globals';
import { evidenceOfMessages, evidenceOfShare } from '../../../src/blame/index.js';
import type { AttemptBasis } from '../../../src/blame/index.js';
import { signEnvelope, TO_ALL } from '../../../src/mpc/index.js';
import { entryHash } from '../../../src/raft/index.js';
import { keygen } from '../../../src/sharing/index.js';
import { attemptEntry } from '../../../src/state/index.js';
import {
  judgeOf,
  named,
  openGenerate,
  openSign,
  signedShare,
  SIGNERS,
} from '../../support/builders/accusation.js';
import { fill } from '../../support/builders/ledger.js';
import type { Ledger } from '../../support/builders/ledger.js';

/** What the state holds of the newest attempt; the log is not asked. */
function basisFromState(ledger: Ledger, id: string): AttemptBasis {
  const { attempts, method, request } = ledger.task(id);
  const newest = attempts.at(-1);
  const entry = newest && attemptEntry(ledger.task(id), newest);
  if (entry === undefined) throw new Error('no attempt');
  return { entry, method, request };
}

test.each([
  ['a key generation', () => openGenerate()],
  ['a signature, in the entry of the request', () => openSign('first attempt')],
  ['a signature, in an entry of its own', () => openSign('later attempt')],
])('the entry of an attempt of %s is rebuilt from the state, byte for byte', (_, open) => {
  const { ledger, task } = open();
  const logged = ledger.entries.at(-1);

  const { entry } = basisFromState(ledger, task);

  expect(entry).toMatchObject({
    index: logged?.index,
    term: logged?.term,
    timeMs: logged?.timeMs,
    payload: logged?.payload,
    previousHash: ledger.entries.at(-2)?.hash,
  });
  expect(entryHash(entry.previousHash, { ...entry, kind: 'command' })).toEqual(logged?.hash);
});

test('evidence of two messages proves the liar when the log is gone', () => {
  const { ledger, task, sessionId } = openGenerate();
  const [, , liar] = SIGNERS;
  if (liar === undefined) throw new Error('three nodes');
  const messages = [1, 2].map((byte) =>
    signEnvelope(liar, sessionId, keygen.kinds.commit, 3, TO_ALL, fill(byte)),
  );

  const evidence = evidenceOfMessages(basisFromState(ledger, task), liar.node, messages);

  expect(named(judgeOf(ledger), evidence, sessionId)).toBe('node-3 TWO_MESSAGES');
});

test.each(['first attempt', 'later attempt'] as const)(
  'evidence of a wrong share of the %s proves its signer when the log is gone',
  (own) => {
    const { ledger, task, sessionId, readies } = openSign(own);
    const [ready] = readies;
    if (ready === undefined) throw new Error('three nodes');

    const share = signedShare(sessionId, 1, fill(1));
    const evidence = evidenceOfShare(basisFromState(ledger, task), 'node-1', share, ready);

    expect(named(judgeOf(ledger), evidence, sessionId)).toBe('node-1 WRONG_SHARE');
  },
);
