import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  dueUpkeep,
  METHODS,
  resharedKeyOf,
  resharingOf,
  sharingNamed,
  sharingOf,
  shownRecord,
} from '../../../src/state/index.js';
import { RESHARES_OPEN_MAX } from '../../../src/state/limits.js';
import type { Attempt, Sharing } from '../../../src/wire/index.js';
import { bootOf, fill, GENESIS_MS, generateRequest, NODES } from '../../support/builders/ledger.js';
import type { AppliedEntry, Ledger } from '../../support/builders/ledger.js';
import {
  activeGg20Key,
  prepare,
  recordOf,
  sessionAttempt,
} from '../../support/builders/participant-sets.js';
import { RequesterAuthority } from '../../support/builders/requester.js';
import type { Requester } from '../../support/builders/requester.js';
import {
  keyAmong,
  keyOf,
  makeVersion,
  reshare,
  reshareLedger,
  reshareRequest,
  sayInstalled,
  sayReady,
  signed,
  versionAttempt,
  versionReady,
} from '../../support/builders/resharing.js';

const BREAKS = 'an attempt that breaks the rules';
const algorithm = 5;

let authority: RequesterAuthority;
let owner: Requester;
let operator: Requester;
let stranger: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  owner = await authority.requester('app', 'payments');
  operator = await authority.requester('operator', 'alice');
  stranger = await authority.requester('app', 'other');
});

function refusalOf({ decision }: AppliedEntry) {
  return decision?.result.kind === 'refused' ? decision.result.refusal : undefined;
}

const reasonOf = (entry: AppliedEntry): string =>
  refusalOf(entry)?.reason ?? entry.decision?.result.kind ?? 'void';

/** A ledger of five voters, with a key that is 2 of node-1, node-2 and node-3. */
function withKey(more: Parameters<typeof keyAmong>[2] = {}): Ledger {
  const ledger = reshareLedger(authority);
  keyAmong(ledger, 'treasury', { requester: owner.spiffeId, ...more });
  return ledger;
}

/** The same with an open reshare, and its task. */
function opened(asked: Parameters<typeof reshare>[3] = {}) {
  const ledger = withKey();
  const [id = ''] = reshare(ledger, owner, 'treasury', asked).changedTasks;
  return { ledger, id };
}

const boots = (nodes: readonly string[], length = 16) => ({
  $case: 'boots' as const,
  value: { nodes: nodes.map((nodeId) => ({ nodeId, boot: bootOf(nodeId).slice(0, length) })) },
});

