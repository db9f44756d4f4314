import { describe, expect, test } from '@jest/globals';
import { concat } from '../../../src/common/index.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import { levelOf } from '../../../src/state/command.js';
import type { CommandBody } from '../../../src/state/command.js';
import { readLevel } from '../../../src/state/records.js';
import { Command, encode } from '../../../src/wire/index.js';
import { fill, generateRequest, Ledger, testGenesis } from '../../support/builders/ledger.js';
import { METHODS } from '../../../src/state/index.js';

/** A request that opens a task, as an entry that names `level`. */
function generating(ledger: Ledger, level: number): Uint8Array {
  const value = ledger.request(METHODS.generateKey, generateRequest('treasury'));
  return encode(Command, { level, command: { $case: 'request', value } });
}

test('the genesis writes its level into the state', () => {
  expect(readLevel(new Ledger().state)).toBe(BUILD_LEVEL);
  expect(readLevel(new Ledger(testGenesis({ level: 1 })).state)).toBe(1);
});

describe('a command is void with an alarm', () => {
  const tooHigh = "a command above the cluster's level";
  const unreadable = 'a command that cannot be read';

  test.each<[string, string, (ledger: Ledger) => Uint8Array]>([
    [
      'it names a level above the state’s',
      tooHigh,
      (ledger) => generating(ledger, BUILD_LEVEL + 1),
    ],
    [
      'it is of a form that only a later level has',
      tooHigh,
      () => Uint8Array.of(8, BUILD_LEVEL + 1, 0xff, 1),
    ],
    ['it names no level', unreadable, (ledger) => generating(ledger, 0)],
    ['it is of no known kind', unreadable, () => Uint8Array.of(8, 1, 0x7a, 0)],
    ['it names its level and nothing else', unreadable, () => Uint8Array.of(8, 1)],
    [
      'it has a field that its kind has not',
      unreadable,
      (ledger) => concat(generating(ledger, 1), Uint8Array.of(0x7a, 0)),
    ],
    ['it is noise', unreadable, () => fill(255, 40)],
    ['it is empty', unreadable, () => fill(0, 0)],
  ])('when %s', (_name, alarm, payloadOf) => {
    const ledger = new Ledger();
    ledger.timeMs += 1000;

    const applied = ledger.append('command', payloadOf(ledger));

    expect(applied.alarm).toBe(alarm);
    expect(applied.writes.map(([key]) => key)).toEqual(['totals']);
    expect(Number(ledger.ask.totals().timeMs)).toBe(ledger.timeMs);
    expect({ ...applied, writes: [], entry: undefined, alarm: undefined, events: [] }).toEqual({
      ...ledger.append('no-op', fill(0, 0)),
      writes: [],
      entry: undefined,
    });
  });
});

test('a command of the state’s level is applied', () => {
  const ledger = new Ledger();
  expect(ledger.append('command', generating(ledger, 1)).decision?.result.kind).toBe('opened');
});

test('a field of a later level raises the level that a command needs', () => {
  const value = { taskId: 'x', reason: 'A', evidence: [] };
  const failed: CommandBody = { $case: 'failed', value };
  const later = [{ level: 3, isSet: () => true }];

  expect(levelOf(failed)).toBe(1);
  expect(levelOf(failed, later)).toBe(3);
  expect(levelOf(failed, [{ level: 3, isSet: () => false }])).toBe(1);
});
