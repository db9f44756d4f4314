import { beforeEach, expect, test } from '@jest/globals';

import { nodeId, toHex, utf8 } from '../../../src/common/index.js';
import type { Entry, Persist, Write } from '../../../src/ports/index.js';
import { encodeCommand } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { keyWith, writeOf } from '../../support/builders/active-key.js';
import {
  Attempt,
  Authorization,
  encode,
  LifecycleRecord,
  SignRequest,
} from '../../../src/wire/index.js';
import { Attempts } from '../../simulation/checkers/attempts.js';
import { ClaimWatch } from '../../simulation/checkers/claim-watch.js';
import { Claim } from '../../simulation/checkers/claim.js';
import { KeyKept } from '../../simulation/checkers/key-kept.js';
import type { GenesisRules } from '../../simulation/checkers/genesis-rules.js';
import { OwnHistory } from '../../simulation/checkers/own-history.js';
import { noCounts } from '../../simulation/counts.js';
import { requestIdOf } from '../../simulation/requests.js';
import { A, B, C, logOf, Scene, status } from './builders.js';

const LIAR = nodeId('node-9');
const EXPIRE_MS = 2_000;
const METHOD = '/quorate.v1.SigningService/Sign';
const REQUESTER = 'spiffe://quorate/app/one';
const naming = {
  sessionOf: toHex,
  taskOf: (requester: string, requestId: string) => `${requester}/${requestId}`,
  requestIdOf,
};
const hashOf = (_: string, request: Uint8Array): Uint8Array => request.slice(0, 4);

let scene = new Scene();
beforeEach(() => {
  scene = new Scene();
});

const signRequest = (id: string): Uint8Array =>
  encode(SignRequest, {
    requestId: id,
    keyId: 'key',
    payload: { $case: 'message', value: utf8(id) },
    derivationPath: [],
    hash: 0,
  });

function entryOf(id: string, content = signRequest(id)): Uint8Array {
  const voucher = {
    nodeId: A,
    spiffeId: REQUESTER,
    expireTimeMs: BigInt(EXPIRE_MS),
    signature: new Uint8Array(64),
  };
  const value = {
    method: METHOD,
    request: signRequest(id),
    authorization: { by: { $case: 'voucher', value: voucher } },
    firstAttempt: Attempt.fromPartial({ number: 1, requestHash: hashOf(METHOD, content) }),
  } as const;
  return encodeCommand({ $case: 'request', value });
}

/** A checker that has read these entries, all of which have `voucher`'s word, or the signature of `signer`. */
function claimOf(log: readonly Entry[], voucher: typeof A | undefined, signer?: string): Claim {
  const genesisRules: GenesisRules = {
    voucherOf: () => voucher,
    signerOf: () => signer,
    requestHash: hashOf,
    culpritOf: () => undefined,
  };
  const attempts = new Attempts(naming);
  const claim = new Claim(scene, attempts, naming, genesisRules, scene.report);
  claim.asked(A, { method: METHOD, request: signRequest('asked'), requester: REQUESTER });
  for (const entry of log) {
    attempts.read(entry);
    claim.read(entry);
  }
  return claim;
}

const last = (log: readonly Entry[]): string => toHex(log.at(-1)?.hash ?? new Uint8Array(0));

test('Claim accepts a share for a client’s request at an honest node, and reports one without a request', () => {
  const asked = logOf([1], () => entryOf('asked'));
  scene.write(B, { entries: asked });
  claimOf(asked, A).share(B, last(asked));
  expect(scene.said).toEqual([]);

  claimOf(
    logOf([1], () => entryOf('made-up')),
    A,
  );
  expect(scene.said).toEqual(['Claim']);
});

test('Claim accepts a malicious node’s voucher, and reports a share without any voucher', () => {
  const log = logOf([1], () => entryOf('made-up'));
  scene.write(B, { entries: log });
  claimOf(log, LIAR).share(B, last(log));
  expect(scene.said).toEqual([]);

  claimOf(log, undefined).share(B, last(log));
  expect(scene.said).toEqual(['Claim']);
});

