import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  dueUpkeep,
  METHODS,
  parseAsked,
  refreshFor,
  resharedKeyOf,
  resharingOf,
  sharingOf,
  UPKEEP_METHODS,
} from '../../../src/state/index.js';
import {
  CULPRIT_EVIDENCE_BYTES_MAX,
  CULPRIT_REFRESH_MS,
  REFRESH_WAIT_MS,
  REFRESH_WAIT_MS_MAX,
  REFRESHES_OPEN_MAX,
} from '../../../src/state/limits.js';
import { nextDue } from '../../../src/state/resharing.js';
import { CorrectTimeRequest, decode, encode, PrepareRequest } from '../../../src/wire/index.js';
import type { Request } from '../../../src/wire/index.js';
import { fill, GENESIS_MS, Ledger, testGenesis } from '../../support/builders/ledger.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';
import { activeGg20Key } from '../../support/builders/participant-sets.js';
import { RequesterAuthority } from '../../support/builders/requester.js';
import type { Requester } from '../../support/builders/requester.js';
import {
  FIVE,
  keyAmong,
  keyOf,
  makeVersion,
  refresh,
  refreshRequest,
  reshare,
  reshareLedger,
  versionAttempt,
} from '../../support/builders/resharing.js';

const HOUR_MS = 3_600_000;
const NEVER = { reshareInterval: { seconds: 0n, nanos: 0 } };
const NOT_DUE = 'upkeep that is not due';

let authority: RequesterAuthority;
let operator: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  operator = await authority.requester('operator', 'alice');
});

/** Shares a key anew, with a refresh every hour from then on. */
function hourly(ledger: Ledger, keyId = 'treasury', nodes = ['node-1', 'node-2', 'node-3']): void {
  keyAmong(ledger, keyId, { nodes });
  const reshareInterval = { seconds: 3600n, nanos: 0 };
  const [id = ''] = reshare(ledger, operator, keyId, { reshareInterval }).changedTasks;
  makeVersion(ledger, id);
}

function withHourly(nodes?: string[]): Ledger {
  const ledger = reshareLedger(authority);
  hourly(ledger, 'treasury', nodes);
  return ledger;
}

const dueOf = (ledger: Ledger, keyId = 'treasury'): number =>
  Number(resharingOf(keyOf(ledger, keyId)).dueMs);
const due = (ledger: Ledger, reaches?: (nodes: readonly string[]) => boolean) =>
  dueUpkeep(ledger.state, ledger.rules, ledger.timeMs, reaches).map(({ request }) => request);
const opens = (entry: AppliedEntry): boolean => entry.changedTasks.length > 0;

