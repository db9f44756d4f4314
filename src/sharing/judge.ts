import type { PartyIndex } from '../common/index.js';
import { codecOf, TO_ALL, type SignedMessage } from '../mpc/index.js';
import { isRightOpening, isRightValue } from './checks.js';
import type { SharingGroup } from './group.js';
import { keygen } from './messages.js';

/** Faults of messages of key generation: no honest participant signs such messages. */
export type KeygenReason = 'UNREADABLE_MESSAGE' | 'WRONG_OPENING' | 'WRONG_VALUE';

/** A key generation as its attempt fixes it, and the accused's place in it. */
export type AccusedOfKeygen = {
  readonly sharing: SharingGroup;
  readonly sessionId: Uint8Array;
  /** 1 .. count. */
  readonly index: PartyIndex;
  readonly count: number;
  readonly threshold: number;
};

/**
 * Whether the messages, all signed by the accused in this session, show the fault `reason`: a body that cannot be decoded; a
 * commitment and an opening that do not belong together, or an opening that fails its checks; an opening and a value that is
 * not on its polynomial.
 */
export function judgeKeygen(
  accused: AccusedOfKeygen,
  reason: KeygenReason,
  messages: readonly SignedMessage[],
): boolean {
  const { sharing, sessionId, index, count, threshold } = accused;
  const [first, second, third] = messages.flatMap(bodied);
  if (first === undefined || third !== undefined) return false;
  if (messages.some(({ from, body }) => from !== index || body === undefined)) return false;
  switch (reason) {
    case 'UNREADABLE_MESSAGE': {
      const codec = codecOf(keygen, first.kind, first.to);
      return second === undefined && codec !== undefined && codec.decode(first.body) === undefined;
    }
    case 'WRONG_OPENING': {
      if (!isOf('commit', first) || second === undefined || !isOf('open', second)) return false;
      return !isRightOpening(sharing, sessionId, index, threshold, first.body, second.body);
    }
    case 'WRONG_VALUE': {
      const isPair = isOf('open', first) && second?.kind === keygen.kinds.value;
      if (!isPair || second.to < 1 || second.to > count) return false;
      return !isRightValue(sharing, first.body, second.body, second.to);
    }
  }
}

type Bodied = SignedMessage & { readonly body: Uint8Array };

/** A message of which more is shown than the digest. */
function bodied(message: SignedMessage): readonly Bodied[] {
  const { body } = message;
  return body === undefined ? [] : [{ ...message, body }];
}

/** Claims that a message is a round's broadcast. */
function isOf(round: 'commit' | 'open', { kind, to }: SignedMessage): boolean {
  return kind === keygen.kinds[round] && to === TO_ALL;
}
