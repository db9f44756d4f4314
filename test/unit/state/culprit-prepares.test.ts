import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseAsked, prepareFor, prepareOf, UPKEEP_METHODS } from '../../../src/state/index.js';
import {
  PREPARE_EVIDENCE_BYTES_MAX,
  CULPRIT_REFRESH_MS,
  PREPARE_WAIT_MS,
} from '../../../src/state/limits.js';
import { Algorithm, Gg20Profile } from '../../../src/wire/index.js';
import type { PrepareRequest } from '../../../src/wire/index.js';
import { fill, GENESIS_MS, Ledger, NODES, testGenesis } from '../../support/builders/ledger.js';
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
import { RequesterAuthority } from '../../support/builders/requester.js';
import {
  FIVE,
  makeVersion,
  refresh,
  reshareLedger,
  versionAttempt,
} from '../../support/builders/resharing.js';

const NOT_DUE = 'upkeep that is not due';
const BREAKS = 'an attempt that breaks the rules';
const algorithm = Algorithm.GG20_SECP256K1;
const culprit = { nodeId: 'node-2', evidence: fill(1, 100) };
const NEVER = { reshareInterval: { seconds: 0n, nanos: 0 } };
const WITHOUT = ['node-1', 'node-3', 'node-4', 'node-5'];

/** A ledger of five voters with a GG20 key among all of them, that is never refreshed by itself. */
function withKey(): Ledger {
  const ledger = new Ledger(testGenesis({ nodes: FIVE }));
  activeGg20Key(ledger, 'treasury', { algorithm, ...NEVER });
  return ledger;
}

const requested = (ledger: Ledger, more: Partial<PrepareRequest> = {}): Uint8Array =>
  prepareRequest(ledger, {}, { generation: 2, culprit, ...more });

/** The set of all voters. */
const setOf = (ledger: Ledger) => ({
  profile: Gg20Profile.P3072,
  participants: participantsNamed(ledger, undefined),
});

function fail(ledger: Ledger, taskId: string): AppliedEntry {
  return ledger.command({ $case: 'failed', value: { taskId, reason: 'NO', evidence: [] } });
}

describe('a prepare for a culprit', () => {
  test('is due at any time while a key signs under the material, and makes the next without the culprit', () => {
    const ledger = withKey();
    const due = prepareFor(ledger.state, setOf(ledger), culprit, ledger.timeMs);
    expect(due).toEqual({ method: UPKEEP_METHODS.prepare, request: requested(ledger) });
    const entry = upkeep(ledger, requested(ledger));
    const [id = ''] = entry.changedTasks;
    expect(entry.alarm).toBeUndefined();
    expect(prepareOf(ledger.task(id))?.culprit).toEqual(culprit);

    expect(prepareAttempt(ledger, ledger.task(id), FIVE).alarm).toBeUndefined();
    expect(ledger.task(id).attempts).toEqual([]);
    expect(prepareAttempt(ledger, ledger.task(id), WITHOUT).alarm).toBeUndefined();
    for (const node of WITHOUT)
      ledger.command({ $case: 'prepared', value: prepared(ledger, ledger.task(id), node) });
    expect(recordOf(ledger)?.active?.preparation).toMatchObject({
      generation: 2,
      members: WITHOUT,
    });
  });

  test('is made with the culprit where none of the others may then fail', () => {
    const ledger = new Ledger();
    activeGg20Key(ledger, 'treasury', { algorithm, ...NEVER });
    const [id = ''] = upkeep(ledger, requested(ledger)).changedTasks;
    expect(prepareAttempt(ledger, ledger.task(id), NODES).alarm).toBeUndefined();
    expect(ledger.task(id).attempts).toHaveLength(1);
  });

  test('comes once an hour, and after one that came to nothing no sooner than another', () => {
    const ledger = withKey();
    const [id = ''] = upkeep(ledger, requested(ledger)).changedTasks;
    expect(upkeep(ledger, requested(ledger)).alarm).toBeUndefined();
    fail(ledger, id);
    ledger.timeMs += CULPRIT_REFRESH_MS - 1;
    expect(upkeep(ledger, requested(ledger)).alarm).toBe(NOT_DUE);
    expect(prepareFor(ledger.state, setOf(ledger), culprit, ledger.timeMs)).toBeUndefined();
    ledger.timeMs += 1;
    const [again = ''] = upkeep(ledger, requested(ledger)).changedTasks;
    expect(again).not.toBe('');
    fail(ledger, again);
    ledger.timeMs += PREPARE_WAIT_MS;
    expect(upkeep(ledger, requested(ledger)).alarm).toBe(NOT_DUE);
  });

  test('is void where no key signs under the material: an alarm of none, for the last key may have gone', () => {
    const ledger = new Ledger(testGenesis({ nodes: FIVE }));
    const [id = ''] = ledger.generate('treasury', { algorithm }).changedTasks;
    prepare(ledger);
    expect(upkeep(ledger, requested(ledger)).changedTasks).toEqual([]);
    fail(ledger, id);
    const entry = upkeep(ledger, requested(ledger));
    expect([entry.changedTasks, entry.alarm]).toEqual([[], undefined]);
  });

  test('names a participant and evidence, in its one spelling', () => {
    const ledger = withKey();
    const reason = (more: Partial<PrepareRequest>): unknown => {
      const { kinds } = ledger.rules;
      const read = parseAsked(kinds, UPKEEP_METHODS.prepare, requested(ledger, more));
      return read.ok ? 'read' : read.refusal.reason;
    };
    expect(reason({})).toBe('read');
    for (const wrong of [
      { nodeId: 'node-6', evidence: fill(1) },
      { nodeId: '', evidence: fill(1) },
      { nodeId: 'node-2', evidence: fill(1, 0) },
      { nodeId: 'node-2', evidence: fill(1, PREPARE_EVIDENCE_BYTES_MAX + 1) },
    ])
      expect(reason({ culprit: wrong })).toBe('INVALID_ENCODING');
    const long = { ...culprit, evidence: fill(1, PREPARE_EVIDENCE_BYTES_MAX + 1) };
    expect(prepareFor(ledger.state, setOf(ledger), long, ledger.timeMs)).toBeUndefined();
    const stranger = { ...culprit, nodeId: 'node-6' };
    expect(prepareFor(ledger.state, setOf(ledger), stranger, ledger.timeMs)).toBeUndefined();
  });
});