describe('a refresh', () => {
  test('comes when the key’s time has come, once, and makes the next version of the same sharing', () => {
    const ledger = withHourly();
    const before = keyOf(ledger, 'treasury');
    const dueMs = dueOf(ledger);
    ledger.timeMs = dueMs - 1;
    expect(due(ledger)).toEqual([]);
    expect(refresh(ledger, 'treasury').alarm).toBe(NOT_DUE);
    ledger.timeMs = dueMs;
    expect(due(ledger)).toEqual([refreshRequest(ledger, 'treasury')]);
    const entry = refresh(ledger, 'treasury');
    const [id = ''] = entry.changedTasks;
    expect(entry.events).toEqual([{ type: 'upkeep-opened', task: id, kind: 'refresh' }]);
    expect(due(ledger)).toEqual([]);
    expect(refresh(ledger, 'treasury').events).toEqual([]);

    makeVersion(ledger, id);
    const after = keyOf(ledger, 'treasury');
    expect(after).toMatchObject({ version: 3, threshold: 2, participants: before.participants });
    expect(after.publicKey).toEqual(before.publicKey);
    expect(resharedKeyOf(ledger.task(id))?.keyVersion).toBe(3);
    expect(resharingOf(after).authority).toEqual(resharingOf(before).authority);
    expect(due(ledger)).toEqual([]);
    expect(dueOf(ledger)).toBe(dueMs + HOUR_MS);
  });

  test('a refresh of another version, of another key or of no key is void', () => {
    const ledger = withHourly();
    keyAmong(ledger, 'never', NEVER);
    ledger.timeMs = dueOf(ledger);
    for (const more of [
      { version: 4 },
      { keyId: 'never', version: 2 },
      { keyId: 'nothing' },
      { keyId: 'No Id' },
      { culprit: { nodeId: 'node-4', evidence: fill(1) } },
      { culprit: { nodeId: 'node-1', evidence: fill(1, 0) } },
      { culprit: { nodeId: 'node-1', evidence: fill(1, CULPRIT_EVIDENCE_BYTES_MAX + 1) } },
    ])
      expect(refresh(ledger, 'treasury', more).alarm).toBe(NOT_DUE);
    expect(opens(refresh(ledger, 'treasury'))).toBe(true);
  });

  test('a refresh that an entry before it overtook is void without an alarm', () => {
    const ledger = withHourly();
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) hourly(ledger, id);
    ledger.timeMs = dueOf(ledger) + 2 * HOUR_MS;
    // The version is there, or in the making, or the key is retired, or so many others are in the making.
    expect(refresh(ledger, 'treasury', { version: 2 }).events).toEqual([]);
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      expect(opens(refresh(ledger, id))).toBe(true);
      expect(refresh(ledger, id).events).toEqual([]);
    }
    expect(refresh(ledger, 'treasury').events).toEqual([]);
    expect(refresh(ledger, 'treasury', { version: 4 }).alarm).toBe(NOT_DUE);
  });

  test('each key has its own time, from a quarter of the interval to five quarters after it was made', () => {
    const ids = Array.from({ length: 400 }, (_, at) => `key-${at}`);
    const waits = ids.map((id) => nextDue(id, GENESIS_MS, HOUR_MS) - GENESIS_MS);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(HOUR_MS / 4);
    expect(Math.max(...waits)).toBeLessThan((HOUR_MS * 5) / 4);
    const perTenth = Array.from({ length: 10 }, (_, tenth) => {
      const from = HOUR_MS / 4 + (tenth * HOUR_MS) / 10;
      return waits.filter((wait) => wait >= from && wait < from + HOUR_MS / 10).length;
    });
    expect(Math.min(...perTenth)).toBeGreaterThan(20);
    for (const id of ids) {
      const first = nextDue(id, GENESIS_MS, HOUR_MS);
      expect(nextDue(id, first + 5000, HOUR_MS)).toBe(first + HOUR_MS);
    }
    expect(nextDue('key-1', GENESIS_MS, 0)).toBe(0);
  });

  test('a key without an interval is never due, nor when it is reshared without one', () => {
    const ledger = withHourly();
    const none = { seconds: 0n, nanos: 0 };
    const asked = { requestId: 'off', reshareInterval: none };
    const [id = ''] = reshare(ledger, operator, 'treasury', asked).changedTasks;
    makeVersion(ledger, id);
    ledger.timeMs += 400 * 24 * HOUR_MS;
    ledger.append('no-op', fill(0, 0));
    expect(due(ledger)).toEqual([]);
    expect([...ledger.state.scan('refresh/')]).toEqual([]);
  });

  test('a refresh that comes to nothing is shown, and the next comes later each time', () => {
    const ledger = withHourly();
    const waits: number[] = [];
    for (let at = 0; at < 9; at++) {
      ledger.timeMs = dueOf(ledger);
      const [id = ''] = refresh(ledger, 'treasury').changedTasks;
      ledger.timeMs += 1000;
      ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
      const { failures, lastFailure } = resharingOf(keyOf(ledger, 'treasury'));
      expect([failures, lastFailure?.taskId, lastFailure?.reason]).toEqual([at + 1, id, 'NO']);
      waits.push(dueOf(ledger) - ledger.timeMs);
      expect(refresh(ledger, 'treasury').alarm).toBe(NOT_DUE);
    }
    expect(waits.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 32].map((times) => times * REFRESH_WAIT_MS));
    expect(waits.slice(6)).toEqual([REFRESH_WAIT_MS_MAX, REFRESH_WAIT_MS_MAX, REFRESH_WAIT_MS_MAX]);
    ledger.timeMs = dueOf(ledger);
    const [id = ''] = refresh(ledger, 'treasury').changedTasks;
    makeVersion(ledger, id);
    expect(resharingOf(keyOf(ledger, 'treasury'))).toMatchObject({
      failures: 0,
      lastFailure: undefined,
    });
  });

  test('a bounded number is open at once, and a leader leaves out keys whose nodes it does not reach', () => {
    const ledger = reshareLedger(authority);
    const count = REFRESHES_OPEN_MAX + 3;
    for (let at = 0; at < count; at++) {
      hourly(ledger, `key-${at}`, at === 0 ? ['node-3', 'node-4', 'node-5'] : undefined);
    }
    ledger.timeMs += 2 * HOUR_MS;
    expect(due(ledger)).toHaveLength(REFRESHES_OPEN_MAX);
    expect(due(ledger, (nodes) => nodes.includes('node-5'))).toEqual([
      refreshRequest(ledger, 'key-0'),
    ]);
    const asked = due(ledger);
    for (const request of asked) {
      const value = { method: UPKEEP_METHODS.refresh, request };
      expect(ledger.command({ $case: 'upkeep', value }).alarm).toBeUndefined();
    }
    expect(due(ledger)).toEqual([]);
    const left = Array.from({ length: count }, (_, at) => `key-${at}`).filter(
      (id) => resharingOf(keyOf(ledger, id)).taskId === '',
    );
    expect(left).toHaveLength(3);
    for (const id of left) expect(opens(refresh(ledger, id))).toBe(false);
  });

  test('a correction of the clock neither repeats a refresh nor puts one off', () => {
    const ledger = withHourly();
    ledger.timeMs += 48 * HOUR_MS;
    // An operator sets the state machine's clock back by a day; the log's time goes on.
    const asked = correction(ledger);
    expect(ledger.command({ $case: 'request', value: asked }, 3).alarm).toBeUndefined();
    expect(ledger.ask.correctionMs()).toBe(24 * HOUR_MS);
    const clusterMs = ledger.timeMs - 24 * HOUR_MS;
    const dueAt = (ms: number) => dueUpkeep(ledger.state, ledger.rules, ms);
    expect(dueAt(clusterMs)).toHaveLength(1);
    const [id = ''] = refresh(ledger, 'treasury').changedTasks;
    makeVersion(ledger, id);
    const waitMs = dueOf(ledger) - ledger.timeMs;
    expect(waitMs).toBeGreaterThanOrEqual(HOUR_MS / 4);
    expect(waitMs).toBeLessThan((HOUR_MS * 5) / 4);
    expect(dueAt(clusterMs + waitMs - 1)).toEqual([]);
    expect(dueAt(clusterMs + waitMs)).toHaveLength(1);
  });

  test('its request is read in its one spelling, and no requester may send it', () => {
    const ledger = withHourly();
    const read = (request: Uint8Array) =>
      parseAsked(ledger.rules.kinds, UPKEEP_METHODS.refresh, request).ok;
    expect(read(refreshRequest(ledger, 'treasury'))).toBe(true);
    for (const version of [0, 1])
      expect(read(refreshRequest(ledger, 'treasury', { version }))).toBe(false);
    expect(read(Uint8Array.of(...refreshRequest(ledger, 'treasury'), 0))).toBe(false);
    const value = ledger.request(UPKEEP_METHODS.refresh, refreshRequest(ledger, 'treasury'));
    const { decision } = ledger.command({ $case: 'request', value }, 3);
    expect(decision?.result).toMatchObject({ refusal: { reason: 'UNKNOWN_METHOD' } });
  });
});

