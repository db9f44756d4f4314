import { beforeEach, describe, expect, test } from '@jest/globals';

import { nodeId, toHex, utf8, type NodeId } from '../../../src/common/index.js';
import { requestHash } from '../../../src/identity/index.js';
import type { Entry, Write } from '../../../src/ports/index.js';
import { encodeCommand, METHODS, UPKEEP_METHODS } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import {
  Attempt,
  DestroyKeyRequest,
  encode,
  FreshSupplies,
  Installed,
  LifecycleRecord,
  Ready,
  RefreshRequest,
  ResharingRecord,
  Sharing,
  SignRequest,
  TaskRecord,
} from '../../../src/wire/index.js';
import { Attempts } from '../../simulation/checkers/attempts.js';
import { EndedKeys } from '../../simulation/checkers/ended-keys.js';
import { ErasedShares } from '../../simulation/checkers/erased-shares.js';
import { KeyKept } from '../../simulation/checkers/key-kept.js';
import { RefreshEpochs } from '../../simulation/checkers/refresh-epochs.js';
import { VersionsApart } from '../../simulation/checkers/versions-apart.js';
import { noCounts } from '../../simulation/counts.js';
import { requestIdOf } from '../../simulation/requests.js';
import { keyWith, writeOf } from '../../support/builders/active-key.js';
import { A, B, C, logOf, Scene } from './builders.js';

const HOUR_MS = 3_600_000;
const naming = {
  sessionOf: toHex,
  taskOf: (requester: string, requestId: string) => `${requester}/${requestId}`,
  requestIdOf,
};

let scene = new Scene();
beforeEach(() => {
  scene = new Scene();
});

const participants = [A, B, C].map((node) => ({ nodeId: node, identityKey: new Uint8Array(32) }));

/** A version of a key. Its session is its number. */
function version(number: number, fields: Partial<ActiveKey> = {}): ActiveKey {
  return keyWith({
    keyId: 'one',
    threshold: 2,
    version: number,
    baseVersion: number - 1,
    sessionId: Uint8Array.of(number),
    publicKey: Uint8Array.of(9),
    participants,
    ...fields,
  });
}

const written = (key: ActiveKey): Write[] => [writeOf(key)];
const everybody = [A, B, C].map((node) => ({ nodeId: node, signature: new Uint8Array(64) }));

/** A log of these commands. */
function entriesOf(...commands: readonly Uint8Array[]): readonly Entry[] {
  return logOf(
    commands.map(() => 1),
    (index) => commands[index - 1] ?? new Uint8Array(0),
  );
}

/** The entry of a Sign with its attempt, of which `number` is the key's version. */
function signing(number: number, supply = number): readonly Entry[] {
  const request = encode(
    SignRequest,
    SignRequest.fromPartial({ requestId: `of ${number}`, keyId: 'one' }),
  );
  const supplies = [{ nodeId: A, boot: new Uint8Array(16), counter: BigInt(supply), parts: [] }];
  const firstAttempt = Attempt.fromPartial({
    number: 1,
    requestHash: requestHash(METHODS.sign, request),
    version: number,
    sharingSession: Uint8Array.of(number),
    assignment: { $case: 'supplies', value: { supplies } },
  });
  const voucher = {
    nodeId: A,
    spiffeId: 'spiffe://quorate/app/one',
    expireTimeMs: 1n,
    signature: new Uint8Array(64),
  };
  const authorization = { by: { $case: 'voucher', value: voucher } } as const;
  const value = { method: METHODS.sign, request, authorization, firstAttempt };
  return entriesOf(encodeCommand({ $case: 'request', value }));
}

function attemptsOf(log: readonly Entry[]): { attempts: Attempts; session: string } {
  const attempts = new Attempts(naming);
  for (const entry of log) attempts.read(entry);
  return { attempts, session: toHex(log.at(-1)?.hash ?? new Uint8Array(0)) };
}

const ready = (number: number, fields: Partial<Sharing> = {}): Uint8Array => {
  const sharing = Sharing.fromPartial({
    keyId: 'one',
    version: number,
    sessionId: Uint8Array.of(number),
    publicKey: Uint8Array.of(9),
    participants,
    ...fields,
  });
  return encodeCommand({ $case: 'ready', value: Ready.fromPartial({ nodeId: A, sharing }) });
};

const installed = (node: NodeId, number: number): Uint8Array => {
  const value = Installed.fromPartial({
    nodeId: node,
    keyId: 'one',
    sessionId: Uint8Array.of(number),
    version: number,
  });
  return encodeCommand({ $case: 'installed', value });
};

const retired = (fields: Partial<LifecycleRecord> = {}): ActiveKey =>
  version(1, { lifecycle: LifecycleRecord.fromPartial(fields) });

const published = (number: number, counter = number): FreshSupplies => ({
  keyId: 'one',
  version: number,
  supplies: [{ nodeId: A, boot: new Uint8Array(16), counter: BigInt(counter), parts: [] }],
});