describe('a reshare', () => {
  test('the last equal ready of all new participants makes the next version of the same key', () => {
    const nodes = ['node-2', 'node-3', 'node-4', 'node-5'];
    const { ledger, id } = opened({ threshold: 3, participants: nodes });
    const before = keyOf(ledger, 'treasury');
    expect(resharingOf(before).taskId).toBe(id);

    expect(versionAttempt(ledger, ledger.task(id)).alarm).toBeUndefined();
    const heard = nodes.map((node) => sayReady(ledger, id, node).events.map(({ type }) => type));
    expect(heard).toEqual([
      ['ready-said'],
      ['ready-said'],
      ['ready-said'],
      ['ready-said', 'key-activated', 'task-closed'],
    ]);

    const after = keyOf(ledger, 'treasury');
    expect(after).toMatchObject({ version: 2, baseVersion: 1, threshold: 3, installed: [] });
    expect(after.participants.map(({ nodeId }) => nodeId)).toEqual(nodes);
    expect(after.publicKey).toEqual(before.publicKey);
    expect(resharingOf(after)).toMatchObject({ taskId: '', failures: 0, lastFailure: undefined });
    expect(Number(resharingOf(after).activeIndex)).toBe(ledger.entries.length);
    expect(resharedKeyOf(ledger.task(id))).toEqual({
      keyVersion: 2,
      threshold: 3,
      participants: nodes,
    });
  });

  test('the version before is kept until all participants of the next have installed it', () => {
    const { ledger, id } = opened({ participants: ['node-1', 'node-2', 'node-4'] });
    const before = keyOf(ledger, 'treasury');
    makeVersion(ledger, id, false);
    const after = keyOf(ledger, 'treasury');
    expect(resharingOf(after).previous?.sharing).toEqual(sharingOf(before));
    expect(sharingNamed(after, 1, before.sessionId)).toEqual(sharingOf(before));
    expect(sharingNamed(after, 2, after.sessionId)).toEqual(sharingOf(after));
    expect(sharingNamed(after, 2, before.sessionId)).toBeUndefined();
    expect(sharingNamed(after, 1, after.sessionId)).toBeUndefined();

    sayInstalled(ledger, 'treasury', 'node-1');
    expect(shownRecord(keyOf(ledger, 'treasury')).sharing?.version).toBe(1);
    sayInstalled(ledger, 'treasury', 'node-2');
    expect(shownRecord(keyOf(ledger, 'treasury')).sharing?.version).toBe(2);
    expect(ledger.ask.installing()).toEqual(['treasury']);
    sayInstalled(ledger, 'treasury', 'node-4');
    expect(ledger.ask.installing()).toEqual([]);
    const installed = keyOf(ledger, 'treasury');
    expect(resharingOf(installed).previous).toBeUndefined();
    expect(sharingNamed(installed, 1, before.sessionId)).toBeUndefined();
  });

  test('the certificate of version 1 and the last request that named participants stay', () => {
    const participants = ['node-1', 'node-2', 'node-4'];
    const { ledger, id } = opened({ participants });
    const first = keyOf(ledger, 'treasury');
    makeVersion(ledger, id);
    const [next = ''] = reshare(ledger, operator, 'treasury', { requestId: 'again' }).changedTasks;
    makeVersion(ledger, next);
    const { version, resharing } = keyOf(ledger, 'treasury');
    expect(version).toBe(3);
    expect(resharing?.first).toEqual({
      sharing: sharingOf(first),
      ready: first.ready,
      installed: first.installed.slice(0, 2),
    });
    expect(resharing?.authority).toMatchObject({
      method: METHODS.reshareKey,
      request: reshareRequest('treasury', { threshold: 2, participants }),
      authorization: { by: { $case: 'signed' } },
    });
  });

  test('a ready that changes the key is not heard', () => {
    const { ledger, id } = opened();
    versionAttempt(ledger, ledger.task(id));
    const { publicPolynomial } = versionReady(ledger, ledger.task(id), 'node-1').sharing;
    const [, second = fill(0)] = publicPolynomial;
    const wrong: readonly Partial<Sharing>[] = [
      { publicKey: fill(9) },
      { chainCode: fill(9) },
      { publicPolynomial: [fill(9), second] },
      { publicPolynomial: [second] },
      { version: 3 },
      { version: 1 },
      { baseVersion: 0 },
      { baseVersion: 2 },
      { threshold: 3 },
      { sessionId: keyOf(ledger, 'treasury').sessionId },
      { requestHash: fill(9) },
      { keyId: 'other' },
    ];
    for (const lies of wrong) expect(sayReady(ledger, id, 'node-1', lies).events).toEqual([]);
    expect(sayReady(ledger, id, 'node-4').events).toEqual([]);
    expect(sayReady(ledger, id, 'node-1', { signature: fill(1, 64) }).events).toEqual([]);
    expect(sayReady(ledger, id, 'node-1').events).toHaveLength(1);
    expect(sayReady(ledger, id, 'node-1').events).toEqual([]);
  });

  test('one ready that differs makes no version', () => {
    const { ledger, id } = opened();
    versionAttempt(ledger, ledger.task(id));
    sayReady(ledger, id, 'node-1');
    sayReady(ledger, id, 'node-2', { digest: fill(99) });
    sayReady(ledger, id, 'node-3');
    expect(keyOf(ledger, 'treasury').version).toBe(1);
    expect(ledger.task(id).outcome).toBeUndefined();
  });

  test('an attempt names the base version, all new participants, and exactly the dealers', () => {
    const participants = ['node-1', 'node-4', 'node-5'];
    const { ledger, id } = opened({ participants });
    const task = ledger.task(id);
    const all = ['node-1', 'node-2', 'node-4', 'node-5'];
    const wrong: readonly Partial<Attempt>[] = [
      { version: 1 },
      { version: 3 },
      { sharingSession: fill(9) },
      { sharingSession: fill(0, 0) },
      { dealers: [] },
      { dealers: ['node-1'] },
      { dealers: ['node-1', 'node-2', 'node-3'] },
      { dealers: ['node-2', 'node-1'] },
      { dealers: ['node-1', 'node-1'] },
      { dealers: ['node-1', 'node-4'] },
      { dealers: ['node-1', 'node-9'] },
      { assignment: undefined },
      { assignment: boots(all.toReversed()) },
      { assignment: boots(['node-1', 'node-2', 'node-4']) },
      { assignment: boots(participants) },
      { assignment: boots([...all, 'node-9']) },
      { assignment: boots(all, 15) },
      { auxiliary: { setId: fill(1, 16), generation: 1, digest: fill(5) } },
      { requestHash: fill(9) },
      { number: 2 },
    ];
    for (const more of wrong) expect(versionAttempt(ledger, task, more).alarm).toBe(BREAKS);
    expect(versionAttempt(ledger, task, { dealers: ['node-2', 'node-3'] }).alarm).toBeUndefined();
    expect(versionAttempt(ledger, ledger.task(id)).alarm).toBeUndefined();
  });

  test('attempts of other kinds name no dealers', () => {
    const ledger = withKey();
    const dealers = ['node-1', 'node-2'];
    const [sign = ''] = ledger.sign('treasury', 'one', { requester: owner.spiffeId }).changedTasks;
    const value = ledger.signAttempt('treasury', sign, 1, { dealers });
    expect(ledger.command({ $case: 'attempt', value }).alarm).toBe(BREAKS);
    const good = { ...value, dealers: [] };
    expect(ledger.command({ $case: 'attempt', value: good }).alarm).toBeUndefined();
  });

  test('a Sign that was opened before stays open, and one opened after names the new version', () => {
    const { ledger, id } = opened();
    const requester = owner.spiffeId;
    const [sign = ''] = ledger.sign('treasury', 'one', { requester }).changedTasks;
    const attempt = (version: number, session: Uint8Array) => {
      const number = ledger.task(sign).attempts.length + 1;
      const more = { version, sharingSession: session };
      const value = ledger.signAttempt('treasury', sign, number, more);
      return ledger.command({ $case: 'attempt', value }).alarm;
    };
    const before = keyOf(ledger, 'treasury');
    expect(attempt(1, before.sessionId)).toBeUndefined();
    makeVersion(ledger, id);
    expect(attempt(1, before.sessionId)).toBe(BREAKS);
    const after = keyOf(ledger, 'treasury');
    expect(attempt(2, after.sessionId)).toBeUndefined();
    const done = { taskId: sign, attempt: 1, material: fill(7, 64) };
    expect(ledger.command({ $case: 'done', value: done }).alarm).toBeUndefined();
  });

  test.each([
    ['of a key that there is not', {}, 'nothing', 'KEY_NOT_FOUND'],
    [
      'among a node that is no member',
      { participants: ['node-1', 'node-9'] },
      'treasury',
      'NOT_A_MEMBER',
    ],
    ['with a threshold of all', { threshold: 3 }, 'treasury', 'NO_REDUNDANCY'],
    ['with a threshold above all', { threshold: 4 }, 'treasury', 'INVALID_THRESHOLD'],
    ['with a threshold of 1', { threshold: 1 }, 'treasury', 'INVALID_THRESHOLD'],
  ] as const)('one %s is refused', (_, more, key, reason) => {
    const ledger = withKey();
    const asked = { ...more, participants: [...('participants' in more ? more.participants : [])] };
    const entry = reshare(ledger, operator, key, asked);
    expect(reasonOf(entry)).toBe(reason);
  });

  test.each([
    [{ seconds: 3599n, nanos: 0 }],
    [{ seconds: 3600n, nanos: 1 }],
    [{ seconds: 31_536_001n, nanos: 0 }],
    [{ seconds: -3600n, nanos: 0 }],
  ])('one with the interval %o is refused', (reshareInterval) => {
    const entry = reshare(withKey(), operator, 'treasury', { reshareInterval });
    expect(refusalOf(entry)).toMatchObject({
      reason: 'INVALID_INTERVAL',
      field: 'reshare_interval',
    });
  });

  test('threshold and participants are named both, or neither', () => {
    for (const more of [{ threshold: 2 }, { participants: ['node-1', 'node-2', 'node-3'] }]) {
      const ledger = withKey();
      const request = reshareRequest('treasury', more);
      const entry = signed(ledger, operator, METHODS.reshareKey, request);
      expect(refusalOf(entry)).toMatchObject({ reason: 'NAME_BOTH', field: 'threshold' });
    }
  });

  test('a key that could lose no node keeps that without asking again', () => {
    const ledger = reshareLedger(authority);
    const nodes = ['node-1', 'node-2'];
    keyAmong(ledger, 'pair', { nodes, allowNoRedundancy: true });
    expect(reasonOf(reshare(ledger, operator, 'pair'))).toBe('opened');
  });

  test('one at a time: another waits for the first, and for the first installed', () => {
    const { ledger, id } = opened();
    const again = { requestId: 'again' };
    expect(refusalOf(reshare(ledger, operator, 'treasury', again))).toMatchObject({
      reason: 'RESHARE_OPEN',
      facts: { task_id: id },
    });
    expect(reasonOf(reshare(ledger, owner, 'treasury'))).toBe('known');
    makeVersion(ledger, id, false);
    expect(reasonOf(reshare(ledger, operator, 'treasury', again))).toBe('KEY_PENDING');
    sayInstalled(ledger, 'treasury', 'node-1');
    sayInstalled(ledger, 'treasury', 'node-3');
    expect(reasonOf(reshare(ledger, operator, 'treasury', again))).toBe('opened');
  });

  test('a failed one leaves the key as it was, with the reason', () => {
    const { ledger, id } = opened({ participants: ['node-4', 'node-5'], allowNoRedundancy: true });
    const before = keyOf(ledger, 'treasury');
    ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO_LUCK', evidence: [] } });
    const after = keyOf(ledger, 'treasury');
    expect(sharingOf(after)).toEqual(sharingOf(before));
    expect(resharingOf(after)).toMatchObject({
      taskId: '',
      failures: 1,
      lastFailure: { taskId: id, reason: 'NO_LUCK', timeMs: BigInt(ledger.timeMs) },
    });
    expect(reasonOf(reshare(ledger, owner, 'treasury', { requestId: 'again' }))).toBe('opened');
  });

  test('operators and the owner ask, nobody else, and no node vouches for it', () => {
    const ledger = withKey({ allowedSigners: [stranger.spiffeId] });
    expect(refusalOf(reshare(ledger, stranger, 'treasury'))).toMatchObject({
      code: 'forbidden',
      reason: 'KEY_FORBIDDEN',
    });
    expect(refusalOf(reshare(ledger, stranger, 'nothing'))).toMatchObject({
      code: 'forbidden',
      reason: 'KEY_FORBIDDEN',
    });
    const value = ledger.request(METHODS.reshareKey, reshareRequest('treasury'));
    expect(reasonOf(ledger.command({ $case: 'request', value }, 3))).toBe('SIGNATURE_REQUIRED');
    expect(reasonOf(reshare(ledger, operator, 'treasury'))).toBe('opened');
  });

  test('below level 3 a reshare is refused, and no key has a record for it', () => {
    const ledger = reshareLedger(authority, undefined, 2);
    const key = keyAmong(ledger, 'treasury');
    expect(key.resharing).toBeUndefined();
    expect(reshare(ledger, operator, 'treasury').alarm).toBe("a command above the cluster's level");
    const value = ledger.request(METHODS.reshareKey, reshareRequest('treasury'));
    expect(reasonOf(ledger.command({ $case: 'request', value }, 2))).toBe('LEVEL_TOO_LOW');
  });

  test('a bounded number is open at once', () => {
    const ledger = reshareLedger(authority);
    const reasons = Array.from({ length: RESHARES_OPEN_MAX + 1 }, (_, at) => {
      keyAmong(ledger, `key-${at}`, {
        requester: at % 2 === 0 ? owner.spiffeId : stranger.spiffeId,
      });
      return reasonOf(reshare(ledger, at % 2 === 0 ? owner : stranger, `key-${at}`));
    });
    expect(reasons.filter((reason) => reason === 'opened').length).toBeLessThanOrEqual(
      RESHARES_OPEN_MAX,
    );
    expect(new Set(reasons.slice(-4))).not.toContain('opened');
  });
});

