import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { concat, toHex, utf8 } from '../../src/common/index.js';
import { BUILD_LEVEL } from '../../src/identity/index.js';
import type { CommandBody } from '../../src/state/command.js';
import { METHODS, TASK_KINDS, UPKEEP_METHODS } from '../../src/state/index.js';
import { Algorithm, Attempt, Command, encode, RaiseLevelRequest } from '../../src/wire/index.js';
import { LATER_KINDS, LATER_LEVEL, NOTE_METHOD } from '../support/builders/later-build.js';
import {
  APP,
  fill,
  generateRequest,
  Ledger,
  OPERATOR,
  signRequest,
  testGenesis,
} from '../support/builders/ledger.js';
import { prepareRequest } from '../support/builders/participant-sets.js';

/**
 * One entry as a leader of any build might propose it, honest or not: a command that both builds know, one that only the
 * later build knows, or one that neither knows; of a level that it names rightly or wrongly; with a field behind it that
 * no build knows; with bytes changed or cut off.
 */
type Proposal = {
  readonly what:
    | 'generate'
    | 'gg20'
    | 'sign'
    | 'note'
    | 'stranger'
    | 'raise'
    | 'upkeep'
    | 'attempt'
    | 'failed'
    | 'kind'
    | 'noise';
  readonly id: string;
  readonly level: number;
  readonly requester: string;
  /** Number of a field behind the command's own, if there is one. */
  readonly field: number | undefined;
  readonly flips: readonly (readonly [at: number, byte: number])[];
  readonly passedMs: number;
};

const proposals = fc.array(
  fc.record<Proposal>({
    what: fc.constantFrom(
      'generate',
      'gg20',
      'upkeep',
      'sign',
      'note',
      'note',
      'stranger',
      'raise',
      'attempt',
      'failed',
      'kind',
      'noise',
    ),
    id: fc.constantFrom('a', 'b', 'c', 'Not An Id'),
    level: fc.constantFrom(0, 1, 1, 1, BUILD_LEVEL, LATER_LEVEL, LATER_LEVEL + 1, 70_000),
    requester: fc.constantFrom(OPERATOR, APP),
    field: fc.option(fc.integer({ min: 8, max: 40 }), { nil: undefined, freq: 4 }),
    flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }),
    // Over an hour now and then: closed tasks become due to be forgotten.
    passedMs: fc.constantFrom(0, 1, 1000, 4_000_000),
  }),
  { minLength: 1, maxLength: 25 },
);

function requested(ledger: Ledger, { what, id, requester }: Proposal): CommandBody {
  const request = (method: string, bytes: Uint8Array): CommandBody => ({
    $case: 'request',
    value: ledger.request(method, bytes, { requester }),
  });
  if (what === 'generate') {
    return request(METHODS.generateKey, generateRequest(id === 'Not An Id' ? '' : id));
  }
  if (what === 'gg20') {
    const algorithm = Algorithm.GG20_SECP256K1;
    return request(METHODS.generateKey, generateRequest('ecdsa', { requestId: id, algorithm }));
  }
  if (what === 'sign') return request(METHODS.sign, signRequest('treasury', id, utf8('pay')));
  if (what === 'stranger') return request('/quorate.test.NoService/Nothing', utf8(id));
  if (what === 'note') return request(NOTE_METHOD, utf8(id));
  return request(
    METHODS.raiseLevel,
    encode(RaiseLevelRequest, { requestId: id, level: LATER_LEVEL, words: [], leftBehind: [] }),
  );
}

function bodyOf(ledger: Ledger, proposal: Proposal): CommandBody {
  const [open] = ledger.ask.tasks('', 9, true);
  const taskId = open?.taskId ?? 'none';
  if (proposal.what === 'failed') {
    return { $case: 'failed', value: { taskId, reason: 'ENOUGH', evidence: [] } };
  }
  if (proposal.what === 'upkeep') {
    const value = { method: UPKEEP_METHODS.prepare, request: prepareRequest(ledger) };
    return { $case: 'upkeep', value };
  }
  if (proposal.what === 'attempt') {
    const requestHash = open?.requestHash ?? fill(0);
    const assignment: Attempt['assignment'] = { $case: 'boots', value: { nodes: [] } };
    return {
      $case: 'attempt',
      value: Attempt.fromPartial({ taskId, number: 1, version: 1, requestHash, assignment }),
    };
  }
  return requested(ledger, proposal);
}

/** A field of a number that no build knows: a length-delimited one of a byte. */
const strange = (field: number): Uint8Array =>
  Uint8Array.of((((field << 3) | 2) & 0x7f) | 0x80, ((field << 3) | 2) >> 7, 1, 9);

function payloadOf(ledger: Ledger, proposal: Proposal): Uint8Array {
  const { what, level, field, flips } = proposal;
  if (what === 'noise') return utf8(`${proposal.id} ${level}`);
  const named = encode(Command, { level, command: undefined });
  const bytes =
    what === 'kind'
      ? concat(named, strange(field ?? 99))
      : concat(
          encode(Command, { level, command: bodyOf(ledger, proposal) }),
          field === undefined ? fill(0, 0) : strange(field),
        );
  for (const [at, byte] of flips) bytes[at % bytes.length] = byte;
  return bytes;
}

function dump(ledger: Ledger): string {
  return [...ledger.state.scan('')].map(([key, value]) => `${key} ${toHex(value)}`).join('\n');
}

test.each([1, BUILD_LEVEL])(
  'this build and a later one come to the same bytes at level %i, from any entries',
  (level) => {
    let voids = 0;
    fc.assert(
      fc.property(proposals, (proposed) => {
        const [old, later] = [TASK_KINDS, LATER_KINDS].map(
          (kinds) => new Ledger(testGenesis({ level }), kinds),
        ) as [Ledger, Ledger];
        for (const ledger of [old, later]) ledger.activeKey('treasury');
        for (const proposal of proposed) {
          old.timeMs += proposal.passedMs;
          later.timeMs = old.timeMs;
          const payload = payloadOf(old, proposal);
          const [first, second] = [old, later].map((ledger) => ledger.append('command', payload));

          expect(second?.alarm).toBe(first?.alarm);
          expect(second?.writes).toEqual(first?.writes);
          if (first?.alarm === undefined || !/command|request/.test(first.alarm)) continue;
          voids += 1;
          expect(first.writes.map(([key]) => key)).toEqual(['totals']);
        }
        expect(dump(later)).toBe(dump(old));
      }),
      { numRuns: 120 },
    );
    // The entries are not all void, and not all applied.
    expect(voids).toBeGreaterThan(120);
  },
);
