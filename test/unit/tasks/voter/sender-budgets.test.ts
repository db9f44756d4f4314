import { beforeEach, expect, test } from '@jest/globals';
import { Budgets, nodeId, taskId } from '../../../../src/common/index.js';
import { SHARE_KIND } from '../../../../src/frost/index.js';
import { signEnvelope } from '../../../../src/mpc/index.js';
import { Accusing } from '../../../../src/tasks/blame/accusing.js';
import { Culprits } from '../../../../src/tasks/blame/culprits.js';
import { Leadership } from '../../../../src/tasks/leadership.js';
import {
  KEY_READ_SUPPLIES,
  PEERS_MAX,
  SESSION_MESSAGES,
  SIGNATURES_CHECKED,
  SUPPLIES_TAKEN,
} from '../../../../src/tasks/limits.js';
import type { LiveAttempt, LiveTasks } from '../../../../src/tasks/live-tasks.js';
import { Participants } from '../../../../src/tasks/participant/participants.js';
import { Contributions } from '../../../../src/tasks/voter/contributions.js';
import { EarlyMessages } from '../../../../src/tasks/voter/early-messages.js';
import { Pooling } from '../../../../src/tasks/voter/pooling.js';
import { ShareBox } from '../../../../src/tasks/voter/share-box.js';
import { SupplyChecks } from '../../../../src/tasks/voter/supply-checks.js';
import { SupplyPools } from '../../../../src/tasks/voter/supply-pools.js';
import type { Envelope } from '../../../../src/wire/index.js';
import { fill, Ledger, NODES, supply } from '../../../support/builders/ledger.js';
import { bootHexOf, TaskRoom } from '../../../support/builders/task-room.js';

/* What one member can send as fast as it likes, and the budget that its messages have: docs/threats.md, floods of a member. */

const [ONE, TWO] = [nodeId('node-1'), nodeId('node-2')];
let ledger: Ledger;
let room: TaskRoom;
let tasks: LiveTasks;
let attempt: LiveAttempt;
/** How often a key was read from the state, and an identity key's signature was checked. */
let [reads, checked] = [0, 0];

beforeEach(() => {
  ledger = new Ledger();
  ledger.activeKey('treasury');
  const [id = ''] = ledger.sign('treasury', 'one').changedTasks;
  ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', id, 1) });
  room = new TaskRoom('node-3', ledger);
  tasks = room.liveTasks();
  const [open] = tasks.refresh(taskId(id))?.attempts ?? [];
  if (open === undefined) throw new Error('the session is open');
  attempt = open;
  [reads, checked] = [0, 0];
});

function pooling(pools: SupplyPools): Pooling {
  for (const node of NODES) pools.hello(node, bootHexOf(node));
  const { context, arithmetic, state } = room;
  const queries = {
    key: (id: string) => {
      reads += 1;
      return state.queries.key(id);
    },
  };
  const checks = new SupplyChecks(context, arithmetic, pools, () => {});
  const leadership = new Leadership(context.consensus);
  const { compute } = arithmetic;
  return new Pooling(context, queries, tasks, leadership, compute, pools, checks, () => {});
}

const fresh = (counter: number, count = 1) => ({
  keyId: 'treasury',
  version: 1,
  supplies: Array.from({ length: count }, (_, at) => supply(ONE, counter + at)),
});

test('messages of supplies read the state and fill pools within the budget of their node', () => {
  const pools = new SupplyPools();
  const taking = pooling(pools);
  for (let at = 1; at <= 10_000; at++) taking.take(ONE, fresh(at));
  expect(reads).toBe(Math.floor(SUPPLIES_TAKEN.burst / (1 + KEY_READ_SUPPLIES)));
  // Another node has a budget of its own.
  taking.take(TWO, { ...fresh(1), supplies: [supply(TWO, 1)] });
  expect(pools.of('treasury', 1, [TWO])).toHaveLength(1);
});

test('a message with more supplies than any budget holds is dropped unread', () => {
  const pools = new SupplyPools();
  pooling(pools).take(ONE, fresh(1, SUPPLIES_TAKEN.burst));
  expect([reads, pools.size]).toEqual([0, 0]);
});

test('supplies that come with a share of an open attempt need no read', () => {
  const pools = new SupplyPools();
  pooling(pools).take(ONE, fresh(1), attempt.task.key);
  expect([reads, pools.size]).toEqual([0, 1]);
});

const message = (session: number): Envelope => ({
  sessionId: fill(session),
  kind: 'any',
  from: 1,
  to: 0,
  content: undefined,
});

test('messages of sessions cost their node’s budget alone', () => {
  const early = new EarlyMessages<Envelope>();
  const participants = new Participants(room.context, tasks, new Map(), early);
  for (let at = 0; at < SESSION_MESSAGES.burst; at++) participants.receive(ONE, message(1), 100);
  participants.receive(ONE, message(2), 100);
  participants.receive(TWO, message(2), 100);
  expect(early.take('02'.repeat(32)).map(({ from }) => from)).toEqual([TWO]);
});

test('shares that contradict an earlier one are compared within the budget of their node', () => {
  const { context, arithmetic } = room;
  const { verify, ...judging } = context.judging;
  const identity: typeof verify.identity = (...signed) => {
    checked += 1;
    return verify.identity(...signed);
  };
  const counting = { ...context, judging: { ...judging, verify: { ...verify, identity } } };
  const culprits = new Culprits(counting, arithmetic);
  const contributions = new Contributions(
    {
      clock: room.clock,
      tasks,
      shares: new ShareBox(() => SHARE_KIND),
      pooling: pooling(new SupplyPools()),
      accusing: new Accusing(counting, culprits),
      checking: new Budgets(SIGNATURES_CHECKED, PEERS_MAX),
    },
    { contributed: () => {}, declined: () => {} },
  );
  const { signer } = new TaskRoom('node-2', ledger).context.self;
  for (let at = 0; at < 10_000; at++) {
    // Under its own index, and signed by another: never evidence, and looked at each time.
    const body = Uint8Array.of(at & 255, at >> 8);
    const envelope = signEnvelope(signer, attempt.record.sessionId, SHARE_KIND, 1, 0, body);
    contributions.take(ONE, { envelope, freshSupplies: undefined }, 200);
  }
  expect(checked).toBeGreaterThan(0);
  expect(checked).toBeLessThanOrEqual(SIGNATURES_CHECKED.burst);
});
