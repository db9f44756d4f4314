import { beforeEach, expect, test } from '@jest/globals';

import { toHex, utf8, type NodeId } from '../../../src/common/index.js';
import { encodeCommand } from '../../../src/state/index.js';
import { Attempt, encodeTaskMessage, type Envelope } from '../../../src/wire/index.js';
import { Attempts } from '../../simulation/checkers/attempts.js';
import { SessionOrder } from '../../simulation/checkers/session-order.js';
import { SessionShares, type MadeOf } from '../../simulation/checkers/session-shares.js';
import { FalseProofs } from '../../simulation/gg20/false-proofs.js';
import { A, B, C, logOf, Scene } from './builders.js';

let scene = new Scene();
beforeEach(() => {
  scene = new Scene();
});

/** A log of attempts that name runs of A and B, and no supplies. */
const LOG = logOf([1, 1], () => {
  const nodes = [A, B].map((nodeId) => ({ nodeId, boot: new Uint8Array(16) }));
  const assignment = { $case: 'boots', value: { nodes } } as const;
  return encodeCommand({ $case: 'attempt', value: Attempt.fromPartial({ assignment }) });
});
const [FIRST = utf8(''), SECOND = utf8('')] = LOG.map(({ hash }) => hash);

function attempts(): Attempts {
  const known = new Attempts({ sessionOf: toHex, taskOf: () => '', requestIdOf: () => '' });
  for (const entry of LOG) known.read(entry);
  return known;
}

function message(kind: string, text = 'body', to = 0): Envelope {
  const value = { body: utf8(text), signature: new Uint8Array(64) };
  return { sessionId: FIRST, kind, from: 1, to, content: { $case: 'open', value } };
}

function order(honest: readonly NodeId[] = [A, B, C]): SessionOrder {
  return new SessionOrder(attempts(), honest, scene.report);
}

test('SessionOrder wants every echo before what depends on the key is shown', () => {
  const checker = order();
  const echoes = ['nonce-echo', 'sums-echo', 'gamma-echo', 'rb-echo'];
  for (const kind of ['nonce', 'answer', 'sums', 'gamma', 'rb', ...echoes.slice(0, 3)]) {
    for (const node of [A, B]) checker.says(node, message(`gg20-sign/${kind}`));
  }
  expect(scene.said).toEqual(['SessionOrder', 'SessionOrder', 'SessionOrder', 'SessionOrder']);
  scene.said.length = 0;

  checker.says(A, message('gg20-sign/s'));
  expect(scene.said).toEqual(['SessionOrder']);
  checker.says(A, message('gg20-sign/rb-echo'));
  checker.says(B, message('gg20-sign/s'));
  expect(scene.said).toHaveLength(1);
});

test('SessionOrder wants READY, or ACCEPT, of every other honest signer before a share', () => {
  const checker = order();
  checker.shares(A, toHex(FIRST));
  expect(scene.said).toEqual(['SessionOrder']);

  checker.says(B, message('gg20-online/accept'));
  checker.shares(A, toHex(FIRST));
  expect(scene.said).toHaveLength(1);
  checker.shares(B, toHex(FIRST));
  expect(scene.said).toHaveLength(2);

  // Nobody waits for what a malicious signer says.
  const beside = order([B, C]);
  beside.says(B, message('gg20-online/accept'));
  beside.shares(B, toHex(FIRST));
  expect(scene.said).toHaveLength(2);
});

test('SessionOrder wants a message again byte for byte', () => {
  const checker = order();
  checker.says(A, message('prepare/commit'));
  checker.says(A, message('prepare/commit'));
  checker.says(A, message('prepare/commit', 'another', 2));
  expect(scene.said).toEqual([]);
  checker.says(A, message('prepare/commit', 'another'));
  expect(scene.said).toEqual(['SessionOrder']);
});

function read([presignature = 0, nonce = 0]: Uint8Array): MadeOf {
  return { presignature: `p${presignature}`, nonce: `n${nonce}` };
}

test('SessionShares finds a presignature, and a nonce, in two sessions', () => {
  const checker = new SessionShares(attempts(), read, scene.report);
  const [first, second] = [toHex(FIRST), toHex(SECOND)];
  expect(checker.share(A, first, Uint8Array.of(1, 1))).toBe(true);
  expect(checker.share(A, first, Uint8Array.of(1, 1))).toBe(false);
  expect(checker.share(B, first, Uint8Array.of(1, 1))).toBe(true);
  expect(scene.said).toEqual([]);

  checker.share(A, second, Uint8Array.of(1, 1));
  expect(scene.said).toEqual(['SingleUse']);
  checker.share(B, second, Uint8Array.of(2, 1));
  expect(scene.said.slice(1)).toEqual(['SingleUse', 'SingleUse']);
  checker.share(B, first, Uint8Array.of(1, 1, 9));
  expect(scene.said).toHaveLength(4);
  checker.share(C, first, Uint8Array.of(1, 1));
  expect(scene.said).toHaveLength(5);
});

test('SessionShares finds a presignature of which two nodes give shares in two sessions', () => {
  const checker = new SessionShares(attempts(), read, scene.report);
  checker.share(A, toHex(FIRST), Uint8Array.of(1, 1));
  expect(scene.said).toEqual([]);
  checker.share(B, toHex(SECOND), Uint8Array.of(1, 1));
  expect(scene.said).toEqual(['SingleUse']);
});

test('FalseProofs hears of a node that goes on after a false message, and of no other', () => {
  const checker = new FalseProofs(scene.report);
  const passed: NodeId[] = [];
  const speakers = [A, B].map((node) =>
    checker.watching(node, { send: () => void passed.push(node) }),
  );
  const say = (kind: string): void => {
    const value = message(kind);
    const bytes = encodeTaskMessage({ message: { $case: 'envelope', value } });
    for (const speaker of speakers) speaker.send(C, 'tasks', bytes);
  };
  checker.sent(toHex(FIRST), 'gg20-sign/answer to each', A);
  say('gg20-sign/answer');
  expect(scene.said).toEqual([]);
  say('gg20-sign/sums');
  expect(scene.said).toEqual(['FalseProof']);
  expect(passed).toEqual([A, B, A, B]);
});
