import type { Millis, NodeId, PartyIndex, Refusal, SessionId } from '../../common/index.js';
import type { KeyManager } from '../../keys/index.js';
import type { NewTask, ParsedRequest, Queries, View } from '../../state/index.js';
import type { Attempt, Declined, Envelope, TaskRecord } from '../../wire/index.js';
import type { Arithmetic } from '../arithmetic.js';
import type { Accusing } from '../blame/accusing.js';
import type { Culprits } from '../blame/culprits.js';
import type { SessionFailures } from './sign/session-failures.js';
import type { Connections } from '../connections.js';
import type { AppliedState, TaskContext } from '../context.js';
import type { Assigner } from '../leader/assigner.js';
import type { Plan } from '../leader/plan.js';
import type { PresignatureChoice } from '../leader/presignature-choice.js';
import type { LiveAttempt, LiveTask } from '../live-tasks.js';
import type { Answers } from '../participant/answers.js';
import type { Erasing } from '../participant/erasing.js';
import type { Supplies } from '../participant/supplies.js';
import type { Facts } from '../participant/facts.js';
import type { Generations } from '../participant/generations.js';
import type { OwnPresignatures } from '../participant/own-presignatures.js';
import type { PrimePool } from '../participant/prime-pool.js';
import type { EarlyMessages } from '../voter/early-messages.js';
import type { Work } from '../work.js';

/** The driver of tasks of one kind. `state/kinds` has the rules of the same kind. */
export type KindDriver<P extends ParsedRequest = ParsedRequest> = {
  /** Absent for a kind that asks no node to contribute. */
  participant?(context: ParticipantContext): ParticipantDriver<P>;
  /** Absent for a kind that is done by being applied. */
  leader?(context: LeaderContext): LeaderDriver<P>;
  /** Absent where nothing is combined: participants have only facts to say. */
  combining?(context: CombiningContext): Combining<P>;
  /** Absent for a kind whose outcomes are answers as they are. */
  answer?(context: AnswerContext): AnswerDriver<P>;
};

/** Drivers by the kind's name. A test may add a kind to those of this build. */
export type DriverTable = Readonly<Record<string, KindDriver>>;

/** The context of a participant. */
export type ParticipantContext = {
  readonly context: TaskContext;
  readonly view: View;
  readonly arithmetic: Arithmetic;
  readonly keys: KeyManager;
  readonly supply: Supplies;
  readonly facts: Facts;
  readonly primes: PrimePool;
  readonly generations: Generations;
  readonly presignatures: OwnPresignatures;
  readonly erasing: Erasing;
  readonly culprits: Pick<Culprits, 'take' | 'essential'>;
  readonly failures: SessionFailures;
  readonly session: ParticipantSession;
};

/** The messages that a participant sends in sessions, and those that came for a session before it had begun here. */
export type ParticipantSession = {
  readonly answers: Answers;
  readonly early: EarlyMessages<Envelope>;
};

/** This node as a participant of tasks of one kind. Driven like any other {@link Work}, but for what is its kind's alone. */
export interface ParticipantDriver<P extends ParsedRequest = ParsedRequest> extends Omit<
  Work,
  'taskOpen' | 'applied' | 'settled' | 'leadChanged' | 'keyChanged'
> {
  /** Does what a live task wants of this node, once for each attempt. Called whenever the task is looked at. */
  contribute(task: LiveTask<P>): void;
  /**
   * Takes a message of a session's protocol.
   *
   * @returns `false` before the session has begun here. The message is kept then, and waits in `early`.
   */
  receive?(from: NodeId, session: SessionId, envelope: Envelope): boolean;
  /** Attempts whose protocol goes on here among other nodes. */
  underWay?(): readonly LiveAttempt[];
}

/** The context of a leader. */
export type LeaderContext = {
  readonly context: TaskContext;
  readonly arithmetic: Arithmetic;
  readonly state: AppliedState;
  readonly connections: Connections;
  readonly assigner: Assigner;
  readonly accusing: Accusing;
  readonly culprits: Pick<Culprits, 'has' | 'provedIn'>;
  readonly failures: SessionFailures;
  readonly presignatures: PresignatureChoice;
};

/** Where a leader stands with a task whose next attempt is due. */
export type AttemptDue = {
  readonly plan: Plan;
  /** Nodes that were asked for a contribution and have not sent it. */
  overdue(): ReadonlySet<NodeId>;
  /** Whether an attempt was due for so long that even nodes that are left out are to be asked. */
  readonly short: boolean;
};

/** Why an attempt cannot end as the leader hoped. */
export type DeclineMeaning = {
  /** The reason for which no further attempt can help, if so. */
  readonly hopeless?: string | undefined;
  /** Another node than the one that declined, if that one is to be left out. */
  readonly blamed?: NodeId | undefined;
  /** Whether no node is to be left out: the attempt is void by what the log says. */
  readonly excused?: boolean;
};

