import { beforeEach, expect, test } from '@jest/globals';

import { toHex, utf8, type NodeId } from '../../../src/common/index.js';
import { presignatureReadyBytes } from '../../../src/identity/index.js';
import type { Entry, Write } from '../../../src/ports/index.js';
import { encodeCommand } from '../../../src/state/index.js';
import {
  Attempt,
  encode,
  GenerationRecord,
  PresignatureMade,
  ResharingRecord,
  SetRecord,
} from '../../../src/wire/index.js';
import type { Auxiliary, Envelope } from '../../../src/wire/index.js';
import { keyWith, writeOf } from '../../support/builders/active-key.js';
import { Attempts } from '../../simulation/checkers/attempts.js';
import { FreshMaterial } from '../../simulation/checkers/fresh-material.js';
import { PooledPresignatures } from '../../simulation/checkers/pooled-presignatures.js';
import { noCounts, type Counts } from '../../simulation/counts.js';
import { A, B, C, logOf, Scene } from './builders.js';

const naming = { sessionOf: toHex, taskOf: () => '', requestIdOf: () => '' };
const ID = new Uint8Array(32).fill(7);

let scene = new Scene();
let counts: Counts = noCounts();
beforeEach(() => {
  scene = new Scene();
  counts = noCounts();
});

function attemptWith(fields: Partial<Attempt>): Uint8Array {
  const nodes = [A, B].map((nodeId) => ({ nodeId, boot: new Uint8Array(16) }));
  const assignment = { $case: 'boots', value: { nodes } } as const;
  return encodeCommand({ $case: 'attempt', value: Attempt.fromPartial({ assignment, ...fields }) });
}

function logWith(...commands: readonly Uint8Array[]): readonly Entry[] {
  return logOf(
    commands.map(() => 1),
    (index) => commands[index - 1] ?? utf8(''),
  );
}

function attemptsOf(log: readonly Entry[]): Attempts {
  const attempts = new Attempts(naming);
  for (const entry of log) attempts.read(entry);
  return attempts;
}

const sessionAt = (log: readonly Entry[], index: number): Uint8Array =>
  log[index - 1]?.hash ?? utf8('');

/** The entry that tells that all signers have a presignature. */
const TELLS = encodeCommand({
  $case: 'done',
  value: {
    taskId: 'presign',
    attempt: 1,
    material: encode(PresignatureMade, { presignature: ID, ready: [utf8('a'), utf8('b')] }),
  },
});
const USES = attemptWith({ presignature: ID });

function said(kind: string, sessionId: Uint8Array, body = utf8('body')): Envelope {
  const value = { body, signature: new Uint8Array(64) };
  return { sessionId, kind, from: 1, to: 0, content: { $case: 'open', value } };
}

/** A checker whose nodes have this log, and of which these have said READY of the presignature. */
function pooled(log: readonly Entry[], ready: readonly NodeId[]): PooledPresignatures {
  const checker = new PooledPresignatures(attemptsOf(log), [A, B, C], counts, scene.report);
  for (const node of [A, B]) checker.persisted(node, log, undefined);
  for (const node of ready) {
    checker.says(node, said('gg20-presign/ready', utf8('made'), presignatureReadyBytes(ID)));
  }
  return checker;
}

test('PooledPresignatures lets a presignature be used that the log has told of, and counts it once', () => {
  const log = logWith(TELLS, USES);
  const checker = pooled(log, [A, B]);
  for (const node of [A, B, A]) checker.says(node, said('gg20-online/accept', sessionAt(log, 2)));
  expect(scene.said).toEqual([]);
  expect([counts.presignatures, counts.presignaturesUsed]).toEqual([1, 1]);
});

test('PooledPresignatures wants the entry that tells of it before the attempt, in the node’s own log', () => {
  const late = logWith(USES, TELLS);
  pooled(late, [A, B]).says(A, said('gg20-online/accept', sessionAt(late, 1)));
  expect(scene.said).toEqual(['PooledPresignatures']);

  const log = logWith(TELLS, USES);
  const checker = pooled(log, [A, B]);
  checker.persisted(B, [], 1);
  checker.says(A, said('gg20-online/accept', sessionAt(log, 2)));
  expect(scene.said).toHaveLength(1);
  checker.says(B, said('gg20-online/accept', sessionAt(log, 2)));
  expect(scene.said).toHaveLength(2);
});

