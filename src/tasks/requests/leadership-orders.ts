import { Budgets, ClusterError, nodeId, refusal, refusalError, toHex } from '../../common/index.js';
import type { NodeId, Refusal, Term } from '../../common/index.js';
import type { Led, TransferRefusal } from '../../raft/index.js';
import { decisionHashOf } from '../../state/index.js';
import { decode, encode, Request, TransferLeadershipRequest } from '../../wire/index.js';
import type { ForwardRefused } from '../../wire/index.js';
import type { Connections } from '../connections.js';
import type { TaskContext } from '../context.js';
import {
  LEADERSHIP_ORDERS,
  LEADERSHIP_ORDERS_MAX,
  LEADERSHIP_REPEAT_MS,
  LEADERSHIP_WAIT_MS,
  PEERS_MAX,
} from '../limits.js';
import { forwardRefused, refusalIn } from '../refusal-message.js';
import { judgeOrder } from './judge-order.js';
import type { Order } from './judge-order.js';

export const TRANSFER_LEADERSHIP = '/quorate.v1.ClusterService/TransferLeadership';

/** An operator's word that the leader of a term is to hand over. */
export type LeadershipOrder = Order & {
  readonly term: Term;
  /** `undefined`: to the voter that has most of the log. */
  readonly target: NodeId | undefined;
};

type Waiting = { readonly askedOf: NodeId; readonly refuse: (error: ClusterError) => void };

/**
 * Orders to hand leadership over: of this node's own operators, brought to the leader; and, at the leader, those that other nodes
 * bring. An order names its term: one that comes late, or again, deposes no later leader.
 */
