import { expect, test } from '@jest/globals';
import { nodeId, sessionId as asSession, taskId, toHex } from '../../../../src/common/index.js';
import { signEnvelope } from '../../../../src/mpc/index.js';
import type { LiveAttempt } from '../../../../src/tasks/live-tasks.js';
import {
  SHARE_BYTES_MAX,
  SHARES_KEPT_BYTES_MAX,
  UNSIGNED_SHARES_MAX,
} from '../../../../src/tasks/limits.js';
import { ShareBox } from '../../../../src/tasks/voter/share-box.js';
import type { Envelope } from '../../../../src/wire/index.js';
import { fill, Ledger } from '../../../support/builders/ledger.js';
import { TaskRoom } from '../../../support/builders/task-room.js';
import { SHARE_KIND } from '../../../../src/frost/index.js';

const [ONE, TWO, THREE] = ['node-1', 'node-2', 'node-3'].map(nodeId);

/** A session that asks node-1 and node-2. */
function opened(): LiveAttempt {
  const ledger = new Ledger();
  ledger.activeKey('treasury');
  const [id = ''] = ledger.sign('treasury', 'one').changedTasks;
  ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', id, 1) });
  const session = new TaskRoom('node-1', ledger).liveTasks().refresh(taskId(id))?.attempts[0];
  if (session === undefined) throw new Error('no session');
  return session;
}

function share(open: LiveAttempt, from: number, to = 0, body = fill(1)): Envelope {
  const { signer } = new TaskRoom(`node-${from}`).context.self;
  return signEnvelope(signer, open.record.sessionId, SHARE_KIND, from, to, body);
}

test('the first share of each signer counts, from its own stream', () => {
  const [open, box] = [opened(), new ShareBox(() => SHARE_KIND)];
  expect(box.add(TWO ?? nodeId(''), open, share(open, 1))).toBe(false);
  expect(box.add(ONE ?? nodeId(''), open, share(open, 1, 2))).toBe(false);
  expect(box.add(ONE ?? nodeId(''), open, share(open, 1))).toBe(true);
  expect(box.add(ONE ?? nodeId(''), open, share(open, 1, 0, fill(2)))).toBe(false);
  expect([...box.of(open.session)]).toEqual([[1, share(open, 1)]]);
});

test('shares of a participant that the attempt does not name, and of a stranger, do not count', () => {
  const [open, box] = [opened(), new ShareBox(() => SHARE_KIND)];
  expect(box.add(THREE ?? nodeId(''), open, share(open, 3))).toBe(false);
  expect(box.add(nodeId('node-9'), open, share(open, 1))).toBe(false);
  expect(box.of(open.session).size).toBe(0);
});

test('an unsigned share can come again; a signed wrong share cannot', () => {
  const [open, box] = [opened(), new ShareBox(() => SHARE_KIND)];
  box.add(ONE ?? nodeId(''), open, share(open, 1));
  box.drop(open.session, 1);
  expect(box.add(ONE ?? nodeId(''), open, share(open, 1))).toBe(true);
  box.refuse(open.session, 1);
  expect(box.of(open.session).size).toBe(0);
  expect(box.add(ONE ?? nodeId(''), open, share(open, 1))).toBe(false);
});

test('early shares are judged when their session opens, and forgotten when its task closes', () => {
  const [open, box] = [opened(), new ShareBox(() => SHARE_KIND)];
  box.addEarly(ONE ?? nodeId(''), open.session, share(open, 1), 100, 0);
  box.addEarly(THREE ?? nodeId(''), open.session, share(open, 3), 100, 0);
  expect(box.of(open.session).size).toBe(0);
  box.taskOpen(open.task);
  expect([...box.of(open.session).keys()]).toEqual([1]);
  box.taskClosed(open.task.id, open.task);
  expect(box.of(open.session).size).toBe(0);
});

const sender = ONE ?? nodeId('');

test('an unsigned share is replaced a few times, and then its session has none of that signer', () => {
  const [open, box] = [opened(), new ShareBox(() => SHARE_KIND)];
  for (let at = 0; at < UNSIGNED_SHARES_MAX; at++) {
    expect(box.add(sender, open, share(open, 1, 0, fill(at)))).toBe(true);
    box.drop(open.session, 1);
  }
  expect(box.add(sender, open, share(open, 1))).toBe(false);
  const other = TWO ?? nodeId('');
  expect(box.add(other, open, share(open, 2))).toBe(true);
});

test('a share that is larger than any contribution is not kept', () => {
  const [open, box] = [opened(), new ShareBox(() => SHARE_KIND)];
  expect(box.add(sender, open, share(open, 1, 0, fill(1, SHARE_BYTES_MAX + 1)))).toBe(false);
  expect(box.add(sender, open, share(open, 1, 0, fill(1, SHARE_BYTES_MAX)))).toBe(true);
});

test('the shares of one node have a bound together, and room again when tasks close', () => {
  const [open, box] = [opened(), new ShareBox(() => SHARE_KIND)];
  const large = share(open, 1, 0, fill(1, SHARE_BYTES_MAX));
  const sessions = Array.from({ length: 1_200 }, (_, at) => ({
    ...open,
    session: asSession(toHex(fill(at % 256, 31)) + toHex(fill(Math.floor(at / 256), 1))),
  }));
  const kept = sessions.filter((each) => box.add(sender, each, large));
  expect(kept.length * SHARE_BYTES_MAX).toBeLessThanOrEqual(SHARES_KEPT_BYTES_MAX);
  expect(kept.length).toBeGreaterThan(900);
  const other = TWO ?? nodeId('');
  expect(box.add(other, open, share(open, 2))).toBe(true);

  box.taskClosed(open.task.id, { ...open.task, attempts: kept.slice(0, 2) });
  expect(sessions.filter((each) => box.add(sender, each, large))).toHaveLength(2);
});

test('a share keeps no more in memory than itself, whatever came with it', () => {
  const [open, box] = [opened(), new ShareBox(() => SHARE_KIND)];
  const { content, ...rest } = share(open, 1);
  if (content?.$case !== 'open') throw new Error('it is open');
  const message = new Uint8Array(200_000);
  message.set(content.value.body, 7);
  const body = message.subarray(7, 7 + content.value.body.length);
  const value = { ...content.value, body };
  box.add(sender, open, { ...rest, content: { $case: 'open', value } });
  const [kept] = box.of(open.session).values();
  expect(kept?.content?.$case === 'open' && kept.content.value.body.buffer.byteLength).toBe(
    body.length,
  );
});