test('Claim accepts a request that its requester has signed, and reports a share where the signature is nobody’s', () => {
  const request = signRequest('signed');
  const value = Authorization.fromPartial({ expireTimeMs: BigInt(EXPIRE_MS) });
  const authorization = { by: { $case: 'signed', value } } as const;
  const asked = { method: METHOD, request, authorization, firstAttempt: undefined };
  const attempt = Attempt.fromPartial({
    taskId: `${REQUESTER}/signed`,
    number: 1,
    requestHash: hashOf(METHOD, request),
  });
  const log = logOf([1, 1], (index) =>
    encodeCommand(
      index === 1 ? { $case: 'request', value: asked } : { $case: 'attempt', value: attempt },
    ),
  );
  scene.write(B, { entries: log });
  claimOf(log, undefined, REQUESTER).share(B, last(log));
  expect(scene.said).toEqual([]);

  claimOf(log, A).share(B, last(log));
  expect(scene.said).toEqual(['Claim']);
});

test('Claim reports a share whose request is not in its sender’s own log', () => {
  const log = logOf([1], () => entryOf('asked'));
  scene.write(A, { entries: log });
  claimOf(log, A).share(B, last(log));
  expect(scene.said).toEqual(['Claim']);
});

test('Claim reports a share for another content than the request has', () => {
  const log = logOf([1], () => entryOf('asked', signRequest('other words')));
  scene.write(B, { entries: log });
  claimOf(log, A).share(B, last(log));
  expect(scene.said).toEqual(['Claim']);
});

test('Claim reports a share after the life of its request, by its sender’s clock', () => {
  const log = logOf([1], () => entryOf('asked'));
  scene.write(B, { entries: log });
  scene.clockMs = EXPIRE_MS;
  claimOf(log, A).share(B, last(log));
  expect(scene.said).toEqual(['Claim']);
});

const state = (value: number): Write[] => [[Uint8Array.of(1), Uint8Array.of(value)]];

test('OwnHistory accepts two logs, and reports another state after the same log', () => {
  const checker = new OwnHistory(scene, scene.report);
  const write = (node: typeof A, batch: Partial<Persist>): void => {
    scene.write(node, batch);
    checker.persisted(node, batch.truncateFrom);
  };
  write(A, { entries: logOf([1, 1]), writes: state(1), applied: 2 });
  write(B, { entries: logOf([1, 2]), writes: state(2), applied: 2 });
  expect(scene.said).toEqual([]);

  write(C, { entries: logOf([1, 1]), writes: state(3), applied: 2 });
  expect(scene.said).toEqual(['OwnHistory']);
});

test('OwnHistory reports a node that takes back an applied entry, or its commit index', () => {
  const checker = new OwnHistory(scene, scene.report);
  scene.write(A, { entries: logOf([1, 1, 1]), applied: 2 });
  checker.persisted(A, undefined);
  checker.status(A, status(1, 3, undefined, 2));
  checker.status(A, status(1, 2, undefined, 2));
  expect(scene.said).toEqual(['OwnHistory']);

  scene.write(A, { truncateFrom: 2, entries: logOf([1, 2]).slice(1), applied: 2 });
  checker.persisted(A, 2);
  expect(scene.said.length).toBeGreaterThan(1);
});

function key(session: number, publicKey: number, installed: readonly string[]): ActiveKey {
  return keyWith({
    keyId: 'one',
    threshold: 2,
    version: 1,
    sessionId: Uint8Array.of(session),
    publicKey: Uint8Array.of(publicKey),
    participants: [A, B, LIAR].map((node) => ({ nodeId: node, identityKey: new Uint8Array(32) })),
    installed: installed.map((node) => ({ nodeId: node, signature: new Uint8Array(64) })),
  });
}

const written = (record: ActiveKey): Write[] => [writeOf(record)];

