import type { PartyIndex } from '../../common/index.js';
import { codecOf, type SignedMessage } from '../../mpc/index.js';
import type { SharingGroup } from '../group.js';
import { judgeRounds, type KeygenReason } from '../judge.js';
import { isDealtValue, isRightDealing } from './checks.js';
import { dealerIndices, type ReshareFacts } from './facts.js';
import { resharing } from './messages.js';

/** A reshare as its attempt and the accused's own word for the base sharing fix it, and the accused's place in it. */
export type AccusedOfReshare = {
  readonly sharing: SharingGroup;
  readonly sessionId: Uint8Array;
  /** 1 .. the number of parties. */
  readonly index: PartyIndex;
  readonly facts: Pick<ReshareFacts, 'base' | 'parties' | 'threshold'>;
};

/**
 * Whether the messages, all signed by the accused in this session, show the fault `reason`. The reasons are those of key
 * generation; what an opening must be is the reshare's own.
 */
export function judgeReshare(
  { sharing, sessionId, index, facts }: AccusedOfReshare,
  reason: KeygenReason,
  messages: readonly SignedMessage[],
): boolean {
  const { base, parties, threshold } = facts;
  const dealer = parties[index - 1]?.dealer ?? 0;
  const dealers = dealerIndices(facts);
  const dealing = { sessionId, party: index, dealer, dealers, baseV: base.V, threshold };
  return judgeRounds(
    {
      kinds: resharing.kinds,
      codecOf: (kind, to) => codecOf(resharing, kind, to),
      isRightOpening: (commitBody, openBody) =>
        dealer === 0 ? undefined : isRightDealing(sharing, dealing, commitBody, openBody),
      isRightValue: (openBody, valueBody, to) => {
        const receiver = parties[to - 1]?.receiver ?? 0;
        if (dealer === 0 || receiver === 0) return undefined;
        return isDealtValue(sharing, openBody, valueBody, receiver);
      },
    },
    index,
    reason,
    messages,
  );
}

/** Whether a message, signed by the accused in a session of a reshare, cannot be decoded. It takes no word for the base. */
export function isUnreadableReshare(
  index: PartyIndex,
  messages: readonly SignedMessage[],
): boolean {
  const rounds = {
    kinds: resharing.kinds,
    codecOf: (kind: string, to: PartyIndex) => codecOf(resharing, kind, to),
    isRightOpening: () => undefined,
    isRightValue: () => undefined,
  };
  return judgeRounds(rounds, index, 'UNREADABLE_MESSAGE', messages);
}