/** A refresh as the state remembers it, without its request. */
const refreshed = (task: string, timeMs: number): Write => {
  const record = TaskRecord.fromPartial({
    taskId: task,
    kind: 'refresh',
    keyId: 'one',
    method: UPKEEP_METHODS.refresh,
    createTimeMs: BigInt(timeMs),
    outcome: { $case: 'result', value: Uint8Array.of(1) },
  });
  return [utf8(`task/${task}`), encode(TaskRecord, record)];
};

describe('ErasedShares', () => {
  test('reports a share that goes before all have installed a later version in the node’s own log', () => {
    const checker = new ErasedShares(scene.report);
    const all = [A, B, C].map((node) => installed(node, 2));
    checker.persisted(A, entriesOf(ready(1), ready(2), ...all), written(version(1)));
    checker.persisted(B, entriesOf(ready(1), ready(2), ...all.slice(1)), written(version(2)));

    expect(checker.erased(A, 'one', '01')).toBe(true);
    // Of a session that was never active.
    expect(checker.erased(B, 'one', '03')).toBe(false);
    expect(scene.said).toEqual([]);
    expect(checker.erased(B, 'one', '01')).toBe(false);
    expect(scene.said).toEqual(['ErasedShares']);
    checker.erased(A, 'one', '02');
    expect(scene.said).toEqual(['ErasedShares', 'ErasedShares']);
  });

  test('counts no word that a malicious leader says in another’s name, nor one that says otherwise of a sharing', () => {
    const checker = new ErasedShares(scene.report, ({ nodeId: node }) => node !== C);
    const all = [A, B, C].map((node) => installed(node, 2));
    checker.persisted(A, entriesOf(ready(1), ready(2), ...all), written(version(2)));
    checker.persisted(A, entriesOf(ready(2, { participants: [] })), written(version(1)));
    expect(checker.erased(A, 'one', '01')).toBe(false);
    expect(scene.said).toEqual(['ErasedShares']);
  });

  test('lets the shares of a key go that the log destroys', () => {
    const checker = new ErasedShares(scene.report);
    const request = encode(DestroyKeyRequest, {
      requestId: 'end',
      keyId: 'one',
      confirmKeyId: 'one',
    });
    const of = { authorization: undefined, firstAttempt: undefined };
    const value = { method: METHODS.destroyKey, request, ...of };
    const destroy = encodeCommand({ $case: 'request', value });
    checker.persisted(A, entriesOf(ready(1), destroy), written(version(1)));
    checker.persisted(B, entriesOf(ready(1)), written(version(1)));
    checker.erased(A, 'one', '01');
    expect(scene.said).toEqual([]);
    checker.erased(B, 'one', '01');
    expect(scene.said).toEqual(['ErasedShares']);
  });

  test('reports, in the end, a share of a version before one that all have installed', () => {
    const checker = new ErasedShares(scene.report);
    const other = { sessionId: Uint8Array.of(8), publicKey: Uint8Array.of(7) };
    checker.persisted(A, entriesOf(ready(1), ready(1, other), ready(2)), written(version(1)));
    const keys = new KeyKept({ has: () => true, makeKey: async () => true }, scene.report);
    const shares = {
      has: () => true,
      makeKey: async () => true,
      // An attempt at the first version, beaten by another, has made a share of another public key.
      sessionsOf: (node: NodeId) => (node === B ? ['01', '02', '08'] : ['02', '08']),
    };
    keys.persisted(A, written(version(2)));
    checker.concluded(scene.nodes, shares, keys);
    expect(scene.said).toEqual([]);
    keys.persisted(A, written(version(2, { installed: everybody })));
    checker.concluded(scene.nodes, shares, keys);
    expect(scene.said).toEqual(['ErasedShares']);
  });
});

describe('EndedKeys', () => {
  test('reports a first share of a key that the node’s own state has as retired', () => {
    const { attempts, session } = attemptsOf(signing(1));
    const counts = noCounts();
    const shares = { sessionsOf: () => [] };
    const checker = new EndedKeys(attempts, shares, scene.nodes, counts, scene.report);
    checker.persisted(A, written(version(1)));
    checker.share(A, session);
    checker.persisted(A, written(retired()));
    checker.persisted(B, written(retired()));
    // It is sent again, and C does not know yet.
    checker.share(A, session);
    checker.share(C, session);
    expect(scene.said).toEqual([]);
    checker.share(B, session);
    expect(scene.said).toEqual(['EndedKeys']);
    checker.persisted(A, written(version(1)));
    expect([counts.retiredKeys, counts.restoredKeys]).toEqual([1, 1]);
  });

  test('reports a share that is there, or comes again, after its node has said that it has none', () => {
    const { attempts } = attemptsOf([]);
    const counts = noCounts();
    const left = new Map<string, readonly string[]>([[A, ['01']]]);
    const sessionsOf = (node: NodeId): readonly string[] => left.get(node) ?? [];
    const checker = new EndedKeys(attempts, { sessionsOf }, scene.nodes, counts, scene.report);
    const said = everybody.slice(1);
    checker.persisted(C, written(retired({ holders: participants, destroyed: said })));
    expect(scene.said).toEqual([]);
    checker.kept(A, 'one');
    expect([scene.said, counts.destroyedKeys]).toEqual([[], 0]);
    checker.kept(B, 'one');
    expect(scene.said).toEqual(['EndedKeys']);
    checker.persisted(C, written(retired({ holders: participants, destroyed: everybody })));
    expect([scene.said.length, counts.destroyedKeys]).toEqual([2, 1]);
  });
});

