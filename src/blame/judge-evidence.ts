import { equal, isTaskId, sessionId, taskId, toHex } from '../common/index.js';
import type { NodeId, SessionId, TaskId } from '../common/index.js';
import { NOBLE_GROUPS } from '../crypto/index.js';
import { gg20Tables, type Gg20Tables } from '../gg20/index.js';
import { ALGORITHMS, KEY_ALGORITHMS } from '../identity/index.js';
import type { SignedMessage } from '../mpc/index.js';
import { TASK_KINDS } from '../state/index.js';
import type { KindTable } from '../state/index.js';
import { decode, encode, Evidence } from '../wire/index.js';
import { accusedAttempt } from './accused-attempt.js';
import { isFalseAccusation } from './false-accusation.js';
import type {
  Accused,
  CulpritReason,
  JudgeTable,
  KindJudge,
  MessagesBeside,
} from './kind-judge.js';
import { KIND_JUDGES } from './kind-judges.js';
import { wrongMessage } from './session-signing.js';
import { messagesBeside, signedBy } from './signed-messages.js';

/** The basis of a judgement: the cluster's own file, and arithmetic. */
export type Judge = Pick<Accused, 'genesis' | 'verify' | 'schemes'> & {
  /** GG20's parameter sets: those of this build where absent. */
  readonly gg20?: Gg20Tables | undefined;
  /** The kinds of task whose requests and messages it knows: those of this build where absent. */
  readonly kinds?: { readonly rules: KindTable; readonly judges: JudgeTable } | undefined;
};

/** A node, and what it signed that no honest node signs. */
export type Culprit = {
  readonly nodeId: NodeId;
  readonly reason: CulpritReason;
  readonly taskId: TaskId;
  readonly sessionId: SessionId;
};

const KINDS = { rules: TASK_KINDS, judges: KIND_JUDGES };

/** Larger bytes are not read: evidence of no algorithm is larger. */
const EVIDENCE_BYTES_MAX = Math.max(
  ...KEY_ALGORITHMS.map((algorithm) => ALGORITHMS[algorithm].evidenceBytesMax),
);

/** The form of evidence that this release makes and judges. */
export const EVIDENCE_FORMAT = 1;

/**
 * The node that these bytes, an encoded `Evidence`, prove to have lied, if any. A pure function of evidence and genesis: it
 * believes nothing that the accused's identity key in the genesis has not signed, and gives the same answer everywhere.
 * Never throws.
 */
export function judgeEvidence(judge: Judge, bytes: Uint8Array): Culprit | undefined {
  if (bytes.length > EVIDENCE_BYTES_MAX) return undefined;
  const evidence = decode(Evidence, bytes);
  const about = evidence && accusedIn(judge, evidence);
  if (evidence === undefined || about === undefined) return undefined;
  const { accused, byKind } = about;
  const messages = signedBy(accused, evidence.messages);
  const beside = messages && messagesBeside(accused, evidence);
  const reason =
    evidence.reason === 'FALSE_ACCUSATION'
      ? falseAccusation(judge, accused, byKind, messages ?? [])
      : beside && faultShown(accused, byKind, evidence.reason, messages, beside);
  return (
    reason && {
      nodeId: accused.node,
      reason,
      taskId: about.task,
      sessionId: sessionId(toHex(accused.attempt.sessionId)),
    }
  );
}

/**
 * The part of evidence that proves what all of it proves; `undefined` where it proves nothing. Of a signing session one check takes a
 * small part of all that a signer has said, and all of it may be longer than evidence is.
 */
export function essentialEvidence(judge: Judge, bytes: Uint8Array): Uint8Array | undefined {
  const whole = decode(Evidence, bytes);
  const about = whole?.reason === 'WRONG_MESSAGE' ? accusedIn(judge, whole) : undefined;
  const messages = whole && about && signedBy(about.accused, whole.messages);
  const fault = messages && wrongMessage(about.accused, messages, whole);
  const essential =
    whole && fault
      ? encode(Evidence, {
          ...whole,
          messages: whole.messages.filter((_, at) => {
            const message = messages[at];
            return message !== undefined && fault.messages.includes(message);
          }),
          named: [...fault.named],
        })
      : bytes;
  return judgeEvidence(judge, essential) && essential;
}

type About = { readonly accused: Accused; readonly byKind: KindJudge; readonly task: TaskId };

/** The accused, in the attempt that the evidence shows. Nothing of it is judged. */
function accusedIn(judge: Judge, evidence: Evidence): About | undefined {
  if (evidence.format !== EVIDENCE_FORMAT) return undefined;
  const { genesis, verify, schemes, gg20 = ownTables(), kinds = KINDS } = judge;
  const member = genesis.members.find((each) => each.nodeId === evidence.nodeId);
  const attempt = accusedAttempt(evidence, genesis.clusterId, kinds.rules);
  if (member === undefined || attempt === undefined) return undefined;
  const task = attempt.attempt.taskId;
  const judges: Readonly<Record<string, KindJudge | undefined>> = kinds.judges;
  const byKind = judges[attempt.request.kind];
  if (!isTaskId(task) || byKind === undefined) return undefined;
  const { nodeId: node, identityKey } = member;
  const { ready } = evidence;
  const accused: Accused = { genesis, verify, schemes, gg20, attempt, node, identityKey, ready };
  return { accused, byKind, task: taskId(task) };
}

/** A complaint holds no complaint: nothing is judged deeper than this. */
function falseAccusation(
  judge: Judge,
  accused: Accused,
  byKind: KindJudge,
  messages: readonly SignedMessage[],
): CulpritReason | undefined {
  const proves = (bytes: Uint8Array): boolean => judgeEvidence(judge, bytes) !== undefined;
  return isFalseAccusation(accused, byKind, messages, proves) ? 'FALSE_ACCUSATION' : undefined;
}

/** The reason that the evidence gives, if the messages show it. */
function faultShown(
  accused: Accused,
  { saidOnce, faults }: KindJudge,
  reason: string,
  messages: readonly SignedMessage[],
  beside: MessagesBeside,
): CulpritReason | undefined {
  if (reason === 'TWO_MESSAGES') return contradict(saidOnce, messages) ? reason : undefined;
  if (!isFaultOf(faults, reason)) return undefined;
  return faults[reason]?.(accused, messages, beside) === true ? reason : undefined;
}

function isFaultOf(faults: KindJudge['faults'], reason: string): reason is CulpritReason {
  return Object.hasOwn(faults, reason);
}

/** Two different bodies of one sender, recipient and kind, where an honest node signs one. */
function contradict(
  saidOnce: readonly string[],
  [one, other, more]: readonly SignedMessage[],
): boolean {
  return (
    one !== undefined &&
    other !== undefined &&
    more === undefined &&
    saidOnce.includes(one.kind) &&
    one.kind === other.kind &&
    one.from === other.from &&
    one.to === other.to &&
    // Bodies only: an Ed25519 signature can be altered by the node that made it.
    !equal(one.digest, other.digest)
  );
}

let tables: Gg20Tables | undefined;

function ownTables(): Gg20Tables {
  return (tables ??= gg20Tables(NOBLE_GROUPS));
}
