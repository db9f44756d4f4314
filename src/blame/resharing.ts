import { equal } from '../common/index.js';
import { isKeyAlgorithm, partyIndexOf } from '../identity/index.js';
import { isUnreadableReshare, judgeReshare, reshareParties, resharing } from '../sharing/index.js';
import { isRefresh, isReshare, versionTermsOf } from '../state/index.js';
import type { Attempt, Sharing } from '../wire/index.js';
import { ownSharing } from './own-sharing.js';
import type { Accused, Fault, KindJudge } from './kind-judge.js';

/** How messages of a reshare are judged, whether a requester or the cluster itself asked for it. */
export const RESHARE_JUDGE: KindJudge = {
  saidOnce: Object.values(resharing.kinds),
  transcript: resharing.kinds,
  faults: {
    UNREADABLE_MESSAGE: (accused, messages) => {
      const index = accusedIndex(accused);
      return index !== 0 && isUnreadableReshare(index, messages);
    },
    WRONG_OPENING: dealing('WRONG_OPENING'),
    WRONG_VALUE: dealing('WRONG_VALUE'),
  },
};

/** The accused's place among the parties of the session; 0 for a node that is none, or in a task of another kind. */
function accusedIndex({ attempt: { attempt, request }, node }: Accused): number {
  const isVersion = isReshare(request) || isRefresh(request);
  return isVersion ? partyIndexOf(nodesOf(attempt), node) : 0;
}

function nodesOf({ assignment }: Attempt): readonly { readonly nodeId: string }[] {
  return assignment?.$case === 'boots' ? assignment.value.nodes : [];
}

/**
 * A dealing is held against the base sharing as the accused itself signed for it: an honest dealer takes part only in a reshare of a version
 * that its log made active, which is one that it signed for.
 */
function dealing(reason: 'WRONG_OPENING' | 'WRONG_VALUE'): Fault {
  return (accused, messages) => {
    const { schemes, ready, attempt: of } = accused;
    const { attempt, request, sessionId } = of;
    const index = accusedIndex(accused);
    const base = ready && ownSharing(accused, ready);
    if (!isReshare(request) && !isRefresh(request)) return false;
    if (index === 0 || base === undefined || !isKeyAlgorithm(base.algorithm)) return false;
    if (base.keyId !== request.keyId || !isBaseOf(attempt, base)) return false;
    const { threshold, receivers } = versionTermsOf(request, base);
    const nodes = nodesOf(attempt).map(({ nodeId }) => nodeId);
    const holders = base.participants.map(({ nodeId }) => nodeId);
    const parties = reshareParties(nodes, attempt.dealers, holders, receivers);
    const { version, sessionId: session, publicPolynomial: V } = base;
    const facts = { base: { version, sessionId: session, V }, parties, threshold };
    const { sharing } = schemes[base.algorithm];
    return judgeReshare({ sharing, sessionId, index, facts }, reason, messages);
  };
}

/** Claims that an attempt shares this sharing anew. */
function isBaseOf({ version, sharingSession }: Attempt, base: Sharing): boolean {
  return base.version === version - 1 && equal(base.sessionId, sharingSession);
}
