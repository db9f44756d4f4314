import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Call } from '../../../src/client/call.js';
import type { Link, Nodes } from '../../../src/client/call.js';
import { GrpcFailure } from '../../../src/client/errors.js';
import {
  HEDGE_AFTER_MS,
  ROUND_PAUSE_MS_MAX,
  TIMEOUT_MS_DEFAULT,
  UNREACHED_MS_MAX,
} from '../../../src/client/limits.js';
import { NodeProblem } from '../../../src/client/node-problem.js';
import type { Asking } from '../../../src/client/unary.js';
import { untilOf } from '../../../src/client/until.js';
import { utf8 } from '../../../src/common/index.js';
import { ErrorInfo, encode, Status } from '../../../src/wire/index.js';

const asking: Asking = { path: '/x/Y', headers: {}, request: utf8('the same bytes') };
const ANSWER = utf8('answer');
const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const libraryTimesOut = (): Promise<never> =>
  Promise.reject(new GrpcFailure(DEADLINE_EXCEEDED, 'Deadline exceeded'));

/** A node that does as the test says, and keeps what it was asked. */
class FakeNode implements Link {
  readonly label: string;
  readonly isOpen: boolean;
  readonly asked: { readonly asking: Asking; readonly signal: AbortSignal }[] = [];
  answer: (() => Promise<Uint8Array>) | undefined;

  constructor(label: string, answer?: () => Promise<Uint8Array>, isOpen = true) {
    this.label = label;
    this.answer = answer;
    this.isOpen = isOpen;
  }

  ask(what: Asking, _timeoutMs: number, signal: AbortSignal): Promise<Uint8Array> {
    this.asked.push({ asking: what, signal });
    return this.answer?.() ?? new Promise(() => undefined);
  }
}

const answers = () => Promise.resolve(ANSWER);
const refuses = () => Promise.reject(new NodeProblem('refused', 'refused the connection'));
const untrusted = () => Promise.reject(new NodeProblem('untrusted', 'is no node'));
const says =
  (code: number, reason: string, message = 'Said by a node') =>
  () => {
    const value = encode(ErrorInfo, { reason, domain: 'quorate', metadata: new Map() });
    const details = [{ typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value }];
    return Promise.reject(
      new GrpcFailure(code, message, encode(Status, { code, message, details })),
    );
  };

function nodesOf(links: readonly FakeNode[], hedges = 10): Nodes {
  let left = hedges;
  return { links, first: 0, takeHedge: () => left-- > 0 };
}

function call(nodes: Nodes, timeoutMs: number = TIMEOUT_MS_DEFAULT, waitForReady?: boolean) {
  const running = new Call(nodes, asking, untilOf({ timeoutMs, waitForReady })).run();
  return running.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

describe('a call that does not wait for a node to be ready', () => {
  test('a call fails as soon as all nodes have refused the connection, with why', async () => {
    const all = ['a', 'b'].map((label) => new FakeNode(label, refuses));
    // No time passes: the clock is the test's.
    expect(await call(nodesOf(all), TIMEOUT_MS_DEFAULT, false)).toMatchObject({
      error: {
        message: '0 of 2 nodes reachable: a refused the connection, b refused the connection',
      },
    });
    expect(all.map(({ asked }) => asked.length)).toEqual([1, 1]);
  });

  test('a node that closes the connection is there, and is asked again', async () => {
    const node = new FakeNode('a', () =>
      Promise.reject(new NodeProblem('closed', 'closed the connection')),
    );
    const ended = call(nodesOf([node]), TIMEOUT_MS_DEFAULT, false);
    await jest.advanceTimersByTimeAsync(0);
    node.answer = answers;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await ended).toEqual({ value: ANSWER });
    expect(node.asked).toHaveLength(2);
  });
});