describe('a refresh of a GG20 key for a culprit', () => {
  let authority: RequesterAuthority;
  beforeAll(async () => {
    authority = await RequesterAuthority.create(GENESIS_MS);
  });

  test('that keeps its share rests on material that was begun after it was named', () => {
    const ledger = reshareLedger(authority, FIVE.slice(0, 3));
    activeGg20Key(ledger, 'treasury', { algorithm });
    // Material from after the version became active would do for any other refresh.
    ledger.timeMs += 24 * CULPRIT_REFRESH_MS;
    prepare(ledger);
    const [id = ''] = refresh(ledger, 'treasury', { culprit }).changedTasks;
    expect(versionAttempt(ledger, ledger.task(id)).alarm).toBe(BREAKS);
    prepare(ledger);
    expect(recordOf(ledger)?.active?.preparation?.generation).toBe(3);
    expect(versionAttempt(ledger, ledger.task(id)).alarm).toBeUndefined();
    makeVersion(ledger, id);
    expect(ledger.ask.key('treasury')?.version).toBe(2);
    expect(ledger.ask.key('treasury')?.resharing?.materialAfterIndex).toBe(0n);
  });

  test('that was begun before counts as old, though it becomes active after', () => {
    const ledger = reshareLedger(authority, FIVE.slice(0, 3));
    activeGg20Key(ledger, 'treasury', { algorithm });
    ledger.timeMs += 24 * CULPRIT_REFRESH_MS;
    const [prepares = ''] = upkeep(
      ledger,
      prepareRequest(ledger, {}, { generation: 2 }),
    ).changedTasks;
    prepareAttempt(ledger, ledger.task(prepares), FIVE.slice(0, 3));
    const [id = ''] = refresh(ledger, 'treasury', { culprit }).changedTasks;
    for (const node of FIVE.slice(0, 3))
      ledger.command({ $case: 'prepared', value: prepared(ledger, ledger.task(prepares), node) });
    expect(recordOf(ledger)?.active?.preparation?.generation).toBe(2);
    expect(versionAttempt(ledger, ledger.task(id)).alarm).toBe(BREAKS);
    prepare(ledger);
    expect(versionAttempt(ledger, ledger.task(id)).alarm).toBeUndefined();
  });

  test('that gets no share needs none but what any refresh needs', () => {
    const ledger = reshareLedger(authority);
    activeGg20Key(ledger, 'treasury', { algorithm });
    const [id = ''] = refresh(ledger, 'treasury', { culprit }).changedTasks;
    prepare(ledger, { names: WITHOUT });
    expect(versionAttempt(ledger, ledger.task(id)).alarm).toBeUndefined();
  });
});
