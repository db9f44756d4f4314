import { once } from 'node:events';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { keyId, nodeId, toHex, utf8 } from '../../../src/common/index.js';
import type { KeyId, NodeId, TaskId } from '../../../src/common/index.js';
import { signEnvelope } from '../../../src/mpc/index.js';
import { encodeCommand, METHODS, signatureOf, suppliesOf } from '../../../src/state/index.js';
import { batchOf, DECLINED_KIND, TaskManager } from '../../../src/tasks/index.js';
import type { Batch } from '../../../src/tasks/index.js';
import { OUTCOME_WAIT_MS } from '../../../src/tasks/limits.js';
import {
  Command,
  Declined,
  encode,
  encodeTaskMessage,
  SignatureShare,
} from '../../../src/wire/index.js';
import type { TaskMessageBody } from '../../../src/wire/index.js';
import type { Supply } from '../../../src/wire/index.js';
import {
  fill,
  Ledger,
  NODES,
  OPERATOR,
  signRequest,
  supply,
} from '../../support/builders/ledger.js';
import { dealKey, NOTHING, settle, TaskRoom } from '../../support/builders/task-room.js';
import { SHARE_KIND } from '../../../src/frost/index.js';

type Node = { readonly room: TaskRoom; readonly manager: TaskManager };

/** Decides what becomes of a message on its way: nothing, or that many copies. */
type FaultRates = (from: NodeId, to: NodeId, message: TaskMessageBody) => number;

const [ONE, TWO, THREE] = [nodeId('node-1'), nodeId('node-2'), nodeId('node-3')];
const KEY = keyId('treasury');
const clear: FaultRates = () => 1;

let ledger: Ledger;
let nodes: readonly Node[];
let deliveries: FaultRates;
/** Nothing that is proposed is applied. */
let slow: boolean;
/** How often a request was brought to the leader. */
let forwards: number;

/** Three nodes over one log, node-1 leading: what it proposes is applied by all at the next {@link pass}. */
beforeEach(async () => {
  ledger = new Ledger();
  const key = dealKey(ledger);
  deliveries = clear;
  [slow, forwards] = [false, 0];
  const rooms = NODES.map((node) => new TaskRoom(node, ledger));
  for (const room of rooms) {
    await room.hold(key);
    if (room.self !== ONE) room.follow(ONE);
  }
  nodes = rooms.map((room) => ({ room, manager: new TaskManager(room.parts) }));
  for (const { room, manager } of nodes) {
    for (const peer of rooms) if (peer !== room) manager.connected(peer.self, peer.boot);
    manager.start();
  }
});

/** Lets time go by in steps of 10 ms: messages arrive, proposals are applied, timers run. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    for (const { room } of nodes) {
      for (const { to, message } of room.takeSent()) {
        if (message.message?.$case === 'forward') forwards += 1;
        const receiver = nodes.find((each) => each.room.self === to);
        for (let copy = deliveries(room.self, to, message); copy > 0; copy--) {
          receiver?.manager.receive(room.self, encodeTaskMessage(message));
        }
      }
    }
    if (!slow) {
      for (const { room } of nodes) for (const command of room.proposed.splice(0)) apply(command);
    }
    for (const { room } of nodes) room.clock.pass(10);
    ledger.timeMs += 10;
    await settle();
  }
}

function apply(command: Pick<Command, 'command'>): void {
  const batch = append(command);
  for (const { manager } of nodes) manager.applied(batch);
}

/** Puts an entry into the log that no node has applied yet. */
function append(command: Pick<Command, 'command'>): Batch {
  return batchOf(ledger.append('command', encode(Command, { level: 1, ...command })).events);
}

/** A fresh supply each of node-1 and node-2. */
function madeByTwo(): Promise<Supply[]> {
  return Promise.all(
    [ONE, TWO].map(async (node) => {
      const [made] = await at(node).room.keys.makeSupplies(KEY, 1, 1);
      return made ?? supply(node, 1);
    }),
  );
}