describe('a refresh for a culprit', () => {
  const culprit = { nodeId: 'node-2', evidence: fill(1, 100) };

  test('leaves it out where one of the others may then fail, and no other', () => {
    const ledger = withHourly(['node-1', 'node-2', 'node-3', 'node-4']);
    const [id = ''] = refresh(ledger, 'treasury', { culprit }).changedTasks;
    // It may deal: its dealing is checked like any other's.
    expect(versionAttempt(ledger, ledger.task(id)).alarm).toBeUndefined();
    makeVersion(ledger, id);
    const { version, participants } = keyOf(ledger, 'treasury');
    expect(version).toBe(3);
    expect(participants.map(({ nodeId }) => nodeId)).toEqual(['node-1', 'node-3', 'node-4']);
  });

  test('keeps it where the key could then lose no node', () => {
    const ledger = withHourly();
    const before = sharingOf(keyOf(ledger, 'treasury'));
    const [id = ''] = refresh(ledger, 'treasury', { culprit }).changedTasks;
    makeVersion(ledger, id);
    expect(keyOf(ledger, 'treasury').participants).toEqual(before.participants);
  });

  test.each([
    ['of those that are left', FIVE.slice(0, 4), ['node-1', 'node-3', 'node-4'], 1],
    ['anew of all where the key could lose no node', FIVE.slice(0, 3), FIVE.slice(0, 3), 2],
  ])('has the material of a GG20 key made first, %s', (_, nodes, members, generation) => {
    const ledger = new Ledger(testGenesis({ nodes }));
    activeGg20Key(ledger, 'treasury');
    expect(due(ledger)).toEqual([]);
    expect(opens(refresh(ledger, 'treasury', { culprit }))).toBe(true);
    const asked = due(ledger).flatMap((request) => decode(PrepareRequest, request) ?? []);
    expect(asked.map((each) => each.participants.map(({ nodeId }) => nodeId))).toEqual([members]);
    expect(asked[0]?.generation).toBe(generation);
  });

  test('comes once in an hour for a key, whoever is named', () => {
    const ledger = withHourly(['node-1', 'node-2', 'node-3', 'node-4']);
    const ask = (nodeId: string) =>
      refreshFor(ledger.state, keyOf(ledger, 'treasury'), { ...culprit, nodeId }, ledger.timeMs);
    expect(ask('node-5')).toBeUndefined();
    expect(ask('node-1')).toBeDefined();
    const [id = ''] = refresh(ledger, 'treasury', { culprit }).changedTasks;
    expect(ask('node-1')).toBeUndefined();
    ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
    const other = { nodeId: 'node-1', evidence: fill(2) };
    ledger.timeMs += CULPRIT_REFRESH_MS - 1;
    expect(ask('node-1')).toBeUndefined();
    expect(refresh(ledger, 'treasury', { culprit: other }).alarm).toBe(NOT_DUE);
    ledger.timeMs += 1;
    const asked = ask('node-1');
    expect(asked && ledger.command({ $case: 'upkeep', value: asked }).alarm).toBeUndefined();
  });

  test('does not come for a key whose owner wants no refresh by itself', () => {
    const ledger = reshareLedger(authority);
    const key = keyAmong(ledger, 'treasury', NEVER);
    expect(refreshFor(ledger.state, key, culprit, ledger.timeMs)).toBeUndefined();
    expect(refresh(ledger, 'treasury', { culprit }).alarm).toBe(NOT_DUE);
  });
});

/** An operator's request that sets the clock back by a day. */
function correction(ledger: Ledger): Request {
  const method = METHODS.correctTime;
  const timeMs = ledger.timeMs - 24 * HOUR_MS;
  const request = encode(CorrectTimeRequest, {
    requestId: 'correct',
    number: 1,
    seenTimeMs: BigInt(ledger.timeMs),
    timeMs: BigInt(timeMs),
    allowRepeats: true,
  });
  const { clusterId } = ledger.rules.genesis;
  const value = operator.sign({ clusterId, method, expireTimeMs: timeMs + 60_000, request });
  const authorization = { by: { $case: 'signed', value } } as const;
  return { method, request, authorization, firstAttempt: undefined };
}
