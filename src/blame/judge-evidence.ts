import { equal, isTaskId, sessionId, taskId, toHex } from '../common/index.js';
import type { NodeId, SessionId, TaskId } from '../common/index.js';
import type { Schemes, SignerSupply, SigningReason } from '../algorithms/index.js';
import { SHARE_KIND } from '../frost/index.js';
import {
  ALGORITHMS,
  isKeyAlgorithm,
  KEY_ALGORITHMS,
  partyIndexOf,
  readyBytes,
} from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { bodyDigest, digestBytes } from '../mpc/index.js';
import type { SignedMessage } from '../mpc/index.js';
import type { Verify } from '../ports/index.js';
import { judgeKeygen, keygen, sharedKey } from '../sharing/index.js';
import type { KeygenReason } from '../sharing/index.js';
import { isGenerateKey, isSign, suppliesOf } from '../state/index.js';
import { decode, Evidence } from '../wire/index.js';
import type { Ready, Sharing, ShownMessage } from '../wire/index.js';
import { accusedAttempt } from './accused-attempt.js';
import type { AccusedAttempt } from './accused-attempt.js';

/** The grounds of a judgement: the cluster's own file, and arithmetic. */
export type Judge = {
  readonly genesis: Genesis;
  readonly verify: Pick<Verify, 'identity'>;
  readonly schemes: Schemes;
};

/** A node that signed messages which no honest node signs. */
export type Culprit = {
  readonly nodeId: NodeId;
  readonly reason: CulpritReason;
  readonly taskId: TaskId;
  readonly sessionId: SessionId;
};

export type CulpritReason = 'TWO_MESSAGES' | KeygenReason | SigningReason;

/** How each reason is judged: by the protocol whose messages are shown. */
const JUDGES: Readonly<
  Record<CulpritReason, (trial: Trial, messages: readonly SignedMessage[]) => boolean>
> = {
  TWO_MESSAGES: (_, messages) => contradict(messages),
  UNREADABLE_MESSAGE: (trial, messages) => trial.keygen('UNREADABLE_MESSAGE', messages),
  WRONG_OPENING: (trial, messages) => trial.keygen('WRONG_OPENING', messages),
  WRONG_VALUE: (trial, messages) => trial.keygen('WRONG_VALUE', messages),
  WRONG_SHARE: (trial, messages) => trial.signing('WRONG_SHARE', messages),
};

/** Of these an honest node signs one body for each recipient and session. Declines and complaints may change. */
const SAID_ONCE: ReadonlySet<string> = new Set([...Object.values(keygen.kinds), SHARE_KIND]);

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
  if (evidence?.format !== EVIDENCE_FORMAT) return undefined;
  const member = judge.genesis.members.find((each) => each.nodeId === evidence.nodeId);
  const attempt = accusedAttempt(evidence, judge.genesis.clusterId);
  if (member === undefined || attempt === undefined) return undefined;
  const task = attempt.attempt.taskId;
  if (!isTaskId(task) || !isReason(evidence.reason)) return undefined;
  const trial = new Trial({ judge, attempt, node: member.nodeId, ...member }, evidence.ready);
  const messages = trial.signed(evidence.messages);
  if (messages === undefined || !JUDGES[evidence.reason](trial, messages)) return undefined;
  return {
    nodeId: member.nodeId,
    reason: evidence.reason,
    taskId: taskId(task),
    sessionId: sessionId(toHex(attempt.sessionId)),
  };
}

function isReason(reason: string): reason is CulpritReason {
  return Object.hasOwn(JUDGES, reason);
}

/** Two different bodies of one sender, recipient and kind, where an honest node signs one. */
function contradict([one, other, more]: readonly SignedMessage[]): boolean {
  return (
    one !== undefined &&
    other !== undefined &&
    more === undefined &&
    SAID_ONCE.has(one.kind) &&
    one.kind === other.kind &&
    one.from === other.from &&
    one.to === other.to &&
    // Bodies only: an Ed25519 signature can be altered by the node that made it.
    !equal(one.digest, other.digest)
  );
}

type Accused = {
  readonly judge: Judge;
  readonly attempt: AccusedAttempt;
  readonly node: NodeId;
  readonly identityKey: Uint8Array;
};

/** One accused in one attempt. */
class Trial {
  readonly #accused: Accused;
  readonly #ready: Ready | undefined;

  constructor(accused: Accused, ready: Ready | undefined) {
    this.#accused = accused;
    this.#ready = ready;
  }

  /** The messages, if the accused signed each of them as this kind of message of this session. */
  signed(shown: readonly ShownMessage[]): readonly SignedMessage[] | undefined {
    const { judge, attempt, identityKey } = this.#accused;
    const messages = shown.flatMap(({ kind, from, to, said }) => {
      if (said === undefined) return [];
      const body = said.$case === 'body' ? said.value.body : undefined;
      const digest = said.$case === 'body' ? bodyDigest(said.value.body) : said.value.digest;
      const bytes = digestBytes(attempt.sessionId, kind, from, to, digest);
      const signed = judge.verify.identity(identityKey, bytes, said.value.signature);
      return signed ? [{ kind, from, to, digest, body }] : [];
    });
    return messages.length === shown.length ? messages : undefined;
  }

  /** For an attempt to generate a key, in which the accused takes part. */
  keygen(reason: KeygenReason, messages: readonly SignedMessage[]): boolean {
    const { judge, node } = this.#accused;
    const { attempt, request, sessionId: session } = this.#accused.attempt;
    if (!isGenerateKey(request) || attempt.assignment?.$case !== 'boots') return false;
    const { nodes } = attempt.assignment.value;
    const index = partyIndexOf(nodes, node);
    if (index === 0) return false;
    const { threshold, algorithm } = request;
    const { sharing } = judge.schemes[algorithm];
    const accused = { sharing, sessionId: session, index, count: nodes.length, threshold };
    return judgeKeygen(accused, reason, messages);
  }

  /** The key is the one that the accused itself signed for; supplies and message are those of the entry. */
  signing(reason: SigningReason, messages: readonly SignedMessage[]): boolean {
    const { judge, node } = this.#accused;
    const { attempt, request } = this.#accused.attempt;
    const sharing = this.#ready && this.#ownSharing(this.#ready);
    if (!isSign(request) || sharing === undefined) return false;
    const ofThisKey =
      request.keyId === sharing.keyId &&
      attempt.version === sharing.version &&
      equal(attempt.sharingSession, sharing.sessionId);
    if (!isKeyAlgorithm(sharing.algorithm) || !ofThisKey) return false;
    const signers: readonly SignerSupply[] = suppliesOf(attempt).map((supply) => ({
      index: partyIndexOf(sharing.participants, supply.nodeId),
      parts: supply.parts,
    }));
    const key = sharedKey(sharing, request.path);
    const index = partyIndexOf(sharing.participants, node);
    const accused = { key, signers, message: request.message, index };
    return judge.schemes[sharing.algorithm].judge(accused, reason, messages);
  }

  /** The sharing that a `ready` speaks of, if the accused signed it. */
  #ownSharing({ nodeId: named, sharing, signature }: Ready): Sharing | undefined {
    const { judge, node, identityKey } = this.#accused;
    if (sharing === undefined || named !== node) return undefined;
    const bytes = readyBytes(judge.genesis.clusterId, sharing);
    return judge.verify.identity(identityKey, bytes, signature) ? sharing : undefined;
  }
}
