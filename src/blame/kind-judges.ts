import type { SignerSupply, SigningReason } from '../algorithms/index.js';
import { equal } from '../common/index.js';
import { SHARE_KIND } from '../frost/index.js';
import { isKeyAlgorithm, partyIndexOf, readyBytes } from '../identity/index.js';
import { judgeKeygen, keygen, sharedKey } from '../sharing/index.js';
import type { KeygenReason } from '../sharing/index.js';
import { isGenerateKey, isSign, signedBytes, suppliesOf } from '../state/index.js';
import type { TaskKind } from '../state/index.js';
import type { Ready, Sharing } from '../wire/index.js';
import type { Accused, Fault, KindJudge } from './kind-judge.js';

/** How the messages of every kind of task are judged. A further kind is a line here. */
export const KIND_JUDGES: Readonly<Record<TaskKind, KindJudge>> = {
  'generate-key': {
    saidOnce: Object.values(keygen.kinds),
    faults: {
      UNREADABLE_MESSAGE: generating('UNREADABLE_MESSAGE'),
      WRONG_OPENING: generating('WRONG_OPENING'),
      WRONG_VALUE: generating('WRONG_VALUE'),
    },
  },
  sign: { saidOnce: [SHARE_KIND], faults: { WRONG_SHARE: signing('WRONG_SHARE') } },
  // Done by being applied: no node contributes.
  'require-signatures': { saidOnce: [], faults: {} },
  'raise-level': { saidOnce: [], faults: {} },
  'correct-time': { saidOnce: [], faults: {} },
  prepare: { saidOnce: [], faults: {} },
};

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

/** The sharing that a `ready` speaks of, if the accused signed it. */
function ownSharing(
  { genesis, verify, identityKey, node }: Accused,
  { nodeId: named, sharing, signature }: Ready,
): Sharing | undefined {
  if (sharing === undefined || named !== node) return undefined;
  const bytes = readyBytes(genesis.clusterId, sharing);
  return verify.identity(identityKey, bytes, signature) ? sharing : undefined;
}