export class LeadershipOrders {
  readonly #context: TaskContext;
  readonly #connections: Connections;
  /** By the hex of the order's decision hash. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #budgets = new Budgets(LEADERSHIP_ORDERS, PEERS_MAX);

  constructor(context: TaskContext, connections: Connections) {
    this.#context = context;
    this.#connections = connections;
  }

  /**
   * Resolves with the leader once the order is carried out: that of a later term or, where it is the one that the order names, that
   * of the order's own.
   *
   * @throws {ClusterError} It is refused, or no leader can be asked; or the reason of `signal`.
   */
  async give(order: LeadershipOrder, signal: AbortSignal): Promise<Led> {
    judgeOrder(this.#context, order);
    const { self, consensus } = this.#context;
    const { term, leader } = consensus.status();
    if (term > order.term && leader !== undefined) return carriedOut(order, { leader, term });
    if (leader === undefined || term !== order.term)
      throw new ClusterError('no-quorum', 'No leader of that term is known here; ask again', {
        reason: 'NO_LEADER',
      });
    if (leader === order.target) return { leader, term };
    const led =
      leader === self.id ? this.#carryOut(order, signal) : this.#ask(leader, order, signal);
    return carriedOut(order, await led);
  }

  /** As leader: takes an order that another node brings. */
  take(from: NodeId, bytes: Uint8Array): void {
    const { clock, outbox } = this.#context;
    if (!this.#budgets.take(from, 1, clock.elapsed())) return;
    const request = decode(Request, bytes);
    const order = request && orderOf(request);
    if (request === undefined || order === undefined) return;
    const late = new AbortController();
    const timer = clock.after(LEADERSHIP_WAIT_MS, () => late.abort());
    this.#obey(order, late.signal)
      // The node that asked sees the next leader by itself.
      .catch((error: unknown) => {
        if (!(error instanceof ClusterError)) return;
        const { code, reason, message } = error;
        const hash = decisionHashOf(request);
        outbox.send(from, forwardRefused(hash, refusal(code, reason, message)));
      })
      .finally(() => timer.cancel());
  }

  /** Takes the word of the leader that was asked. */
  refused(from: NodeId, said: ForwardRefused): void {
    const waiting = this.#waiting.get(toHex(said.verdictHash));
    if (waiting?.askedOf !== from) return;
    const code = isCode(said.code) ? said.code : 'no-quorum';
    waiting.refuse(refusalError(refusalIn(said, code)));
  }

  async #obey(order: LeadershipOrder, signal: AbortSignal): Promise<void> {
    judgeOrder(this.#context, order);
    const { term, leader } = this.#context.consensus.status();
    if (term !== order.term || leader !== this.#context.self.id) throw notLeader();
    await this.#carryOut(order, signal);
  }

  async #carryOut({ target }: LeadershipOrder, signal: AbortSignal): Promise<Led> {
    const { consensus, logger } = this.#context;
    logger.info('An operator has this node hand leadership over', { to: target ?? 'any voter' });
    const result = await consensus.transferLeadership(target, signal);
    if (typeof result === 'object') return result;
    throw refusalError(REFUSALS[result](target));
  }

  /** Brings the order to the leader, again and again, until a later term has a leader or the order is refused. */
  async #ask(leader: NodeId, order: LeadershipOrder, signal: AbortSignal): Promise<Led> {
    const { clock, consensus, outbox } = this.#context;
    const { method, request, authorization } = order;
    const by = { $case: 'signed', value: authorization } as const;
    const asked = { method, request, authorization: { by }, firstAttempt: undefined };
    const name = toHex(decisionHashOf(asked));
    if (this.#waiting.size >= LEADERSHIP_ORDERS_MAX || this.#waiting.has(name))
      throw refusalError(REFUSALS['under-way'](order.target));
    const bytes = encode(Request, asked);
    const stop = new AbortController();
    const send = (): void => {
      if (stop.signal.aborted) return;
      if (this.#connections.has(leader))
        outbox.send(leader, { message: { $case: 'order', value: { request: bytes } } });
      clock.after(LEADERSHIP_REPEAT_MS, send);
    };
    const either = AbortSignal.any([signal, stop.signal]);
    try {
      const refused = new Promise<never>((_, reject) => {
        this.#waiting.set(name, { askedOf: leader, refuse: reject });
      });
      send();
      const led = await Promise.race([consensus.laterLeader(order.term, either), refused]);
      if (typeof led === 'object') return led;
      throw refusalError(REFUSALS[led](order.target));
    } finally {
      this.#waiting.delete(name);
      stop.abort();
    }
  }
}

/** @throws {ClusterError} `superseded`: the order named another node than leads by now. */
function carriedOut({ term, target }: LeadershipOrder, led: Led): Led {
  if (target === undefined || led.leader === target) return led;
  throw new ClusterError(
    'superseded',
    `${led.leader} leads in term ${led.term}, and no longer anybody in term ${term}: look, and order again`,
    { reason: 'LEADERSHIP_CHANGED', facts: { leader_id: led.leader, term: String(led.term) } },
  );
}

function orderOf({ method, request, authorization }: Request): LeadershipOrder | undefined {
  if (method !== TRANSFER_LEADERSHIP || authorization?.by?.$case !== 'signed') return undefined;
  const asked = decode(TransferLeadershipRequest, request);
  if (asked === undefined) return undefined;
  const { term, targetNodeId } = asked;
  const target = targetNodeId === '' ? undefined : nodeId(targetNodeId);
  return { method, request, authorization: authorization.by.value, term: Number(term), target };
}

function notLeader(): ClusterError {
  return refusalError(REFUSALS['not-leader'](undefined));
}

const REFUSALS: Readonly<Record<TransferRefusal, (target: NodeId | undefined) => Refusal>> = {
  'not-leader': () =>
    refusal('not-leader', 'NOT_LEADER', 'The node that was asked does not lead in that term'),
  level: () =>
    refusal(
      'unsupported',
      'LEVEL_TOO_LOW',
      'Leadership is handed over from feature level 3 on: an operator raises the level',
    ),
  'not-a-voter': (target) =>
    refusal('wrong-state', 'NOT_A_VOTER', `${target} is no voter of this cluster`, {
      field: 'target_node_id',
    }),
  unreachable: (target) =>
    refusal(
      'no-quorum',
      'TARGET_UNREACHABLE',
      `The leader does not hear ${target ?? 'any other voter'}`,
    ),
  behind: (target) =>
    refusal(
      'no-quorum',
      'TARGET_BEHIND',
      `The log of ${target ?? 'any other voter'} lacks too much; ask again when it has caught up`,
    ),
  'under-way': () =>
    refusal('wrong-state', 'TRANSFER_UNDER_WAY', 'Leadership is being handed over already'),
  'not-elected': (target) =>
    refusal(
      'superseded',
      'TRANSFER_FAILED',
      `${target ?? 'The other voter'} was told to stand and was not elected in time; the leader goes on`,
    ),
};

const CODES = ['wrong-state', 'no-quorum', 'not-leader', 'superseded', 'unsupported'] as const;
const JUDGED = ['unauthenticated', 'forbidden', 'deadline', 'invalid-request'] as const;

/** Claims that a leader refuses an order with this code. */
function isCode(code: string): code is (typeof CODES)[number] | (typeof JUDGED)[number] {
  return [...CODES, ...JUDGED].some((each) => each === code);
}