function gg20(): Ledger {
  const ledger = reshareLedger(authority, NODES);
  activeGg20Key(ledger, 'treasury', { algorithm, requester: owner.spiffeId });
  return ledger;
}

describe('a reshare of a GG20 key', () => {
  test('needs material whose session began after the base version was active, which becomes due', () => {
    const ledger = gg20();
    const [id = ''] = reshare(ledger, owner, 'treasury').changedTasks;
    expect(versionAttempt(ledger, ledger.task(id)).alarm).toBe(BREAKS);
    prepare(ledger);
    expect(recordOf(ledger)?.active?.preparation?.generation).toBe(2);
    expect(versionAttempt(ledger, ledger.task(id), { auxiliary: undefined }).alarm).toBe(BREAKS);
    expect(versionAttempt(ledger, ledger.task(id)).alarm).toBeUndefined();
    // Nothing is due any more: the generation serves this reshare.
    expect(dueUpkeep(ledger.state, ledger.rules, ledger.timeMs)).toEqual([]);
  });

  test('moves the key to the set of its new participants', () => {
    const ledger = gg20();
    const two = { names: ['node-1', 'node-3'] };
    const asked = { participants: [...two.names], allowNoRedundancy: true };
    const [id = ''] = reshare(ledger, owner, 'treasury', asked).changedTasks;
    expect(recordOf(ledger, two)).toMatchObject({
      requester: owner.spiffeId,
      generating: [{ threshold: 2, count: 1 }],
    });
    prepare(ledger, two);
    makeVersion(ledger, id);
    expect(keyOf(ledger, 'treasury').version).toBe(2);
    expect(recordOf(ledger)?.keys).toEqual([]);
    expect(recordOf(ledger, two)).toMatchObject({
      keys: [{ threshold: 2, count: 1 }],
      generating: [],
      neededAfterIndex: 0n,
    });
    const [sign = ''] = ledger.sign('treasury', 'one', { requester: owner.spiffeId }).changedTasks;
    const value = { ...sessionAttempt(ledger, 'treasury', sign, 1, two.names), version: 2 };
    expect(ledger.command({ $case: 'attempt', value }).alarm).toBeUndefined();
  });

  test('a reshare that fails leaves its set', () => {
    const ledger = gg20();
    const two = { names: ['node-1', 'node-3'] };
    const asked = { participants: [...two.names], allowNoRedundancy: true };
    const [id = ''] = reshare(ledger, owner, 'treasury', asked).changedTasks;
    ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
    expect(recordOf(ledger, two)).toBeUndefined();
    expect(recordOf(ledger)?.keys).toEqual([{ threshold: 2, count: 1 }]);
  });
});