/** The leader's part in tasks of one kind. It holds no authority: every node judges each entry for itself. */
export interface LeaderDriver<P extends ParsedRequest = ParsedRequest> {
  /** Whether a later attempt can do without a node. If not, the proof that it lied ends the task. */
  canReplace(task: LiveTask<P>, node: NodeId): boolean;
  /** Why too few nodes can be reached for a task to be opened. */
  checkReach(task: NewTask): Refusal | undefined;
  /** The attempt in the request's own entry, `undefined` while it cannot be made. Absent: this kind has none there. */
  firstAttempt?(task: NewTask): Attempt | undefined;
  /** How long the first attempt has before the next is due. */
  firstDelayMs(task: LiveTask<P>): Millis;
  /** Makes an attempt, `undefined` while it cannot be made. */
  nextAttempt(task: LiveTask<P>, number: number, due: AttemptDue): Attempt | undefined;
  /** The meaning of a participant's signed refusal beyond that its attempt cannot end. */
  onDeclined?(
    attempt: LiveAttempt<P>,
    declined: Declined,
    from: NodeId,
  ): DeclineMeaning | Promise<DeclineMeaning>;
  /**
   * The contributions of an attempt come to no result.
   *
   * @param wrong - Those that failed their check, each signed by its participant; none where each holds and all together do not.
   */
  onWrong?(
    attempt: LiveAttempt<P>,
    wrong: readonly (readonly [index: PartyIndex, envelope: Envelope])[],
  ): void;
  /**
   * Whether no further attempt can help where an attempt's contributions hold one by one and come to no result. Absent: none can.
   */
  isOver?(attempt: LiveAttempt<P>): boolean;
  /** A node's contribution came, so long after the entry of its attempt was applied. */
  onTook?(from: NodeId, tookMs: Millis, attempt: LiveAttempt<P>): void;
  /** A contribution that came as a node's had no signature of it, and was dropped. */
  onUnsigned?(from: NodeId): void;
  /**
   * Whether an attempt is waited for though its time is over, so long after its entry was applied: because the nodes that have
   * not contributed to it yet are busy, and not silent.
   */
  isUnderWay?(missing: readonly NodeId[], ageMs: Millis, attempt: LiveAttempt<P>): boolean;
}

/** The context in which contributions are combined. */
export type CombiningContext = {
  readonly context: TaskContext;
  readonly arithmetic: Arithmetic;
};

/** The outcome of contributions. */
export type Combined =
  | {
      /** The material that `done` brings into the log; the kind's rules make the result of it. */
      readonly material: Uint8Array;
      /** The encoded result that a client is answered with before the log has it; only of a kind that is answered early. */
      readonly answer?: Uint8Array;
    }
  /** The participants whose contributions failed their check; none where all hold and their combination does not. */
  | { readonly wrong: readonly PartyIndex[] };

/** The result of an attempt by another node's word. */
export type Claim<P extends ParsedRequest = ParsedRequest> = {
  readonly attempt: LiveAttempt<P>;
  readonly material: Uint8Array;
};

/** How contributions become what closes a task: on the leader, and on a node whose client waits. */
export interface Combining<P extends ParsedRequest = ParsedRequest> {
  /** The kind of envelope that carries a contribution to an attempt; `undefined` where none is of use. */
  envelope(attempt: Pick<LiveAttempt<P>, 'task'>): string | undefined;
  /**
   * Combines the contributions of all that the attempt asks. A result that it gives has been verified.
   *
   * @param bodies - By party index, as they came: whether their participants signed them is asked only where one is wrong.
   */
  combine(attempt: LiveAttempt<P>, bodies: ReadonlyMap<PartyIndex, Uint8Array>): Promise<Combined>;
  /**
   * For a kind whose result any reader can verify, so that a client needs no record of it: which of these are the results
   * of their attempts, verified. Absent for a kind whose requests are answered from the applied state.
   */
  checkClaims?(claims: readonly Claim<P>[]): Promise<readonly boolean[]>;
}

/** The context in which answers are checked. */
export type AnswerContext = {
  readonly context: TaskContext;
  readonly queries: Queries;
  readonly arithmetic: Arithmetic;
};

/** The judgement of a recorded outcome, for the client that waits for it. */
export type Answer =
  | { readonly kind: 'answer'; readonly task: TaskRecord }
  | { readonly kind: 'wait' }
  /** The outcome contradicts itself. `message` says so to the client. */
  | { readonly kind: 'invalid'; readonly message: string };

/** Looks at recorded outcomes before they leave as answers. */
export interface AnswerDriver<P extends ParsedRequest = ParsedRequest> {
  /** @param task - With an outcome, and it is no failure. */
  check(task: TaskRecord, asked: P): Answer | Promise<Answer>;
}

/** One side of every kind's driver, by the kind's name, of the kinds that have that side. */
export function sidesOf<D>(
  table: DriverTable,
  sideOf: (driver: KindDriver) => D | undefined,
): ReadonlyMap<string, D> {
  const sides = new Map<string, D>();
  for (const [kind, driver] of Object.entries(table)) {
    const side = sideOf(driver);
    if (side !== undefined) sides.set(kind, side);
  }
  return sides;
}
