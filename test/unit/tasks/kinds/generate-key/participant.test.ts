import { beforeEach, describe, expect, test } from '@jest/globals';
import { keyId, nodeId, sessionId, taskId, toHex } from '../../../../../src/common/index.js';
import type { NodeId, TaskId } from '../../../../../src/common/index.js';
import type { ParsedGenerateKey } from '../../../../../src/state/index.js';
import { KeyGeneration } from '../../../../../src/tasks/kinds/generate-key/participant.js';
import type { ParticipantContext } from '../../../../../src/tasks/index.js';
import { Participants } from '../../../../../src/tasks/participant/participants.js';
import { SessionRuns } from '../../../../../src/tasks/participant/session-runs.js';
import type { LiveAttempt, LiveTask, LiveTasks } from '../../../../../src/tasks/live-tasks.js';
import { Command, decode, Declined } from '../../../../../src/wire/index.js';
import type { Envelope } from '../../../../../src/wire/index.js';
import { fill, GENESIS_MS, Ledger, NODES } from '../../../../support/builders/ledger.js';
import { replaceShare } from '../../../../support/builders/stores.js';
import {
  bootHexOf,
  laterBootOf,
  settle,
  TaskRoom,
} from '../../../../support/builders/task-room.js';

const KIND = 'generate-key';
const PEER = nodeId('node-2');

type Attempted = LiveAttempt<ParsedGenerateKey>;

/** A participant: its room, and what generates there. */
type Participant = {
  readonly room: TaskRoom;
  readonly generating: Generating;
  readonly facts: ParticipantContext['facts'];
};

type Generating = {
  contribute(attempt: Attempted): void;
  receive(from: NodeId, envelope: Envelope): void;
  tick(): void;
  connected(peer: NodeId): void;
  taskClosed(task: TaskId): void;
  readonly busy: boolean;
};

let ledger: Ledger;
let open: LiveTasks;

beforeEach(() => {
  ledger = new Ledger();
  open = new TaskRoom('node-1', ledger).liveTasks();
});

function participant(room: TaskRoom): Participant {
  const parts = room.participating();
  const driver = new SessionRuns(parts, new KeyGeneration(parts));
  const { answers, early } = parts.session;
  const participants = new Participants(room.context, open, new Map([[KIND, driver]]), early);
  return {
    room,
    facts: parts.facts,
    generating: {
      contribute: (attempted) => driver.contribute({ ...attempted.task, attempts: [attempted] }),
      receive: (from, envelope) => participants.receive(from, envelope, 100),
      tick: () => [participants, answers].forEach((each) => each.tick()),
      connected: (peer) =>
        [participants, answers].forEach((each) => each.connected(peer, bootHexOf(peer))),
      taskClosed: (task) =>
        [participants, answers].forEach((each) => each.taskClosed(task, undefined)),
      get busy() {
        return participants.busy || answers.busy;
      },
    },
  };
}

const all = (): readonly Participant[] =>
  NODES.map((node) => participant(new TaskRoom(node, ledger)));

function generate(id = 'cold'): Attempted {
  const [task = ''] = ledger.generate(id).changedTasks;
  return attempt(task);
}

function attempt(task: string): Attempted {
  ledger.attempt(ledger.task(task));
  const live = open.refresh(taskId(task));
  const session = isGenerating(live) ? live.attempts.at(-1) : undefined;
  if (session === undefined) throw new Error('no session');
  return session;
}

function isGenerating(live: LiveTask | undefined): live is LiveTask<ParsedGenerateKey> {
  return live?.kind === KIND;
}

/** Carries envelopes between the participants until nobody has more to say. */
async function exchange(participants: readonly Participant[]): Promise<void> {
  for (let quiet = 0; quiet < 10;) {
    await settle();
    const moved = participants.flatMap(({ room }) =>
      room.takeSent().map((sent) => ({ from: room.self, ...sent })),
    );
    quiet = moved.length === 0 ? quiet + 1 : 0;
    for (const { from, to, message } of moved) {
      const { message: said } = message;
      const receiver = participants.find(({ room }) => room.self === to);
      if (said?.$case === 'envelope') {
        const { value } = said;
        receiver?.generating.receive(from, value);
      } else if (said?.$case === 'fact') told.push(said.value.command);
      else if (said?.$case === 'decline') refused.push(reasonOf(said.value.envelope));
    }
  }
}

