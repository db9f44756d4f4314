import type { SignerSupply, SigningReason } from '../algorithms/index.js';
import { equal, fromHex } from '../common/index.js';
import { SHARE_KIND } from '../frost/index.js';
import {
  judgePrepare,
  judgeReusedModulus,
  onlineProtocol,
  PREPARE_SAID_ONCE,
  prepareSet,
  PRESIGN_SAID_ONCE,
  PRESIGNED_KIND,
  SESSION_SHARE_KIND,
  SIGNING_SAID_ONCE,
} from '../gg20/index.js';
import type { PrepareReason, SessionMember } from '../gg20/index.js';
import { isKeyAlgorithm, partyIndexOf, PROFILE_NAMES } from '../identity/index.js';
import type { SignedMessage } from '../mpc/index.js';
import { judgeKeygen, keygen, sharedKey } from '../sharing/index.js';
import type { KeygenReason } from '../sharing/index.js';
import { isGenerateKey, isPrepare, isSign, signedBytes, suppliesOf } from '../state/index.js';
import type { TaskKind } from '../state/index.js';
import { isFalseEcho } from './false-echo.js';
import { ownSharing } from './own-sharing.js';
import { RESHARE_JUDGE } from './resharing.js';
import { isWrongMessage, isWrongSessionShare } from './session-signing.js';
import type { Accused, Fault, JudgeTable, KindJudge, MessagesBeside } from './kind-judge.js';

const ONLINE_SAID_ONCE = Object.values(onlineProtocol.kinds);

/** How the messages of every kind of task are judged. A further kind is a line here. */
export const KIND_JUDGES: Readonly<Record<TaskKind, KindJudge>> = {
  'generate-key': {
    decided: ['WRONG_OPENING', 'WRONG_VALUE'],
    saidOnce: Object.values(keygen.kinds),
    transcript: keygen.kinds,
    faults: {
      UNREADABLE_MESSAGE: generating('UNREADABLE_MESSAGE'),
      WRONG_OPENING: generating('WRONG_OPENING'),
      WRONG_VALUE: generating('WRONG_VALUE'),
    },
  },
  sign: {
    decided: ['WRONG_SHARE', 'WRONG_MESSAGE'],
    saidOnce: [SHARE_KIND, SESSION_SHARE_KIND, ...SIGNING_SAID_ONCE, ...ONLINE_SAID_ONCE],
    faults: {
      WRONG_SHARE: isWrongShare,
      WRONG_MESSAGE: isWrongMessage,
      FALSE_ECHO: isFalseEcho,
    },
  },
  // Done by being applied: no node contributes.
  'require-signatures': { saidOnce: [], faults: {} },
  'raise-level': { saidOnce: [], faults: {} },
  'correct-time': { saidOnce: [], faults: {} },
  'revoke-certificate': { saidOnce: [], faults: {} },
  'retire-key': { saidOnce: [], faults: {} },
  'restore-key': { saidOnce: [], faults: {} },
  'destroy-key': { saidOnce: [], faults: {} },
  prepare: {
    saidOnce: PREPARE_SAID_ONCE,
    decided: [
      'WRONG_MATERIAL',
      'WRONG_PARAMETERS',
      'WRONG_MODULUS_PROOF',
      'WRONG_FACTOR_PROOF',
      'WRONG_STATEMENT',
    ],
    faults: {
      UNREADABLE_MESSAGE: preparing('UNREADABLE_MESSAGE'),
      WRONG_MATERIAL: preparing('WRONG_MATERIAL'),
      WRONG_PARAMETERS: preparing('WRONG_PARAMETERS'),
      WRONG_MODULUS_PROOF: preparing('WRONG_MODULUS_PROOF'),
      WRONG_FACTOR_PROOF: preparing('WRONG_FACTOR_PROOF'),
      WRONG_STATEMENT: preparing('WRONG_STATEMENT'),
      REUSED_MODULUS: isReusedModulus,
      FALSE_ECHO: isFalseEcho,
    },
  },
  presign: {
    decided: ['WRONG_MESSAGE'],
    saidOnce: [...PRESIGN_SAID_ONCE, PRESIGNED_KIND],
    faults: { WRONG_MESSAGE: isWrongMessage, FALSE_ECHO: isFalseEcho },
  },
  reshare: RESHARE_JUDGE,
  refresh: RESHARE_JUDGE,
  'cancel-task': { saidOnce: [], faults: {} },
};

