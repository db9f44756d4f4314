import type { KeyId, LogIndex, Millis, Refusal, Result } from '../common/index.js';
import type {
  Genesis,
  Identity,
  KeyAlgorithm,
  Limits,
  Requesters,
  RevocationName,
} from '../identity/index.js';
import type { Verify } from '../ports/index.js';
import type {
  Attempt,
  AttemptRecord,
  KeyParticipant,
  Preparation,
  Prepared,
  Ready,
  Request,
  RequesterRecord,
  Sharing,
  TaskRecord,
  Totals,
} from '../wire/index.js';
import type { StateEvent } from './events.js';
import type { ActiveKey } from './keys.js';
import type { Draft, View } from './view.js';

/** The kinds of task that this build knows, as the state and all rooms below the API spell them. */
export type TaskKind =
  | 'generate-key'
  | 'sign'
  | 'require-signatures'
  | 'raise-level'
  | 'correct-time'
  | 'revoke-certificate'
  | 'prepare'
  | 'presign'
  | 'retire-key'
  | 'restore-key'
  | 'reshare'
  | 'refresh'
  | 'cancel-task'
  | 'destroy-key';

/** The fields of requests of every kind. A kind's own parsed requests have more. */
export type ParsedRequest = {
  readonly kind: string;
  readonly requestId: string;
  /** The key that the request is about, if it is about one. */
  readonly keyId?: KeyId;
};

/** By whose authority a request of one kind counts. */
export type Askers = {
  readonly roles: readonly Identity['role'][];
  /**
   * Whether a node's voucher may stand for the requester's signature. Not where the cluster itself is changed: a node
   * that vouches could be a malicious one.
   */
  readonly voucher: boolean;
};

/** The holdings of one requester, and of all, in something that is bounded. */
export type Bound = { readonly held: number; readonly taken: number; readonly max: number };

/** A task that a request would open. */
export type Opening<P extends ParsedRequest = ParsedRequest> = {
  readonly view: View;
  readonly asked: P;
  /** SPIFFE id. */
  readonly requester: string;
};

/** The basis of an admitted request. */
export type Admitted = {
  /** The nodes that can take part, in order of party index; none where no node has to contribute. */
  readonly participants: readonly KeyParticipant[];
  /** The existing key that is used, if one is. */
  readonly key: ActiveKey | undefined;
};

/** An open task with its request parsed. */
export type AskedTask<P extends ParsedRequest = ParsedRequest> = {
  readonly record: TaskRecord;
  readonly asked: P;
};

/** The rules of one kind of task. All of them are pure: the same answer on every node. */
export type KindRules<P extends ParsedRequest = ParsedRequest> = {
  /** The kind's name in the replicated state. */
  readonly kind: string;
  /** The feature level that the kind came with. Below it, the log takes no request of its method. */
  readonly level: number;
  /** Full name of the method whose requests open tasks of this kind. */
  readonly method: string;
  readonly askers: Askers;
  /** Whether the entry of the request may carry the task's first attempt. */
  readonly opensWithAttempt: boolean;
  /** Whether its requester or an operator may end an open task. Not where a participant's part may be done already. */
  readonly cancellable?: true;

  /**
   * Reads a request's bytes as received, at most `REQUEST_BYTES_MAX`. Never throws.
   *
   * @param level - What the request is read by: with a field or a value that came with a later level, it is refused as
   *   `INVALID_ENCODING` or as what it would be to a build that does not know it.
   */
  parse(bytes: Uint8Array, level: number): Result<P>;
  /** Refuses a requester that may not ask for this. Asked before room, so that a stranger learns nothing of that. */
  checkAccess(
    view: View,
    asked: P,
    requester: Identity,
    context: JudgingContext,
  ): Refusal | undefined;
  /**
   * Refuses by the certificates that a request is signed with: its signer's chain, by the names under which they are revoked.
   * Absent for a kind that does nothing to certificates.
   */
  checkSigner?(asked: P, names: readonly RevocationName[]): Refusal | undefined;
  /**
   * The time at which a request's life and certificates are judged; the cluster's own where absent. For a kind that is asked
   * for because the cluster's own time is wrong.
   */
  judgedAt?(asked: P): Millis;
  /**
   * The bounds of the genesis that tasks of this kind fill besides that of request ids, with what the requester holds of
   * each. Absent for a kind that fills none.
   */
  bounds?(
    all: Totals,
    own: RequesterRecord,
    limits: Limits,
    opening: Opening<P>,
    context: JudgingContext,
  ): readonly Bound[];
  /**
   * Room among the tasks of this kind, and the rules of the key.
   *
   * @param timeMs - The state machine's clock when it is judged, which may be ahead of the last entry that was applied.
   */
  admit(view: View, asked: P, context: JudgingContext, timeMs: Millis): Result<Admitted>;
  /** The nodes that can take part in an open task, in order of party index. */
  participants(view: View, asked: P, context: JudgingContext): readonly KeyParticipant[];
  /** Claims that an attempt keeps the rules of its kind: version, session and assignment. Decodes no point. */
  fitsAttempt(view: View, asked: P, attempt: Attempt, context: JudgingContext): boolean;
  /**
   * Claims that an attempt which does not fit names what was in use before: the entry that changed it may have come between, so the
   * leader broke no rule. Absent for a kind whose attempts name nothing that changes while a task is open.
   */
  isOutdated?(view: View, asked: P, attempt: Attempt, context: JudgingContext): boolean;
  /**
   * Writes the records of an opening task besides the task itself. Returns the encoded result where applying the
   * request is all there is to do.
   */
  open(
    draft: Draft,
    task: AskedTask<P>,
    request: Request,
    context: JudgingContext,
  ): Uint8Array | undefined;
  /**
   * Does what else a request of this kind does once its task has opened, to the records of others, and tells of it. Absent
   * for a kind that changes no other records.
   */
  effects?(
    draft: Draft,
    task: AskedTask<P>,
    timeMs: Millis,
    context: JudgingContext,
  ): readonly StateEvent[];
  /**
   * The encoded result of a task, from what a `done` entry brings; `undefined` for material that breaks a rule. A leader's
   * word is not enough where no check of the result itself follows: such a result rests on what its participants signed.
   */
  result(
    view: View,
    asked: P,
    attempt: AttemptRecord,
    material: Uint8Array,
    context: JudgingContext,
  ): Uint8Array | undefined;
  /** For a kind whose tasks no `failed` ends: what their participants sign does, however long that takes. */
  readonly endsByFactsAlone?: boolean;
  /** Frees on every outcome what the opening took. */
  close(draft: Draft, task: TaskRecord, context: JudgingContext, outcome: Outcome): void;
  /** For a kind whose participants make a sharing of a key, and close the task by saying `ready`. */
  readonly sharing?: SharingRules<P>;
  /** For a kind whose participants make a generation of auxiliary material, and close the task by saying `prepared`. */
  readonly preparation?: PreparationRules<P>;
  /** For a kind whose tasks the cluster asks of itself, by entries of kind `upkeep`. A request of its method is refused. */
  readonly upkeep?: UpkeepRules<P>;
};