test('PooledPresignatures wants READY of every honest signer', () => {
  const log = logWith(TELLS, USES);
  pooled(log, [A]).says(A, said('gg20-online/accept', sessionAt(log, 2)));
  expect(scene.said).toEqual(['PooledPresignatures']);

  // Nobody waits for what a malicious signer says.
  const beside = new PooledPresignatures(attemptsOf(log), [A, C], counts, scene.report);
  beside.persisted(A, log, undefined);
  beside.says(A, said('gg20-presign/ready', utf8('made'), presignatureReadyBytes(ID)));
  beside.says(A, said('gg20-online/accept', sessionAt(log, 2)));
  expect(scene.said).toHaveLength(1);
});

test('PooledPresignatures reports a session without a presignature in which one is used', () => {
  const log = logWith(TELLS, attemptWith({}));
  pooled(log, [A, B]).says(A, said('gg20-online/accept', sessionAt(log, 2)));
  expect(scene.said).toEqual(['PooledPresignatures']);
});

const material = (generation: number): Auxiliary => ({
  setId: new Uint8Array(16),
  generation,
  digest: new Uint8Array(32),
});

/** A set whose active generation was begun by the entry at an index. */
function setWith(generation: number, sessionIndex: bigint): Write {
  const active = GenerationRecord.fromPartial({ preparation: material(generation), sessionIndex });
  return [utf8('set/one'), encode(SetRecord, SetRecord.fromPartial({ active }))];
}

/** A version of a key whose attempt has this session, active since the entry at an index. */
function versionAt(version: number, sessionId: Uint8Array, activeIndex: bigint): Write {
  const resharing = ResharingRecord.fromPartial({ activeIndex });
  return writeOf(keyWith({ keyId: 'one', version, sessionId, resharing }));
}

test('FreshMaterial reports a version made with material that was begun before its base was active', () => {
  const log = logWith(
    attemptWith({ auxiliary: material(1) }),
    attemptWith({ auxiliary: material(2) }),
  );
  const checker = new FreshMaterial(attemptsOf(log), scene.report);
  const none = utf8('none');
  checker.persisted(A, [setWith(1, 3n), versionAt(1, none, 5n)]);
  checker.persisted(A, [versionAt(2, sessionAt(log, 2), 9n), setWith(2, 6n)]);
  checker.persisted(B, [versionAt(2, sessionAt(log, 2), 9n)]);
  expect(scene.said).toEqual([]);
  checker.persisted(A, [versionAt(3, sessionAt(log, 2), 12n)]);
  expect(scene.said).toEqual(['FreshMaterial']);
});

test('FreshMaterial looks at each node’s own history, beside a malicious one', () => {
  const log = logWith(attemptWith({ auxiliary: material(1) }));
  const checker = new FreshMaterial(attemptsOf(log), scene.report, { forks: true });
  const none = utf8('none');
  // Of two logs the one has the version before later than the other has this.
  checker.persisted(A, [setWith(1, 3n), versionAt(1, none, 2n)]);
  checker.persisted(B, [versionAt(1, none, 5n)]);
  checker.persisted(A, [versionAt(2, sessionAt(log, 1), 9n)]);
  expect(scene.said).toEqual([]);
  checker.persisted(B, [versionAt(2, sessionAt(log, 1), 9n)]);
  expect(scene.said).toEqual(['FreshMaterial']);
});

test('FreshMaterial has nothing to say of a version that needs no material', () => {
  const log = logWith(attemptWith({}));
  const checker = new FreshMaterial(attemptsOf(log), scene.report);
  checker.persisted(A, [versionAt(1, utf8('none'), 5n)]);
  checker.persisted(A, [versionAt(2, sessionAt(log, 1), 9n)]);
  expect(scene.said).toEqual([]);
});