function at(node: NodeId): Node {
  const found = nodes.find(({ room }) => room.self === node);
  if (found === undefined) throw new Error('no such node');
  return found;
}

/** Lets a node compute one signature share after another, each so long. */
function slowShares(room: TaskRoom, ms: number): void {
  const { compute, clock } = room;
  let freeMs = 0;
  room.compute = {
    idle: () => compute.idle(),
    async run(job, input) {
      if (job.name === 'signing/share') {
        freeMs = Math.max(freeMs, clock.elapsed()) + ms;
        await new Promise<void>((done) => clock.after(freeMs - clock.elapsed(), done));
      }
      return compute.run(job, input);
    },
  };
}

/** Somebody's request to sign, at a node. */
function sign(id: string, node = TWO): void {
  void at(node)
    .manager.submit({
      method: METHODS.sign,
      request: signRequest('treasury', id, utf8('hello')),
      requester: OPERATOR,
      expiresInMs: 60_000,
      signal: new AbortController().signal,
    })
    .catch(() => {});
}

function task(id: string): ReturnType<Ledger['task']> | undefined {
  return ledger.ask.tasks('', 1000, false).find(({ requestId }) => requestId === id);
}

/** Whom the newest attempt of a task asks. */
const asked = (id: string): readonly string[] =>
  suppliesOf(task(id)?.attempts.at(-1)?.attempt).map((each) => each.nodeId);
const outcome = (id: string): string | undefined => {
  const found = task(id);
  return found && signatureOf(found) ? 'signature' : found?.outcome?.$case;
};
const alarms = (): readonly string[] => nodes.flatMap(({ room }) => room.alarms);

/** A message of `from` about the newest attempt of a task. */
function contribution(from: NodeId, id: string, kind: string, body: Uint8Array): TaskMessageBody {
  const session = task(id)?.attempts.at(-1)?.sessionId ?? fill(0);
  const index = NODES.indexOf(from) + 1;
  const { signer } = at(from).room.context.self;
  const envelope = signEnvelope(signer, session, kind, index, 0, body);
  return { message: { $case: 'contribution', value: { envelope, freshSupplies: undefined } } };
}

const isShareOf =
  (node: NodeId): FaultRates =>
  (from, _to, { message }) =>
    from === node && message?.$case === 'contribution' ? 0 : 1;

describe('a signature', () => {
  test('a signature is made, whichever node is asked, and needs no second attempt', async () => {
    for (const node of NODES) sign(`at-${node}`, node);
    await pass(300);
    for (const node of NODES) {
      expect(outcome(`at-${node}`)).toBe('signature');
      expect(task(`at-${node}`)?.attempts).toHaveLength(1);
    }
    expect(alarms()).toEqual([]);
  });

  test('a signature is made once where every message comes twice', async () => {
    deliveries = () => 2;
    sign('one');
    await pass(300);
    expect(task('one')?.attempts).toHaveLength(1);
    expect(outcome('one')).toBe('signature');
    expect(alarms()).toEqual([]);
  });

  test('a signature is made with other participants where one is silent', async () => {
    deliveries = isShareOf(TWO);
    for (let turn = 0; turn < 4; turn++) sign(`sign-${turn}`, ONE);
    await pass(1500);
    for (let turn = 0; turn < 4; turn++) expect(outcome(`sign-${turn}`)).toBe('signature');
    expect(alarms()).toEqual([]);
  });

  test('a signature is made by a new leader from the shares that it holds, without another attempt', async () => {
    sign('warm', ONE);
    await pass(120 + OUTCOME_WAIT_MS);
    expect(outcome('warm')).toBe('signature');
    deliveries = (_from, to, { message }) =>
      to === ONE && message?.$case === 'contribution' ? 0 : 1;
    sign('one', ONE);
    await pass(60);
    expect(task('one')?.attempts).toHaveLength(1);
    expect(outcome('one')).toBeUndefined();

    at(ONE).room.follow(TWO);
    at(THREE).room.follow(TWO);
    at(TWO).room.status = { ...at(TWO).room.status, role: 'leader', term: 2, leader: TWO };
    await pass(60 + OUTCOME_WAIT_MS);
    expect(outcome('one')).toBe('signature');
    expect(task('one')?.attempts).toHaveLength(1);
  });

  test('a signature is answered from the log where the request was forwarded to two leaders', async () => {
    sign('one');
    const forwarded = at(TWO).room.sent.find(({ message }) => message.message?.$case === 'forward');
    at(THREE).room.status = { ...at(ONE).room.status };
    at(THREE).manager.receive(TWO, encodeTaskMessage(forwarded?.message ?? { message: undefined }));
    await pass(400);
    expect(
      ledger.ask.tasks('', 100, false).filter(({ requestId }) => requestId === 'one'),
    ).toHaveLength(1);
    expect(outcome('one')).toBe('signature');
  });
});