/** Facts on their way to the leader, and reasons of refusals. */
const told: Uint8Array[] = [];
const refused: string[] = [];
beforeEach(() => {
  told.length = 0;
  refused.length = 0;
});

function reasonOf(envelope: Envelope | undefined): string {
  const body = envelope?.content?.$case === 'open' ? envelope.content.value.body : fill(255);
  return decode(Declined, body)?.reason ?? '';
}

function apply(facts: readonly Uint8Array[]): void {
  for (const fact of new Map(facts.map((each) => [toHex(each), each])).values()) {
    ledger.append('command', fact);
  }
}

async function alone(session: Attempted, self: Participant): Promise<void> {
  self.generating.contribute(session);
  await exchange([self]);
}

describe('a generation', () => {
  test('a key generation among all participants ends with equal ready statements, and the key', async () => {
    const [session, participants] = [generate(), all()];
    for (const { generating } of participants) generating.contribute(session);
    await exchange(participants);
    expect(told).toHaveLength(3);
    apply(told);
    expect(ledger.ask.key('cold')?.publicKey).toHaveLength(32);
    expect(participants.flatMap(({ room }) => room.alarms)).toEqual([]);
  });

  test('a key generation accepts messages that come before the entry', async () => {
    const [session, participants] = [generate(), all()];
    const [quick, ...slow] = participants;
    quick?.generating.contribute(session);
    await exchange(participants);
    for (const { generating } of slow) generating.contribute(session);
    await exchange(participants);
    for (const { room, generating } of participants) {
      room.clock.pass(200);
      generating.tick();
    }
    await exchange(participants);
    expect(new Set(told.map(toHex)).size).toBe(3);
  });

  test('a key generation waits until its task is known to be open', async () => {
    const self = participant(new TaskRoom('node-1', ledger));
    self.room.status = { ...self.room.status, current: false };
    const session = generate();
    await alone(session, self);
    expect(self.generating.busy).toBe(false);
  });

  test('a key generation ends with its task, and its session is begun once', async () => {
    const self = participant(new TaskRoom('node-1', ledger));
    const session = generate();
    self.generating.contribute(session);
    await settle();
    expect(self.room.takeSent()).toHaveLength(2);
    self.generating.contribute(session);
    await settle();
    expect(self.room.takeSent()).toEqual([]);
    self.generating.taskClosed(session.task.id);
    await settle();
    self.room.clock.pass(200);
    self.generating.tick();
    expect(self.room.takeSent()).toEqual([]);
    expect([self.generating.busy, self.room.alarms]).toEqual([false, []]);
  });

  test('a key generation sends nothing after the request has expired by this node’s own clock', async () => {
    const self = participant(new TaskRoom('node-1', ledger));
    self.generating.contribute(generate());
    await settle();
    self.room.takeSent();
    self.room.clock.pass(60_000);
    self.generating.tick();
    self.generating.connected(PEER);
    expect(self.room.takeSent()).toEqual([]);
  });
});

describe('a newer attempt', () => {
  test('a newer attempt ends the older one', async () => {
    const self = participant(new TaskRoom('node-1', ledger));
    const first = generate();
    self.generating.contribute(first);
    await settle();
    self.room.takeSent();
    const second = attempt(first.task.id);
    self.generating.contribute(second);
    await settle();
    self.generating.connected(PEER);
    const sessions = self.room
      .takeSent()
      .map(({ message: { message } }) =>
        message?.$case === 'envelope' ? toHex(message.value.sessionId) : '',
      );
    expect(new Set(sessions)).toEqual(new Set([second.session]));
  });

  test('a newer attempt during the read of the store prevents the older one', async () => {
    const self = participant(new TaskRoom('node-1', ledger));
    const first = generate();
    self.generating.contribute(first);
    const second = attempt(first.task.id);
    self.generating.contribute(second);
    await settle();
    const sessions = self.room
      .takeSent()
      .map(({ message: { message } }) =>
        message?.$case === 'envelope' ? toHex(message.value.sessionId) : '',
      );
    expect(new Set(sessions)).toEqual(new Set([second.session]));
  });
});