export type UpkeepRules<P extends ParsedRequest = ParsedRequest> = {
  /** Claims that a task is to be opened at this time by the state machine's clock. The same answer on every node. */
  isDue(view: View, asked: P, timeMs: Millis, context: JudgingContext): boolean;
  /**
   * Claims that a task which is not due may have been when it was proposed: an entry that its leader had not applied can have come
   * between, so the leader broke no rule.
   */
  isOvertaken(view: View, asked: P, timeMs: Millis): boolean;
  /**
   * The requests of the tasks that are due, as many as may be open at once: for a leader to propose.
   *
   * @param reaches - Whether the leader can reach all of these nodes. A task that needs all of its own may leave others their room.
   */
  due(
    view: View,
    timeMs: Millis,
    context: JudgingContext,
    reaches: (nodes: readonly string[]) => boolean,
  ): readonly Uint8Array[];
};

/** The outcome of a closed task. */
export type Outcome = NonNullable<TaskRecord['outcome']>;

export type PreparationRules<P extends ParsedRequest = ParsedRequest> = {
  /** The fields of a generation that its task fixes beforehand. */
  terms(asked: P): Pick<Preparation, 'setId' | 'generation'>;
  /** Writes the generation that all members have equally signed for, and returns the task's encoded result. */
  activate(
    draft: Draft,
    task: AskedTask<P>,
    preparation: Preparation,
    said: readonly Prepared[],
    timeMs: Millis,
  ): Uint8Array;
};

/** The entry that is applied. */
export type Moment = {
  readonly index: LogIndex;
  /** The state machine's clock. */
  readonly timeMs: Millis;
  /** The entry's timestamp, which no correction sets back. */
  readonly logMs: Millis;
};

/** The fields of a sharing that its task fixes beforehand; its participants determine V, public key and digest. */
export type SharingTerms = {
  readonly keyId: KeyId;
  readonly algorithm: KeyAlgorithm;
  readonly threshold: number;
  /** The version that the sharing is made from; 0 for a new key. */
  readonly baseVersion: number;
  /** The parts that a later version has in common with it, byte for byte; `first` is V_0. */
  readonly base?: {
    readonly publicKey: Uint8Array;
    readonly first: Uint8Array;
    readonly chainCode: Uint8Array;
  };
};

export type SharingRules<P extends ParsedRequest = ParsedRequest> = {
  /** `undefined` where the key that the task is about is gone. */
  terms(view: View, asked: P, context: JudgingContext): SharingTerms | undefined;
  /** Writes the sharing that all participants have equally signed for, and returns the task's encoded result. */
  activate(
    draft: Draft,
    task: AskedTask<P>,
    sharing: Sharing,
    said: readonly Ready[],
    moment: Moment,
    context: JudgingContext,
  ): Uint8Array;
};

/** Rules by the kind's name. A test may add a kind to those of this build. */
export type KindTable = Readonly<Record<string, KindRules>>;

/** The context that does not change while a node runs, and that every node must be given alike. */
export type JudgingContext = {
  readonly genesis: Genesis;
  readonly verify: Verify;
  /** The requesters that the genesis' authorities certify. */
  readonly requesters: Requesters;
  readonly kinds: KindTable;
};