/** The record of a key that is generated with this interval. */
function generated(reshareInterval?: { seconds: bigint; nanos: number }) {
  const ledger = reshareLedger(authority);
  return resharingOf(keyAmong(ledger, 'treasury', { reshareInterval }));
}

/** The answer to a request for a key that is refreshed so often. */
function askedEvery(seconds: bigint, level: number): string {
  const ledger = reshareLedger(authority, undefined, level);
  const request = generateRequest('treasury', { reshareInterval: { seconds, nanos: 0 } });
  const value = ledger.request(METHODS.generateKey, request);
  return reasonOf(ledger.command({ $case: 'request', value }, level));
}

describe('the interval of a key that is generated', () => {
  test('is a day unless its requester says otherwise', () => {
    const { intervalMs, dueMs } = generated();
    expect(intervalMs).toBe(86_400_000n);
    expect(Number(dueMs)).toBeGreaterThanOrEqual(GENESIS_MS + 21_600_000);
    expect(Number(dueMs)).toBeLessThan(GENESIS_MS + 108_000_000);
    expect(generated({ seconds: 3600n, nanos: 0 }).intervalMs).toBe(3_600_000n);
    expect(generated({ seconds: 0n, nanos: 0 })).toMatchObject({ intervalMs: 0n, dueMs: 0n });
  });

  test('is refused out of bounds, and below level 3', () => {
    expect(askedEvery(3600n, 3)).toBe('opened');
    expect(askedEvery(3599n, 3)).toBe('INVALID_INTERVAL');
    expect(askedEvery(3600n, 2)).toBe('INVALID_ENCODING');
  });
});
