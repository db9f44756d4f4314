import { beforeEach, describe, expect, test } from '@jest/globals';
import { isId, nodeId, refusal, utf8 } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { members, shareHolders, TASK_KINDS } from '../../../src/state/index.js';
import type { KindRules } from '../../../src/state/index.js';
import { batchOf, TASK_DRIVERS, TaskManager } from '../../../src/tasks/index.js';
import type { KindDriver, LiveTask, ParticipantContext } from '../../../src/tasks/index.js';
import { Command, encode, encodeTaskMessage } from '../../../src/wire/index.js';
import type { TaskRecord } from '../../../src/wire/index.js';
import { Ledger, NODES, OPERATOR, testGenesis } from '../../support/builders/ledger.js';
import { settle, TaskRoom } from '../../support/builders/task-room.js';

const METHOD = '/test.Toy/Play';
const WORD = 'toy/word';
const ONE = nodeId('node-1');

const noToy = refusal('invalid-request', 'NO_TOY', 'It is no toy');

/** A kind of task that is in no table of `src/`: its result is what all nodes said, in order. */
const rules: KindRules = {
  kind: 'toy',
  level: 1,
  method: METHOD,
  askers: { roles: ['operator'], voucher: true },
  opensWithAttempt: false,
  parse(bytes) {
    const requestId = new TextDecoder().decode(bytes);
    return isId(requestId)
      ? { ok: true, value: { kind: 'toy', requestId } }
      : { ok: false, refusal: noToy };
  },
  checkAccess: () => undefined,
  admit: (view, asked, context) => {
    const participants = rules.participants(view, asked, context);
    return { ok: true, value: { participants, key: undefined } };
  },
  participants: (view, _, { genesis }) => shareHolders(members(view, genesis)),
  fitsAttempt: (_, __, { assignment }) =>
    assignment?.$case === 'boots' && assignment.value.nodes.length === NODES.length,
  open: () => undefined,
  result: (_, __, ___, material) => material,
  close: () => undefined,
};

/** What each node says; nothing: it declines. */
let words: Partial<Record<string, string>>;

const driver: KindDriver = {
  participant: (parts) => ({ contribute: (task) => say(parts, task) }),
  leader: ({ assigner }) => ({
    canReplace: () => false,
    checkReach: () => undefined,
    firstDelayMs: () => 1000,
    nextAttempt: ({ id, record: { requestHash } }, number) =>
      assigner.withBoots({ taskId: id, requestHash, number }, NODES),
    onDeclined: (_, { reason }) => ({ hopeless: reason === 'never' ? 'NO_WORD' : undefined }),
  }),
  combining: () => ({
    envelope: () => WORD,
    combine: (_, bodies) => {
      const inOrder = [...bodies].sort(([a], [b]) => a - b).map(([, body]) => body);
      const material = Uint8Array.from(inOrder.flatMap((body) => [...body]));
      const wrong = [...bodies].flatMap(([index, body]) => (body.length === 0 ? index : []));
      return Promise.resolve(wrong.length === 0 ? { material } : { wrong });
    },
  }),
};

function say({ context, session }: ParticipantContext, task: LiveTask): void {
  const attempt = task.attempts.at(-1);
  if (attempt === undefined || !session.answers.begin(attempt)) return;
  const word = words[context.self.id];
  if (word === undefined) session.answers.decline(attempt, { reason: 'never' });
  else session.answers.contribute(attempt, WORD, utf8(word), undefined);
}

let ledger: Ledger;
let nodes: readonly { readonly room: TaskRoom; readonly manager: TaskManager }[];

beforeEach(() => {
  words = Object.fromEntries(NODES.map((node) => [node, `${node} `]));
  ledger = new Ledger(testGenesis(), { ...TASK_KINDS, toy: rules });
  const drivers = { ...TASK_DRIVERS, toy: driver };
  nodes = NODES.map((node) => {
    const room = new TaskRoom(node, ledger);
    if (room.self !== ONE) room.follow(ONE);
    return { room, manager: new TaskManager({ ...room.parts, drivers }) };
  });
  for (const { manager } of nodes) manager.start();
});

/** Lets time go by in steps of 10 ms: messages arrive, proposals are applied, timers run. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    for (const { room } of nodes) {
      for (const { to, message } of room.takeSent()) {
        const receiver = nodes.find((each) => each.room.self === to);
        receiver?.manager.receive(room.self, encodeTaskMessage(message));
      }
    }
    for (const command of nodes.flatMap(({ room }) => room.proposed.splice(0))) {
      const batch = batchOf(ledger.append('command', encode(Command, command)).events);
      for (const { manager } of nodes) manager.applied(batch);
    }
    for (const { room } of nodes) room.clock.pass(10);
    ledger.timeMs += 10;
    await settle();
  }
}

/** Somebody's request, at a node; resolves with its task. */
function play(at: NodeId): Promise<TaskRecord> {
  const asked = nodes.find(({ room }) => room.self === at);
  if (asked === undefined) throw new Error(`no node ${at}`);
  const { signal } = new AbortController();
  const call = { method: METHOD, request: utf8('one'), requester: OPERATOR, signal };
  return asked.manager.submit({ ...call, expiresInMs: 60_000 });
}

describe('a kind of task that only a test knows, added to the tables,', () => {
  test('is asked for at any node, contributed to by all, combined by the leader, and answered', async () => {
    const answer = play(nodeId('node-2'));
    await pass(200);
    const { outcome, attempts } = await answer;
    const text = outcome?.$case === 'result' ? new TextDecoder().decode(outcome.value) : '';
    expect(text).toBe('node-1 node-2 node-3 ');
    expect(attempts).toHaveLength(1);
    expect(nodes.flatMap(({ room }) => room.alarms)).toEqual([]);
  });

  test('ends for the reason that its driver makes of a refusal', async () => {
    words['node-3'] = undefined;
    const answer = play(ONE);
    await pass(200);
    expect((await answer).outcome).toMatchObject({ value: { reason: 'NO_WORD' } });
  });

  test('has a new attempt when a contribution fails its check, and takes no second one of the same node', async () => {
    words['node-3'] = '';
    const answer = play(ONE);
    await pass(30);
    words['node-3'] = 'node-3 ';
    await pass(300);
    expect((await answer).attempts).toHaveLength(2);
  });
});
