import type { Schemes, SigningReason } from '../algorithms/index.js';
import type { NodeId } from '../common/index.js';
import type { Gg20Tables, PrepareReason } from '../gg20/index.js';
import type { Genesis } from '../identity/index.js';
import type { SignedMessage } from '../mpc/index.js';
import type { Verify } from '../ports/index.js';
import type { KeygenReason } from '../sharing/index.js';
import type { Ready } from '../wire/index.js';
import type { AccusedAttempt } from './accused-attempt.js';

export type CulpritReason =
  | 'TWO_MESSAGES'
  /** An echo of broadcasts that shows what their senders have not signed. */
  | 'FALSE_ECHO'
  /** Evidence that was shown to all and proves nothing, though its fault is one that this build judges. */
  | 'FALSE_ACCUSATION'
  /** A modulus that its maker opened in another session before. */
  | 'REUSED_MODULUS'
  /** A message of a signing session that fails a check, by what its signer itself signed that it heard. */
  | 'WRONG_MESSAGE'
  | KeygenReason
  | SigningReason
  | PrepareReason;

/** The part of the genesis that a judgement stands on: plain data, so that it can go to a worker. */
export type JudgedCluster = {
  readonly clusterId: Genesis['clusterId'];
  readonly members: readonly Pick<Genesis['members'][number], 'nodeId' | 'identityKey'>[];
};

/** One accused in one attempt, and what a judgement of it stands on. */
export type Accused = {
  readonly genesis: JudgedCluster;
  readonly verify: Pick<Verify, 'identity'>;
  readonly schemes: Schemes;
  readonly gg20: Gg20Tables;
  readonly attempt: AccusedAttempt;
  readonly node: NodeId;
  readonly identityKey: Uint8Array;
  /** The accused's own word for a key, where the evidence shows one: not verified yet. Of a reshare that for the base. */
  readonly ready: Ready | undefined;
};

/** How messages are judged that participants in tasks of one kind sign. */
export type KindJudge = {
  /** Kinds of message of which an honest node signs one body for each receiver and session. Declines and complaints may change. */
  readonly saidOnce: readonly string[];
  /** Kinds of the broadcasts that a transcript shows. Absent: no transcripts of the kind's sessions are compared. */
  readonly transcript?: { readonly commit: string; readonly open: string };
  /** Faults of the kind's protocol: whether messages, all signed by the accused in this session, show one. */
  readonly faults: Readonly<Partial<Record<CulpritReason, Fault>>>;
  /** Faults of which an honest node accuses another only when its messages show them: to claim one falsely is a fault. */
  readonly decided?: readonly CulpritReason[];
};

/** Whether messages show a fault. Pure; never throws. */
export type Fault = (
  accused: Accused,
  messages: readonly SignedMessage[],
  beside: MessagesBeside,
) => boolean;

/** Messages that the accused's are held against. All signatures hold. */
export type MessagesBeside = {
  /** Of other participants of the session. */
  readonly others: readonly SignedMessage[];
  /** Of the accused, in other sessions. */
  readonly earlier: readonly EarlierSigned[];
  /** Bodies of others, which the accused's messages name by their hashes. Nothing is known of who signed them. */
  readonly named: readonly Uint8Array[];
  /** The auxiliary material of the attempt, if it is that: not compared yet. */
  readonly material: Uint8Array;
};

export type EarlierSigned = { readonly sessionId: Uint8Array; readonly message: SignedMessage };

/** Judges by the kind's name. A test may add a kind to those of this build. */
export type JudgeTable = Readonly<Record<string, KindJudge>>;