describe('a participant that the leader does not reach', () => {
  const unreached = says(UNAVAILABLE, 'PARTICIPANT_UNREACHABLE');

  test('a call ends with that after a few seconds, long before its time is over', async () => {
    const all = ['a', 'b'].map((label) => new FakeNode(label, unreached));
    const ended = call(nodesOf(all), 600_000);
    await jest.advanceTimersByTimeAsync(UNREACHED_MS_MAX + 2 * ROUND_PAUSE_MS_MAX);
    expect(await ended).toMatchObject({ error: { reason: 'PARTICIPANT_UNREACHABLE' } });
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a call goes on when the participant is there again in time', async () => {
    const all = ['a', 'b'].map((label) => new FakeNode(label, unreached));
    const ended = call(nodesOf(all));
    await jest.advanceTimersByTimeAsync(UNREACHED_MS_MAX / 2);
    for (const node of all) node.answer = answers;
    await jest.advanceTimersByTimeAsync(2 * ROUND_PAUSE_MS_MAX);
    expect(await ended).toEqual({ value: ANSWER });
  });

  test('a call that does not wait for nodes to be ready ends with the first such word', async () => {
    const all = ['a', 'b'].map((label) => new FakeNode(label, unreached));
    expect(await call(nodesOf(all), TIMEOUT_MS_DEFAULT, false)).toMatchObject({
      error: { reason: 'PARTICIPANT_UNREACHABLE' },
    });
    expect(all.map(({ asked }) => asked.length)).toEqual([1, 0]);
  });

  test('a call without a leader is asked again for all of its time', async () => {
    const node = new FakeNode('a', says(UNAVAILABLE, 'NO_LEADER'));
    const ended = call(nodesOf([node]), 20_000);
    await jest.advanceTimersByTimeAsync(19_000);
    node.answer = answers;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await ended).toEqual({ value: ANSWER });
  });
});

describe('a node that is silent', () => {
  test('a call gives the same bytes to the next node after some seconds, and takes the first answer', async () => {
    const [frozen, well, third] = [
      new FakeNode('a'),
      new FakeNode('b', answers),
      new FakeNode('c'),
    ];
    const nodes = nodesOf([frozen, well, third]);
    const ended = call(nodes);

    await jest.advanceTimersByTimeAsync(HEDGE_AFTER_MS - 1);
    expect(well.asked).toHaveLength(0);
    await jest.advanceTimersByTimeAsync(1);

    expect(await ended).toEqual({ value: ANSWER });
    expect(well.asked[0]?.asking).toBe(frozen.asked[0]?.asking);
    expect(frozen.asked[0]?.signal.aborted).toBe(true);
    expect(nodes.first).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a call is at work on at most two nodes, however silent they are', async () => {
    const all = ['a', 'b', 'c'].map((label) => new FakeNode(label));
    const ended = call(nodesOf(all), HEDGE_AFTER_MS * 5);
    await jest.advanceTimersByTimeAsync(HEDGE_AFTER_MS * 4);
    expect(all.map(({ asked }) => asked.length)).toEqual([1, 1, 0]);
    await jest.advanceTimersByTimeAsync(HEDGE_AFTER_MS);
    await ended;
  });

  test('a call whose second node cannot do it goes on to the third, while the first is silent', async () => {
    const silent = new FakeNode('a');
    const all = [
      silent,
      new FakeNode('b', says(UNAVAILABLE, 'NO_LEADER')),
      new FakeNode('c', answers),
    ];
    const ended = call(nodesOf(all));
    await jest.advanceTimersByTimeAsync(HEDGE_AFTER_MS);
    expect(await ended).toEqual({ value: ANSWER });
    expect(all.map(({ asked }) => asked.length)).toEqual([1, 1, 1]);
  });

  test('a call waits for a silent node, though the only other one cannot do it', async () => {
    const slow = new FakeNode('a');
    const other = new FakeNode('b', says(UNAVAILABLE, 'NO_LEADER'));
    const finished: ((bytes: Uint8Array) => void)[] = [];
    slow.answer = () => new Promise((resolve) => finished.push(resolve));
    const ended = call(nodesOf([slow, other]));
    await jest.advanceTimersByTimeAsync(HEDGE_AFTER_MS * 3);
    expect(slow.asked).toHaveLength(1);
    expect(other.asked.length).toBeGreaterThan(2);
    for (const finish of finished) finish(ANSWER);
    expect(await ended).toEqual({ value: ANSWER });
  });

  test('a client that has used up its second attempts waits for the first node alone', async () => {
    const all = [new FakeNode('a'), new FakeNode('b', answers)];
    const ended = call(nodesOf(all, 0), HEDGE_AFTER_MS * 2);
    await jest.advanceTimersByTimeAsync(HEDGE_AFTER_MS * 2);
    expect(await ended).toMatchObject({ error: { code: 'deadline' } });
    expect(all[1]?.asked).toHaveLength(0);
  });

  test('a deadline without a word names the node, and the next call begins at another one', async () => {
    const nodes = nodesOf([new FakeNode('node-1 (a:1)'), new FakeNode('node-2 (b:1)')]);
    const ended = call(nodes, 2_000);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await ended).toMatchObject({
      error: {
        code: 'deadline',
        reason: 'DEADLINE',
        message: 'node-1 (a:1) did not answer in 2 s',
      },
    });
    expect(nodes.first).toBe(1);
  });
});