test('EndedKeys has nothing to say of a node that is not honest', () => {
  const { attempts } = attemptsOf([]);
  const shares = { sessionsOf: () => ['01'] };
  const checker = new EndedKeys(attempts, shares, [B, C], noCounts(), scene.report);
  checker.persisted(
    C,
    written(retired({ holders: participants, destroyed: everybody.slice(0, 1) })),
  );
  checker.kept(A, 'one');
  expect(scene.said).toEqual([]);
});

describe('VersionsApart', () => {
  test('reports a share for an attempt with nonces of another version, or of another sharing', () => {
    const log = [signing(1), signing(2), signing(2, 1)].map(attemptsOf);
    const [first, second, mixed] = log.map(({ attempts, session }) => {
      const checker = new VersionsApart(attempts, noCounts(), scene.report);
      checker.published(published(1));
      checker.published(published(2));
      checker.persisted(A, written(version(1)));
      checker.persisted(A, written(version(2)));
      return { checker, session };
    });
    first?.checker.share(A, first.session);
    second?.checker.share(A, second.session);
    expect(scene.said).toEqual([]);
    mixed?.checker.share(A, mixed.session);
    expect(scene.said).toEqual(['VersionsApart']);
    second?.checker.persisted(A, written(version(2, { sessionId: Uint8Array.of(7) })));
    second?.checker.share(B, second.session);
    expect(scene.said).toEqual(['VersionsApart', 'VersionsApart']);
  });

  test('has each node answer for its own nonces and its own state, beside a malicious one', () => {
    const { attempts, session } = attemptsOf(signing(2, 1));
    const checker = new VersionsApart(attempts, noCounts(), scene.report, { forks: true });
    checker.published(published(1));
    checker.persisted(A, written(version(2)));
    checker.persisted(C, written(version(2, { sessionId: Uint8Array.of(7) })));
    // The nonce of another version is another node's, whom a malicious leader named.
    checker.share(B, session);
    expect(scene.said).toEqual([]);
    checker.share(A, session);
    expect(scene.said).toEqual(['VersionsApart']);
    checker.share(C, session);
    expect(scene.said).toEqual(['VersionsApart', 'VersionsApart']);
  });

  test('counts versions after the first', () => {
    const counts = noCounts();
    const checker = new VersionsApart(new Attempts(naming), counts, scene.report);
    for (const number of [1, 2, 2, 3]) checker.persisted(A, written(version(number)));
    expect(counts.newVersions).toBe(2);
  });
});

describe('RefreshEpochs', () => {
  test('reports a key that is refreshed twice in one of its intervals, but for a culprit', () => {
    const counts = noCounts();
    const checker = new RefreshEpochs(naming, counts, scene.report);
    const resharing = ResharingRecord.fromPartial({ intervalMs: BigInt(HOUR_MS) });
    checker.persisted(A, [], written(version(1, { resharing })));
    // By SHA-256 of refresh/one the key's place is somewhere in the hour: two hours have it apart in any case.
    const times = [0, 2 * HOUR_MS, 4 * HOUR_MS];
    for (const [at, timeMs] of times.entries()) {
      checker.persisted(A, [], [refreshed(`task-${at}`, timeMs)]);
      checker.persisted(B, [], [refreshed(`task-${at}`, timeMs)]);
    }
    const culprit = { nodeId: nodeId('node-2'), evidence: Uint8Array.of(1) };
    const request = encode(RefreshRequest, { keyId: 'one', version: 2, culprit });
    const upkeep = { method: UPKEEP_METHODS.refresh, request };
    const [entry, ...none] = entriesOf(encodeCommand({ $case: 'upkeep', value: upkeep }));
    const opened = toHex(entry?.hash ?? new Uint8Array(0));
    expect(none).toEqual([]);
    checker.persisted(A, entry === undefined ? [] : [entry], [refreshed(`/${opened}`, 0)]);
    expect([scene.said, counts.refreshes]).toEqual([[], 3]);
    checker.persisted(A, [], [refreshed('again', 1)]);
    expect(scene.said).toEqual(['RefreshEpochs']);
  });

  test('looks at each node’s own history, beside a malicious one', () => {
    const counts = noCounts();
    const checker = new RefreshEpochs(naming, counts, scene.report, { forks: true });
    const resharing = ResharingRecord.fromPartial({ intervalMs: BigInt(HOUR_MS) });
    for (const node of [A, B]) checker.persisted(node, [], written(version(1, { resharing })));
    // Of two logs each has its own refresh.
    checker.persisted(A, [], [refreshed('one', 0)]);
    checker.persisted(B, [], [refreshed('another', 0)]);
    expect([scene.said, counts.refreshes]).toEqual([[], 1]);
    checker.persisted(B, [], [refreshed('again', 1)]);
    expect(scene.said).toEqual(['RefreshEpochs']);
  });
});