describe('a second attempt', () => {
  test('signers with a queue are waited for: eight signatures that take them 600 ms need no second attempt', async () => {
    for (const node of [TWO, THREE]) slowShares(at(node).room, 150);
    for (let each = 0; each < 8; each++) sign(`sign-${each}`, ONE);
    await pass(1_000 + OUTCOME_WAIT_MS);
    const made = Array.from({ length: 8 }, (_, each) => task(`sign-${each}`));
    expect(made.map((each) => each?.attempts.length)).toEqual(made.map(() => 1));
    expect(made.map((_, each) => outcome(`sign-${each}`))).toEqual(made.map(() => 'signature'));
  });

  test('a node whose shares lack its signature is silent: the next attempt does without it, and comes no later', async () => {
    sign('warm', ONE);
    await pass(200);
    deliveries = (from, _to, { message }) =>
      message?.$case === 'contribution' && from !== ONE ? 0 : 1;
    sign('one', ONE);
    await pass(30);
    const liar = nodeId(asked('one').find((node) => node !== ONE) ?? '');
    const { message } = contribution(liar, 'one', SHARE_KIND, fill(1));
    const content = message?.$case === 'contribution' ? message.value.envelope?.content : undefined;
    if (content?.$case !== 'open') throw new Error('it is open');
    content.value.signature = fill(1, 64);
    for (let turn = 0; turn < 4; turn++) {
      at(ONE).manager.receive(liar, encodeTaskMessage({ message }));
      await pass(90);
    }
    expect(task('one')?.attempts).toHaveLength(2);
    expect(asked('one')).not.toContain(liar);
    deliveries = clear;
    await pass(300);
    expect(outcome('one')).toBe('signature');
  });

  test('an attempt whose shares are being added up is waited for', async () => {
    const { room } = at(ONE);
    const { compute } = room;
    const released = new AbortController();
    room.compute = {
      idle: () => false,
      run: async (job, input) => {
        if (job.name === 'signing/combine') await once(released.signal, 'abort');
        return compute.run(job, input);
      },
    };
    sign('one', ONE);
    await pass(2_000);
    expect(task('one')?.attempts).toHaveLength(1);
    released.abort();
    await pass(50 + OUTCOME_WAIT_MS);
    expect(outcome('one')).toBe('signature');
  });

  test('a task in the log gets commitments before a request that is not there yet', async () => {
    deliveries = (from, _to, { message }) =>
      from !== ONE && message?.$case === 'freshSupplies' ? 0 : 1;
    sign('old', ONE);
    await pass(300);
    expect(task('old')?.attempts).toEqual([]);
    sign('new', ONE);
    await pass(50);
    expect(task('new')).toBeUndefined();
    deliveries = clear;
    await pass(300);
    const [old = 0n, young = 0n] = ['old', 'new'].map((id) => task(id)?.attempts[0]?.index);
    expect(old).toBeLessThan(young);
  });
});