describe('the error of a call', () => {
  test('names every node that was not reached, each with its own problem', async () => {
    const connecting = new FakeNode('c:1', undefined, false);
    const nodes = nodesOf([
      new FakeNode('a:1', refuses),
      new FakeNode('b:1', untrusted),
      connecting,
    ]);
    const ended = call(nodes, 2_000);
    await jest.advanceTimersByTimeAsync(2_000);
    const words = 'a:1 refused the connection, b:1 is no node, c:1 did not answer in 2 s';
    expect(await ended).toMatchObject({
      error: {
        code: 'no-quorum',
        reason: 'UNREACHABLE',
        message: `0 of 3 nodes reachable: ${words}`,
        facts: { nodes: '3', reachable: '0', unreachable: words },
      },
    });
  });

  test('is what a node said last, with its reason, and who else was not reached', async () => {
    const nodes = nodesOf([
      new FakeNode('a:1', refuses),
      new FakeNode('b:1', says(UNAVAILABLE, 'SIGNERS_UNREACHABLE')),
    ]);
    const ended = call(nodes, 2_000);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await ended).toMatchObject({
      error: {
        code: 'no-quorum',
        reason: 'SIGNERS_UNREACHABLE',
        message: 'Said by a node; 1 of 2 nodes reachable: a:1 refused the connection',
      },
    });
  });

  test('is no bare deadline where a node has said before why it cannot', async () => {
    const node = new FakeNode('a:1', says(UNAVAILABLE, 'NO_LEADER'));
    const ended = call(nodesOf([node]), 2_000);
    await jest.advanceTimersByTimeAsync(100);
    node.answer = says(DEADLINE_EXCEEDED, 'DEADLINE');
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await ended).toMatchObject({ error: { reason: 'NO_LEADER' } });
  });

  test('names the node where its gRPC library alone says that the time is over', async () => {
    expect(await call(nodesOf([new FakeNode('a:1', libraryTimesOut)]), 2_000)).toMatchObject({
      error: { code: 'deadline', reason: 'DEADLINE', message: 'a:1 had no result in 2 s' },
    });
  });

  test('comes at once where no second attempt could end otherwise', async () => {
    const all = [new FakeNode('a:1', untrusted), new FakeNode('b:1', untrusted)];
    expect(await call(nodesOf(all))).toMatchObject({
      error: { code: 'unauthenticated', reason: 'SERVER_UNTRUSTED' },
    });
    expect(all.map(({ asked }) => asked.length)).toEqual([1, 1]);
  });
});
