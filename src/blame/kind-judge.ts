import type { Schemes, SigningReason } from '../algorithms/index.js';
import type { NodeId } from '../common/index.js';
import type { Genesis } from '../identity/index.js';
import type { SignedMessage } from '../mpc/index.js';
import type { Verify } from '../ports/index.js';
import type { KeygenReason } from '../sharing/index.js';
import type { Ready } from '../wire/index.js';
import type { AccusedAttempt } from './accused-attempt.js';

export type CulpritReason = 'TWO_MESSAGES' | KeygenReason | SigningReason;

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
  readonly attempt: AccusedAttempt;
  readonly node: NodeId;
  readonly identityKey: Uint8Array;
  /** The accused's own word for a key, where the evidence shows one: not verified yet. */
  readonly ready: Ready | undefined;
};

/** How messages are judged that participants in tasks of one kind sign. */
export type KindJudge = {
  /** Kinds of message of which an honest node signs one body for each receiver and session. Declines and complaints may change. */
  readonly saidOnce: readonly string[];
  /** Faults of the kind's protocol: whether messages, all signed by the accused in this session, show one. */
  readonly faults: Readonly<Partial<Record<CulpritReason, Fault>>>;
};

/** Whether messages show a fault. Pure; never throws. */
export type Fault = (accused: Accused, messages: readonly SignedMessage[]) => boolean;

/** Judges by the kind's name. A test may add a kind to those of this build. */
export type JudgeTable = Readonly<Record<string, KindJudge>>;