describe('a node declines', () => {
  test('a node declines an attempt of an earlier run', async () => {
    const self = participant(new TaskRoom('node-1', ledger, laterBootOf('node-1')));
    await alone(generate(), self);
    expect(new Set(refused)).toEqual(new Set(['boot-changed']));
  });

  test('a node declines a request that has expired by its own clock', async () => {
    const self = participant(new TaskRoom('node-1', ledger));
    self.room.clock.nowMs = GENESIS_MS + 60_000;
    await alone(generate(), self);
    expect(new Set(refused)).toEqual(new Set(['expired']));
  });

  test('a node declines a key id of which it holds 8 shares that no log activated', async () => {
    const self = participant(new TaskRoom('node-1', ledger));
    for (let at = 0; at < 8; at++) {
      const session = sessionId(toHex(fill(at + 1)));
      await self.room.shares.putIfAbsent({ keyId: keyId('cold'), sessionId: session }, fill(1));
    }
    await alone(generate(), self);
    expect(new Set(refused)).toEqual(new Set(['pending-full']));
  });

  test('a node declines after a participant contradicted itself, and names that participant', async () => {
    const self = participant(new TaskRoom('node-1', ledger));
    const liars = [1, 2].map(() => participant(new TaskRoom('node-2', ledger)));
    const session = generate();
    for (const { generating } of [self, ...liars]) generating.contribute(session);
    await settle();
    for (const { room } of liars) {
      for (const { to, message } of room.takeSent()) {
        if (to === self.room.self && message.message?.$case === 'envelope') {
          self.generating.receive(room.self, message.message.value);
        }
      }
    }
    await exchange([self]);
    expect(new Set(refused)).toEqual(new Set(['aborted']));
    expect(self.room.alarms).toEqual(['a protocol session was aborted']);
  });
});

/** A generation whose `ready` were made, and told nobody. */
async function made(): Promise<{ session: Attempted; rooms: readonly TaskRoom[] }> {
  const [session, participants] = [generate(), all()];
  for (const { generating } of participants) generating.contribute(session);
  await exchange(participants);
  return { session, rooms: participants.map(({ room }) => room) };
}

/** The same disk, and another run. */
function restarted(room: TaskRoom): Participant {
  const after = new TaskRoom(room.self, ledger, laterBootOf(room.self), room.shares);
  return participant(after);
}

describe('after a restart', () => {
  test('after a restart a node sends its ready statement again, byte for byte, and does not repeat the session', async () => {
    const { session, rooms } = await made();
    const [before = ''] = told.map(toHex);
    told.length = 0;
    const self = restarted(rooms[0] ?? new TaskRoom());
    await alone(session, self);
    expect(told.map(toHex)).toEqual([before]);
    expect(refused).toEqual([]);
  });

  test('after a restart a node sends no ready statement for a share that does not open', async () => {
    const { session, rooms } = await made();
    told.length = 0;
    const room = rooms[0] ?? new TaskRoom();
    const id = { keyId: keyId('cold'), sessionId: session.session };
    const sealed = await room.shares.get(id);
    const damaged = Uint8Array.from(sealed ?? fill(0));
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    await replaceShare(room.shares, id, damaged);
    const self = restarted(room);
    await alone(session, self);
    expect(told).toEqual([]);
    expect(new Set(refused)).toEqual(new Set(['aborted']));
  });

  test('after a restart a node sends no ready statement that the state has, or whose attempt was replaced', async () => {
    const { session, rooms } = await made();
    const ready = told.filter((fact) => {
      const said = decode(Command, fact)?.command;
      return said?.$case === 'ready' && said.value.nodeId === 'node-1';
    });
    apply(ready);
    told.length = 0;
    const self = restarted(rooms[0] ?? new TaskRoom());
    await alone(session, self);
    expect(told).toEqual([]);
    expect(self.facts.busy).toBe(false);

    const other = restarted(rooms[1] ?? new TaskRoom());
    attempt(session.task.id);
    await alone(session, other);
    expect(told).toEqual([]);
    expect(other.facts.busy).toBe(false);
  });
});
