import { equal, isTaskId, sessionId, taskId, toHex } from '../common/index.js';
import type { NodeId, PartyIndex, SessionId, TaskId } from '../common/index.js';
import type { Schemes, SignerSupply } from '../algorithms/index.js';
import { SHARE_KIND } from '../frost/index.js';
import { isKeyAlgorithm, partyIndexOf, readyBytes } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { bodyDigest, codecOf, digestBytes, TO_ALL } from '../mpc/index.js';
import type { Verify } from '../ports/index.js';
import { isRightOpening, isRightValue, keygen, sharedKey } from '../sharing/index.js';
import type { SharingGroup } from '../sharing/index.js';
import { EVIDENCE_BYTES_MAX, isGenerateKey, isSign, suppliesOf } from '../state/index.js';
import { decode, Evidence, SignatureShare } from '../wire/index.js';
import type {
  Ready,
  Sharing,
  SignedBody,
  SignedDigest,
  TwoMessages,
  UnreadableMessage,
  WrongOpening,
  WrongShare,
  WrongValue,
} from '../wire/index.js';
import { accusedAttempt } from './accused-attempt.js';
import type { AccusedAttempt } from './accused-attempt.js';

/** What a judgement stands on: the cluster's own file, and arithmetic. */
export type Judge = {
  readonly genesis: Genesis;
  readonly verify: Pick<Verify, 'identity'>;
  readonly schemes: Schemes;
};

/** A node, and what it signed that no honest node signs. */
export type Culprit = {
  readonly nodeId: NodeId;
  readonly reason: CulpritReason;
  readonly taskId: TaskId;
  readonly sessionId: SessionId;
};

export type CulpritReason =
  'TWO_MESSAGES' | 'UNREADABLE_MESSAGE' | 'WRONG_OPENING' | 'WRONG_VALUE' | 'WRONG_SHARE';

/** Of these an honest node signs one body for each recipient and session. Declines and complaints may change. */
const SAID_ONCE: ReadonlySet<string> = new Set([...Object.values(keygen.kinds), SHARE_KIND]);
const NO_SHARE = new Uint8Array(0);

/**
 * Whom these bytes, an encoded `Evidence`, prove to have lied, if anybody. A pure function of evidence and genesis: it
 * believes nothing that the accused's identity key in the genesis has not signed, and gives the same answer everywhere.
 * Never throws.
 */
export function judgeEvidence(judge: Judge, bytes: Uint8Array): Culprit | undefined {
  if (bytes.length > EVIDENCE_BYTES_MAX) return undefined;
  const evidence = decode(Evidence, bytes);
  const member = judge.genesis.members.find((each) => each.nodeId === evidence?.nodeId);
  const accused = evidence && accusedAttempt(evidence, judge.genesis.clusterId);
  if (evidence?.proof === undefined || member === undefined || accused === undefined) {
    return undefined;
  }
  const task = accused.attempt.taskId;
  if (!isTaskId(task)) return undefined;
  const trial = new Trial(judge, accused, member.nodeId, member.identityKey);
  const reason = trial.judge(evidence.proof);
  return (
    reason && {
      nodeId: member.nodeId,
      reason,
      taskId: taskId(task),
      sessionId: sessionId(toHex(accused.sessionId)),
    }
  );
}

/** One accused in one attempt. */
class Trial {
  readonly #judge: Judge;
  readonly #accused: AccusedAttempt;
  readonly #node: NodeId;
  readonly #identityKey: Uint8Array;

  constructor(judge: Judge, accused: AccusedAttempt, node: NodeId, identityKey: Uint8Array) {
    this.#judge = judge;
    this.#accused = accused;
    this.#node = node;
    this.#identityKey = identityKey;
  }

  judge(proof: NonNullable<Evidence['proof']>): CulpritReason | undefined {
    switch (proof.$case) {
      case 'twoMessages':
        return this.#saidTwoThings(proof.value) ? 'TWO_MESSAGES' : undefined;
      case 'unreadableMessage':
        return this.#saidNothingReadable(proof.value) ? 'UNREADABLE_MESSAGE' : undefined;
      case 'wrongOpening':
        return this.#openedWrongly(proof.value) ? 'WRONG_OPENING' : undefined;
      case 'wrongValue':
        return this.#dealtWrongly(proof.value) ? 'WRONG_VALUE' : undefined;
      case 'wrongShare':
        return this.#signedWrongly(proof.value) ? 'WRONG_SHARE' : undefined;
    }
  }