/** Claims that to accuse a participant in a task of this kind falsely of this fault is a fault itself. */
export function isDecidedFault(kind: string, reason: string): boolean {
  const judges: JudgeTable = KIND_JUDGES;
  const decided = Object.hasOwn(judges, kind) ? judges[kind]?.decided : undefined;
  return decided?.some((each) => each === reason) === true;
}

/** A run of `prepare` as the entry fixes it: its members, their places in the set, and the set's profile. */
function preparing(reason: PrepareReason): Fault {
  return ({ genesis, gg20, node, attempt: accused }, messages, { others }) => {
    const { attempt, request, sessionId } = accused;
    if (!isPrepare(request) || attempt.assignment?.$case !== 'boots') return false;
    const { nodes } = attempt.assignment.value;
    const { profile, participants } = request.set;
    const members = nodes.flatMap(({ nodeId }): SessionMember[] => {
      const index = partyIndexOf(participants, nodeId);
      const { identityKey } = participants[index - 1] ?? {};
      return identityKey === undefined ? [] : [{ index, nodeId, identityKey }];
    });
    const index = partyIndexOf(nodes, node);
    if (index === 0 || members.length !== nodes.length) return false;
    const set = prepareSet(gg20, PROFILE_NAMES[profile]);
    const { clusterId } = genesis;
    const { generation } = request;
    const setId = fromHex(request.setId) ?? new Uint8Array(0);
    const facts = { clusterId, setId, generation, attempt: attempt.number, members };
    const accusedParty = { set, facts, sessionId, index };
    return judgePrepare(accusedParty, reason, [...messages, ...others]);
  };
}

/** The accused opened a modulus here that it had opened in another session. */
function isReusedModulus(
  { gg20, attempt }: Accused,
  [message, more]: readonly SignedMessage[],
  { earlier: [before, another] }: MessagesBeside,
): boolean {
  const { request, sessionId } = attempt;
  if (!isPrepare(request) || message === undefined || before === undefined) return false;
  if (more !== undefined || another !== undefined) return false;
  // Both are of one length: moduli of another profile are others.
  const set = prepareSet(gg20, PROFILE_NAMES[request.set.profile]);
  return judgeReusedModulus(set, [{ sessionId, message }, before]);
}

/** What the attempt fixes of a key generation that the accused takes part in, judged by the room of key generation. */
function generating(reason: KeygenReason): Fault {
  return ({ schemes, node, attempt: accused }, messages) => {
    const { attempt, request, sessionId } = accused;
    if (!isGenerateKey(request) || attempt.assignment?.$case !== 'boots') return false;
    const { nodes } = attempt.assignment.value;
    const index = partyIndexOf(nodes, node);
    if (index === 0) return false;
    const { threshold, algorithm } = request;
    const { sharing } = schemes[algorithm];
    return judgeKeygen(
      { sharing, sessionId, index, count: nodes.length, threshold },
      reason,
      messages,
    );
  };
}

/** A share of an algorithm that signs with supplies, or in sessions. */
function isWrongShare(
  accused: Accused,
  messages: readonly SignedMessage[],
  beside: MessagesBeside,
): boolean {
  return (
    signing('WRONG_SHARE')(accused, messages, beside) || isWrongSessionShare(accused, messages)
  );
}

/** The key is the one that the accused itself signed for; supplies and message are those of the entry. Judged by the scheme. */
function signing(reason: SigningReason): Fault {
  return (accused, messages) => {
    const { schemes, node, ready } = accused;
    const { attempt, request } = accused.attempt;
    const sharing = ready && ownSharing(accused, ready);
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
    const signed = { key, signers, message: signedBytes(request.payload), index };
    const { signing: scheme } = schemes[sharing.algorithm];
    return scheme.by === 'supplies' && scheme.judge(signed, reason, messages);
  };
}