test('KeyKept, beside a malicious node, checks the honest shares, and complete certificates', async () => {
  const holders = new Set([A]);
  const shares = { has: (node: typeof A) => holders.has(node), makeKey: async () => true };
  const checker = new KeyKept(shares, scene.report, [A, B]);
  checker.persisted(A, written(key(1, 1, [LIAR])));
  checker.persisted(B, written(key(2, 2, [LIAR])));
  expect(scene.said).toEqual([]);

  await checker.prove();
  expect(scene.said).toEqual(['KeyKept', 'KeyKept']);
  holders.add(B);
  await checker.proveAll();
  expect(scene.said).toHaveLength(2);

  checker.persisted(A, written(key(1, 1, [LIAR, A])));
  checker.persisted(B, written(key(2, 2, [LIAR, B])));
  // Two sharings of one version, and two public keys.
  expect(scene.said).toHaveLength(3);
});

test('KeyKept, beside a malicious node, demands the shares of each version until the next is installed by all', async () => {
  const kept = new Set(['01', '02']);
  const shares = {
    has: (_: unknown, __: string, session: string) => kept.has(session),
    makeKey: async () => true,
  };
  const checker = new KeyKept(shares, scene.report, [A, B]);
  const second = (installed: readonly string[]): ActiveKey => ({
    ...key(2, 1, installed),
    version: 2,
    baseVersion: 1,
  });
  checker.persisted(A, written(key(1, 1, [A, B, LIAR])));
  checker.persisted(A, written(second([A, LIAR])));
  await checker.proveAll();
  expect(scene.said).toEqual([]);

  kept.delete('01');
  await checker.proveAll();
  expect(scene.said).toEqual(['KeyKept']);

  checker.persisted(B, written(second([A, B, LIAR])));
  await checker.proveAll();
  expect(scene.said).toEqual(['KeyKept']);

  checker.persisted(B, written({ ...second([A, B, LIAR]), publicKey: Uint8Array.of(2) }));
  expect(scene.said).toEqual(['KeyKept', 'KeyKept', 'KeyKept']);
});

/** A watch over disks that have shares of these sessions. */
function watchOf(sessions: readonly string[]): ClaimWatch {
  return new ClaimWatch({
    now: () => 0,
    facts: scene,
    naming,
    shares: { has: () => true, makeKey: async () => true, sessionsOf: () => sessions },
    readShare: () => undefined,
    genesisRules: { voucherOf: () => undefined, requestHash: hashOf, culpritOf: () => undefined },
    counts: noCounts(),
    report: scene.report,
  });
}

test('beside a malicious node the versions and the ends of keys are watched, too', () => {
  const watch = watchOf(['01']);
  const log = logOf([1, 1, 1]);
  const persist = (index: number, record: ActiveKey): void => {
    const entries = log.slice(index - 1, index);
    watch.persisted(A, scene.write(A, { entries, writes: written(record), applied: index }));
  };
  const first = { ...key(1, 1, []), baseVersion: 0 };
  persist(1, first);
  persist(2, { ...key(2, 1, [A, B, LIAR]), version: 2, baseVersion: 1 });
  expect([scene.said, watch.followsInMs()]).toEqual([[], 60_000]);
  // All have installed the second version, and there are still shares of the first.
  watch.concluded();
  expect(scene.said).toEqual(['ErasedShares', 'ErasedShares', 'ErasedShares']);

  const destroyed = [{ nodeId: B, signature: new Uint8Array(64) }];
  const lifecycle = LifecycleRecord.fromPartial({ holders: first.participants, destroyed });
  persist(3, { ...first, keyId: 'two', lifecycle });
  watch.shareKept(B, 'two');
  expect(scene.said.slice(3)).toEqual(['EndedKeys', 'EndedKeys']);
});

test('an alarm may name the malicious node, and no honest one', () => {
  const watch = watchOf([]);
  watch.alarm(A, 'a node is proved to have lied', { peer: LIAR });
  watch.alarm(A, 'An append breaks the chain of hashes', { peer: B });
  expect(scene.said).toEqual([]);

  watch.alarm(A, 'a node is proved to have lied', { peer: B });
  watch.alarm(A, 'a protocol session was aborted', { culprits: `${LIAR} ${C}` });
  watch.alarm(A, 'an own signature share failed its check', {});
  expect(scene.said).toEqual(['Blame', 'Blame', 'Blame']);
});
