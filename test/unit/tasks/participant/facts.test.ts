import { beforeEach, describe, expect, test } from '@jest/globals';
import { taskId } from '../../../../src/common/index.js';
import { Supplies } from '../../../../src/tasks/participant/supplies.js';
import { FactIntake } from '../../../../src/tasks/leader/fact-intake.js';
import { Facts } from '../../../../src/tasks/participant/facts.js';
import { KeyShares } from '../../../../src/tasks/participant/key-shares.js';
import { encodeCommand } from '../../../../src/state/index.js';
import { Algorithm, Command, decode } from '../../../../src/wire/index.js';
import type { Ready } from '../../../../src/wire/index.js';
import { fill, Ledger, NODES } from '../../../support/builders/ledger.js';
import { dealKey, settle, TaskRoom } from '../../../support/builders/task-room.js';
import type { DealtKey } from '../../../support/builders/task-room.js';
import { Leadership } from '../../../../src/tasks/leadership.js';

let ledger: Ledger;
let room: TaskRoom;
const generations = { keepsOnlyActive: () => Promise.resolve(true) };

beforeEach(() => {
  ledger = new Ledger();
  room = new TaskRoom('node-1', ledger);
});

function factsOf(of: TaskRoom): Facts {
  const shares = new KeyShares(of.keys, of.context.logger);
  const supplies = new Supplies(of.context, of.keys, shares);
  return new Facts(of.context, ledger.ask, shares, supplies, generations);
}

const said = (ready: Ready): Uint8Array => encodeCommand({ $case: 'ready', value: ready });

/** A generate-key task with one attempt; gives its id. */
function generating(): string {
  const [id = ''] = ledger.generate('cold').changedTasks;
  ledger.attempt(ledger.task(id));
  return id;
}

/** To whom facts were sent since the last look, and which. */
function told(): readonly string[] {
  return room
    .takeSent()
    .flatMap(({ to, message: { message } }) =>
      message?.$case === 'fact'
        ? [`${to} ${decode(Command, message.value.command)?.command?.$case}`]
        : [],
    );
}

describe('ready', () => {
  test('a ready statement is sent to the leader every 200 ms until the state has it', () => {
    room.follow('node-3');
    const [id, facts] = [generating(), factsOf(room)];
    const ready = ledger.ready(ledger.task(id), 'node-1');
    facts.sayReady(taskId(id), said(ready));
    expect(told()).toEqual(['node-3 ready']);
    facts.sayReady(taskId(id), said(ready));
    room.clock.pass(199);
    facts.tick();
    expect(told()).toEqual([]);
    room.clock.pass(1);
    facts.tick();
    expect(told()).toEqual(['node-3 ready']);

    ledger.append('command', said(ready));
    room.clock.pass(200);
    facts.tick();
    expect([told(), facts.busy]).toEqual([[], false]);
  });

  test('a ready statement waits for a leader', () => {
    room.follow(undefined);
    const [id, facts] = [generating(), factsOf(room)];
    facts.sayReady(taskId(id), said(ledger.ready(ledger.task(id), 'node-1')));
    expect([told(), facts.busy]).toEqual([[], true]);
    room.follow('node-2');
    facts.tick();
    expect(told()).toEqual(['node-2 ready']);
  });

  test('a ready statement is dropped when the task has closed', () => {
    room.follow(undefined);
    const [id, facts] = [generating(), factsOf(room)];
    facts.sayReady(taskId(id), said(ledger.ready(ledger.task(id), 'node-1')));
    ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
    facts.tick();
    expect(facts.busy).toBe(false);
  });
});