  #saidTwoThings({ kind, from, to, first, second }: TwoMessages): boolean {
    if (first === undefined || second === undefined || !SAID_ONCE.has(kind)) return false;
    // Bodies only: a signer can alter its Ed25519 signature.
    if (equal(first.digest, second.digest)) return false;
    return [first, second].every((each) => this.#hasSigned(kind, from, to, each));
  }

  #saidNothingReadable({ kind, to, message }: UnreadableMessage): boolean {
    const generating = this.#generating();
    if (generating === undefined) return false;
    const body = this.#signed(kind, generating.index, to, message);
    if (body === undefined) return false;
    const codec = codecOf(keygen, kind, to);
    return codec !== undefined && codec.decode(body) === undefined;
  }

  #openedWrongly({ commitment, opening }: WrongOpening): boolean {
    const generating = this.#generating();
    if (generating === undefined) return false;
    const { index, sharing, threshold } = generating;
    const commitBody = this.#signed(keygen.kinds.commit, index, TO_ALL, commitment);
    const openBody = this.#signed(keygen.kinds.open, index, TO_ALL, opening);
    if (commitBody === undefined || openBody === undefined) return false;
    const { sessionId: session } = this.#accused;
    return !isRightOpening(sharing, session, index, threshold, commitBody, openBody);
  }

  #dealtWrongly({ to, opening, value }: WrongValue): boolean {
    const generating = this.#generating();
    if (generating === undefined) return false;
    const { index, sharing, count } = generating;
    const openBody = this.#signed(keygen.kinds.open, index, TO_ALL, opening);
    const valueBody = this.#signed(keygen.kinds.value, index, to, value);
    if (openBody === undefined || valueBody === undefined || to < 1 || to > count) return false;
    return !isRightValue(sharing, openBody, valueBody, to);
  }

  /** The key is the one that the accused itself signed for; B and the message are those of the entry. */
  #signedWrongly({ share, ready }: WrongShare): boolean {
    const { attempt, request } = this.#accused;
    const sharing = ready && this.#ownSharing(ready);
    if (!isSign(request) || sharing === undefined) return false;
    const ofThisKey =
      request.keyId === sharing.keyId &&
      attempt.version === sharing.version &&
      equal(attempt.sharingSession, sharing.sessionId);
    const index = partyIndexOf(sharing.participants, this.#node);
    const signers: readonly SignerSupply[] = suppliesOf(attempt).map((supply) => ({
      index: partyIndexOf(sharing.participants, supply.nodeId),
      parts: supply.parts,
    }));
    if (!isKeyAlgorithm(sharing.algorithm) || !ofThisKey) return false;
    const body = this.#signed(SHARE_KIND, index, TO_ALL, share);
    if (body === undefined) return false;
    // What is signed and spells no share is a wrong one.
    const { share: said = NO_SHARE } = decode(SignatureShare, body) ?? {};
    const key = sharedKey(sharing, request.path);
    const scheme = this.#judge.schemes[sharing.algorithm];
    return scheme.judgeShare(key, signers, request.message, index, said) === 'wrong';
  }

  /** The sharing that a `ready` speaks of, if the accused signed it. */
  #ownSharing({ nodeId: node, sharing, signature }: Ready): Sharing | undefined {
    if (sharing === undefined || node !== this.#node) return undefined;
    const bytes = readyBytes(this.#judge.genesis.clusterId, sharing);
    return this.#judge.verify.identity(this.#identityKey, bytes, signature) ? sharing : undefined;
  }

  /** What the attempt fixes of a key generation that the accused takes part in. */
  #generating():
    { index: PartyIndex; count: number; sharing: SharingGroup; threshold: number } | undefined {
    const { attempt, request } = this.#accused;
    if (!isGenerateKey(request) || attempt.assignment?.$case !== 'boots') return undefined;
    const { nodes } = attempt.assignment.value;
    const index = partyIndexOf(nodes, this.#node);
    if (index === 0) return undefined;
    const { sharing } = this.#judge.schemes[request.algorithm];
    return { index, count: nodes.length, sharing, threshold: request.threshold };
  }

  /** The body, if the accused signed it as this kind of message of this session. */
  #signed(
    kind: string,
    from: PartyIndex,
    to: PartyIndex,
    message: SignedBody | undefined,
  ): Uint8Array | undefined {
    if (message === undefined) return undefined;
    const { body, signature } = message;
    const digest = bodyDigest(body);
    return this.#hasSigned(kind, from, to, { digest, signature }) ? body : undefined;
  }

  #hasSigned(
    kind: string,
    from: PartyIndex,
    to: PartyIndex,
    { digest, signature }: SignedDigest,
  ): boolean {
    const bytes = digestBytes(this.#accused.sessionId, kind, from, to, digest);
    return this.#judge.verify.identity(this.#identityKey, bytes, signature);
  }
}