describe('an overloaded leader', () => {
  test('191 requests that wait for a slow log make 191 entries, however often they are brought again', async () => {
    slow = true;
    for (let each = 0; each < 191; each++) sign(`slow-${each}`, NODES[each % NODES.length]);
    // A node has some under way; those that keep their places too long lose them to the next ones.
    await pass(24_000);
    expect(forwards).toBeGreaterThan(191 * 4);
    const requests = at(ONE).room.proposed.filter(({ command }) => command?.$case === 'request');
    expect(requests).toHaveLength(191);

    slow = false;
    await pass(500);
    expect(alarms()).toEqual([]);
  });
});

describe('a participant that lies', () => {
  test('a malicious participant cannot use up the attempts with one wrong share, sent again and again', async () => {
    sign('warm', ONE);
    await pass(200);
    // Only with node-2 can it go on, and nothing of node-3 arrives: the wrong share is all that comes, every 10 ms.
    deliveries = (from, _to, { message }) =>
      message?.$case === 'contribution' && from !== ONE ? 0 : 1;
    sign('one', ONE);
    await pass(30);
    const wrong = encode(SignatureShare, { share: fill(1) });
    const liar = nodeId(asked('one').find((node) => node !== ONE) ?? '');
    const message = encodeTaskMessage(contribution(liar, 'one', SHARE_KIND, wrong));
    for (let turn = 0; turn < 20; turn++) {
      at(ONE).manager.receive(liar, message);
      await pass(10);
    }
    expect(task('one')?.attempts.length).toBeLessThanOrEqual(2);
    // Once at the leader that found it, and once at each node that judged the evidence.
    const proved = NODES.map(() => 'a node is proved to have lied');
    expect(alarms().toSorted()).toEqual([...proved, 'a signature share failed its check']);
    deliveries = clear;
    await pass(800);
    expect(outcome('one')).toBe('signature');
  });

  test('a task whose liars leave too few signers asks none of them again', async () => {
    sign('warm', ONE);
    await pass(200);
    deliveries = (from, _to, { message }) =>
      message?.$case === 'contribution' && from !== ONE ? 0 : 1;
    sign('one', ONE);
    await pass(30);
    const wrong = encode(SignatureShare, { share: fill(1) });
    for (let turn = 0; turn < 2; turn++) {
      const liar = nodeId(asked('one').find((node) => node !== ONE) ?? '');
      const { message } = contribution(liar, 'one', SHARE_KIND, wrong);
      at(ONE).manager.receive(liar, encodeTaskMessage({ message }));
      await pass(60);
    }
    await pass(400);
    const value = { reason: 'CULPRIT_PROVED' };
    expect(task('one')?.outcome).toMatchObject({ $case: 'failed', value });
    expect(task('one')?.attempts).toHaveLength(2);
  });

  test('a malicious participant cannot decline an attempt that does not name it', async () => {
    deliveries = (_from, to, { message }) =>
      to === ONE && message?.$case === 'contribution' ? 0 : 1;
    sign('one', ONE);
    await pass(300);
    const stranger = NODES.find((node) => !asked('one').includes(node)) ?? nodeId('');
    const before = task('one')?.attempts.length;
    const body = encode(Declined, { reason: 'nonce-gone', index: 0 });
    const { message } = contribution(stranger, 'one', DECLINED_KIND, body);
    if (message?.$case !== 'contribution') throw new Error('it is one');
    const { value } = message;
    at(ONE).manager.receive(stranger, encodeTaskMessage({ message: { $case: 'decline', value } }));
    await pass(30);
    expect(task('one')?.attempts).toHaveLength(before ?? -1);
  });

  test('a malicious participant cannot make attempts void with commitments that no entry may name', async () => {
    const wrong: readonly Partial<Supply>[] = [
      { counter: 2n ** 60n },
      { parts: [fill(5, 31), fill(6)] },
    ];
    for (const [position, each] of wrong.entries()) {
      at(ONE).manager.receive(
        TWO,
        encodeTaskMessage({
          message: {
            $case: 'freshSupplies',
            value: { keyId: KEY, version: 1, supplies: [supply('node-2', 100 + position, each)] },
          },
        }),
      );
    }
    at(ONE).room.connections.disconnected(THREE);
    sign('one', ONE);
    await pass(500);
    expect(outcome('one')).toBe('signature');
    expect(alarms()).toEqual([]);
  });

  test('a malicious participant fills no memory: bytes, unknown keys, sessions and ids of any length are dropped', async () => {
    const long = 'x'.repeat(100_000);
    const envelope = {
      sessionId: fill(1, 100),
      kind: SHARE_KIND,
      from: 2,
      to: 0,
      content: { $case: 'open' as const, value: { body: fill(1), signature: fill(1, 64) } },
    };
    const messages: readonly TaskMessageBody[] = [
      { message: undefined },
      { message: { $case: 'wantSupplies', value: { keyId: long } } },
      {
        message: {
          $case: 'freshSupplies',
          value: { keyId: long, version: 1, supplies: [supply('node-2', 1)] },
        },
      },
      {
        message: {
          $case: 'contribution',
          value: {
            envelope,
            freshSupplies: { keyId: long, version: 9, supplies: [supply('node-2', 2)] },
          },
        },
      },
      { message: { $case: 'contribution', value: { envelope, freshSupplies: undefined } } },
      {
        message: {
          $case: 'contribution',
          value: { envelope: undefined, freshSupplies: undefined },
        },
      },
      { message: { $case: 'decline', value: { envelope, freshSupplies: undefined } } },
      { message: { $case: 'decline', value: { envelope: undefined, freshSupplies: undefined } } },
      { message: { $case: 'envelope', value: { ...envelope, kind: long } } },
      { message: { $case: 'forward', value: { request: fill(255, 1000) } } },
      {
        message: {
          $case: 'forwardRefused',
          value: {
            verdictHash: fill(1),
            code: long,
            reason: long,
            detail: long,
            field: long,
            facts: [{ name: long, value: long }],
          },
        },
      },
      { message: { $case: 'fact', value: { command: fill(255, 1000) } } },
    ];
    for (const message of messages) at(ONE).manager.receive(TWO, encodeTaskMessage(message));
    at(ONE).manager.receive(TWO, fill(255, 5000));
    const ready = { ...ledger.installed('treasury', 'node-2'), keyId: long };
    const command = encodeCommand({ $case: 'installed', value: ready });
    at(ONE).manager.receive(
      TWO,
      encodeTaskMessage({ message: { $case: 'fact', value: { command } } }),
    );
    await pass(50);
    expect(at(ONE).room.proposed).toEqual([]);
    expect(alarms()).toEqual([]);
  });
});