describe('installed', () => {
  let key: DealtKey;

  beforeEach(() => {
    key = dealKey(ledger, 'treasury', []);
    room.follow('node-3');
  });

  test('an installed statement is sent once the share reads back, and commitments with it', async () => {
    await room.hold(key);
    const facts = factsOf(room);
    facts.keyChanged(key.record);
    facts.keyChanged(key.record);
    await settle();
    const sent = room.sent.map(({ to, message }) => `${to} ${message.message?.$case}`);
    expect(sent).toEqual(['node-3 fact', ...NODES.map((node) => `${node} freshSupplies`)]);

    const { message } = room.takeSent()[0]?.message ?? {};
    ledger.append('command', message?.$case === 'fact' ? message.value.command : fill(0));
    expect(ledger.ask.key('treasury')?.installed.map(({ nodeId }) => nodeId)).toEqual(['node-1']);
    facts.tick();
    expect(facts.busy).toBe(false);
  });

  test('no installed statement is sent for a share that is missing or does not open: that is an alarm, once', async () => {
    const facts = factsOf(room);
    for (let looks = 0; looks < 3; looks++) {
      facts.keyChanged(key.record);
      await settle();
    }
    expect([told(), room.alarms]).toEqual([[], ['no key share on this node']]);

    const other = new TaskRoom('node-2', ledger);
    await other.hold(key);
    const stolen = new TaskRoom('node-1', ledger, undefined, other.shares);
    factsOf(stolen).keyChanged(key.record);
    await settle();
    expect(stolen.alarms).toEqual(['key share cannot be opened']);
    expect(stolen.sent).toEqual([]);
  });

  test('no installed statement is sent for a share of another algorithm (frost: F4)', async () => {
    await room.hold(key);
    const algorithm = Algorithm.UNRECOGNIZED;
    factsOf(room).keyChanged({ ...key.record, algorithm });
    await settle();
    expect([told(), room.alarms]).toEqual([[], ['key share cannot be opened']]);
  });

  test('no installed statement is sent by a node that takes no part, nor a second one', async () => {
    await room.hold(key);
    ledger.command({ $case: 'installed', value: ledger.installed('treasury', 'node-1') });
    factsOf(room).keyChanged(ledger.ask.key('treasury') ?? key.record);
    factsOf(room).keyChanged({ ...key.record, participants: key.record.participants.slice(1) });
    await settle();
    expect(room.sent).toEqual([]);
  });
});

const proposals = (): number => room.takeProposed().length;

describe('at the leader, a fact', () => {
  test('the leader proposes a statement that the state would take, once in a term, however long that lasts', () => {
    const [id, intake] = [
      generating(),
      new FactIntake(room.context, room.state.view, new Leadership(room.context.consensus)),
    ];
    const ready = said(ledger.ready(ledger.task(id), 'node-2'));
    for (let at = 0; at < 100; at++) {
      intake.take(ready);
      room.clock.pass(200);
    }
    expect(proposals()).toBe(1);

    intake.leadChanged();
    intake.take(ready);
    expect(proposals()).toBe(1);

    ledger.append('command', ready);
    intake.leadChanged();
    intake.take(ready);
    expect(proposals()).toBe(0);
  });

  test('the leader proposes the first of several statements of one node, once', () => {
    const [id, intake] = [
      generating(),
      new FactIntake(room.context, room.state.view, new Leadership(room.context.consensus)),
    ];
    for (let at = 0; at < 20; at++) {
      intake.take(said(ledger.ready(ledger.task(id), 'node-2', { digest: fill(at) })));
    }
    expect(proposals()).toBe(1);
    intake.take(said(ledger.ready(ledger.task(id), 'node-3')));
    expect(proposals()).toBe(1);
  });

  test('the leader drops a statement that its node did not sign, without a trace', () => {
    const [id, intake] = [
      generating(),
      new FactIntake(room.context, room.state.view, new Leadership(room.context.consensus)),
    ];
    const task = ledger.task(id);
    intake.take(said(ledger.ready(task, 'node-2', { signature: fill(1, 64) })));
    expect(proposals()).toBe(0);
    intake.take(said(ledger.ready(task, 'node-2')));
    expect(proposals()).toBe(1);
  });

  test('the leader drops a malformed statement', () => {
    const intake = new FactIntake(
      room.context,
      room.state.view,
      new Leadership(room.context.consensus),
    );
    intake.take(fill(255));
    const done = { taskId: 'x', attempt: 1, material: fill(1, 64) };
    intake.take(encodeCommand({ $case: 'done', value: done }));
    expect(proposals()).toBe(0);
  });

  test('a node that does not lead drops statements', () => {
    const [id, intake] = [
      generating(),
      new FactIntake(room.context, room.state.view, new Leadership(room.context.consensus)),
    ];
    const ready = said(ledger.ready(ledger.task(id), 'node-2'));
    room.status = { ...room.status, caughtUp: false };
    intake.take(ready);
    room.follow('node-2');
    intake.take(ready);
    expect(proposals()).toBe(0);
  });
});