describe('a node that catches up', () => {
  test('a node answers for the very batch with which it has caught up: none of its nonces goes before', async () => {
    sign('warm', ONE);
    await pass(200);
    const { room, manager } = at(TWO);
    const opened: Batch[] = [];
    for (const id of ['one', 'two']) {
      const supplies = await madeByTwo();
      const request = signRequest('treasury', id, utf8(id));
      apply({ command: { $case: 'request', value: ledger.request(METHODS.sign, request) } });
      const value = ledger.signAttempt('treasury', task(id)?.taskId ?? '', 1, {
        assignment: { $case: 'supplies', value: { supplies } },
      });
      opened.push(append({ command: { $case: 'attempt', value } }));
    }
    room.takeSent();
    room.status = { ...room.status, current: false };
    manager.applied(opened[0] ?? NOTHING);
    room.status = { ...room.status, current: true };
    manager.applied(opened[1] ?? NOTHING);
    await settle();
    const answers = room
      .takeSent()
      .flatMap(({ to, message: { message } }) =>
        to === ONE && ['contribution', 'decline'].includes(message?.$case ?? '')
          ? [message?.$case]
          : [],
      );
    expect(answers).toEqual(['contribution', 'contribution']);
  });
});

describe('a leader that lies', () => {
  test('a malicious leader gets one share for one nonce, whatever it puts into the log', async () => {
    sign('warm', ONE);
    await pass(200);
    const supplies = await madeByTwo();
    for (const { room } of nodes) room.follow(undefined);
    for (const id of ['one', 'two']) {
      const request = signRequest('treasury', id, utf8(id));
      apply({ command: { $case: 'request', value: ledger.request(METHODS.sign, request) } });
      const value = ledger.signAttempt('treasury', task(id)?.taskId ?? '', 1, {
        assignment: { $case: 'supplies', value: { supplies } },
      });
      apply({ command: { $case: 'attempt', value } });
    }
    await settle();
    const kinds = at(TWO)
      .room.takeSent()
      .flatMap(({ to, message: { message } }) =>
        (message?.$case === 'contribution' || message?.$case === 'decline') && to === ONE
          ? [
              `${task('one')?.attempts.some(({ sessionId }) => toHex(sessionId) === toHex(message.value.envelope?.sessionId ?? fill(0)))} ${message.value.envelope?.kind}`,
            ]
          : [],
      );
    expect(kinds).toEqual([`true ${SHARE_KIND}`, `false ${DECLINED_KIND}`]);
  });

  test('a malicious leader gets no share for a task that the same batch closes', async () => {
    const request = signRequest('treasury', 'one', utf8('hello'));
    const supplies = await madeByTwo();
    const batches = [
      append({ command: { $case: 'request', value: ledger.request(METHODS.sign, request) } }),
    ];
    const id = task('one')?.taskId ?? '';
    const value = ledger.signAttempt('treasury', id, 1, {
      assignment: { $case: 'supplies', value: { supplies } },
    });
    batches.push(append({ command: { $case: 'attempt', value } }));
    batches.push(
      append({ command: { $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } } }),
    );
    at(TWO).manager.applied({
      tasks: new Set(batches.flatMap(({ tasks }) => [...tasks])),
      keys: new Set<KeyId>(),
      named: batches.flatMap(({ named }) => named),
      presignatures: [],
      decisions: [],
    });
    const sent = at(TWO)
      .room.takeSent()
      .filter(({ message: { message } }) =>
        ['contribution', 'decline'].includes(message?.$case ?? ''),
      );
    expect(sent).toEqual([]);
    // And the nonce that was named is gone for good (frost: N4).
    const own = supplies.find(({ nodeId: node }) => node === TWO) ?? supply('node-2', 1);
    expect(at(TWO).room.keys.take(KEY, 1, own)).toBe('gone');
  });

  test('a node tolerates a batch in which a malicious leader names a hundred thousand commitments', () => {
    const one = supply('node-2', 1);
    const named = Array.from({ length: 200_000 }, (_, each) => ({ ...one, counter: BigInt(each) }));
    const empty = {
      tasks: new Set<TaskId>(),
      keys: new Set<KeyId>(),
      presignatures: [],
      decisions: [],
    };
    expect(() => at(TWO).manager.applied({ ...empty, named })).not.toThrow();
  });
});

test('a task whose request has expired is closed, even by a leader whose own clock is behind', async () => {
  for (const { room } of nodes.slice(1)) at(ONE).room.connections.disconnected(room.self);
  const request = signRequest('treasury', 'one', utf8('hello'));
  apply({ command: { $case: 'request', value: ledger.request(METHODS.sign, request) } });
  await pass(50);
  expect(outcome('one')).toBeUndefined();
  at(ONE).room.clock.nowMs -= 3_600_000;
  ledger.timeMs += 60_000;
  ledger.append('no-op', fill(0, 0));
  await pass(50);
  expect(task('one')?.outcome).toMatchObject({
    $case: 'failed',
    value: { reason: 'REQUEST_EXPIRED' },
  });
});

test('a stopped node does nothing more, and raises no alarm', async () => {
  sign('one', ONE);
  for (const { room, manager } of nodes) {
    manager.stop();
    room.keys.close();
    room.takeSent();
    room.proposed.splice(0);
  }
  await pass(2000);
  for (const { room } of nodes)
    expect([room.sent, room.proposed, room.alarms]).toEqual([[], [], []]);
});
