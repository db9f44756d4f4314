import type { PartyIndex } from '../common/index.js';
import { codecOf, TO_ALL, type Codec, type SignedMessage } from '../mpc/index.js';
import { isRightOpening, isRightValue } from './checks.js';
import type { SharingGroup } from './group.js';
import { keygen } from './messages.js';

/** Faults of messages of key generation and reshare: no honest participant signs such messages. */
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
  { sharing, sessionId, index, count, threshold }: AccusedOfKeygen,
  reason: KeygenReason,
  messages: readonly SignedMessage[],
): boolean {
  const rounds: JudgedRounds = {
    kinds: keygen.kinds,
    codecOf: (kind, to) => codecOf(keygen, kind, to),
    isRightOpening: (commitBody, openBody) =>
      isRightOpening(sharing, sessionId, index, threshold, commitBody, openBody),
    isRightValue: (openBody, valueBody, to) =>
      to < 1 || to > count ? undefined : isRightValue(sharing, openBody, valueBody, to),
  };
  return judgeRounds(rounds, index, reason, messages);
}

/** The checks of a protocol in which secrets are dealt: commitment, opening, value. */
export type JudgedRounds = {
  readonly kinds: { readonly [round in 'commit' | 'open' | 'value']: string };
  codecOf(kind: string, to: PartyIndex): Codec<unknown> | undefined;
  /** `undefined` for an accused that opens nothing in this session. */
  isRightOpening(commitBody: Uint8Array, openBody: Uint8Array): boolean | undefined;
  /** `undefined` where an honest sender sends no value. */
  isRightValue(openBody: Uint8Array, valueBody: Uint8Array, to: PartyIndex): boolean | undefined;
};

/** {@link judgeKeygen}, for any protocol of this shape. @param index - The accused's, in the session. */
export function judgeRounds(
  rounds: JudgedRounds,
  index: PartyIndex,
  reason: KeygenReason,
  messages: readonly SignedMessage[],
): boolean {
  const { kinds } = rounds;
  const [first, second, third] = messages.flatMap(bodied);
  if (first === undefined || third !== undefined) return false;
  if (messages.some(({ from, body }) => from !== index || body === undefined)) return false;
  switch (reason) {
    case 'UNREADABLE_MESSAGE': {
      const codec = rounds.codecOf(first.kind, first.to);
      return second === undefined && codec !== undefined && codec.decode(first.body) === undefined;
    }
    case 'WRONG_OPENING': {
      if (!isOf(kinds.commit, first) || second === undefined || !isOf(kinds.open, second)) {
        return false;
      }
      return rounds.isRightOpening(first.body, second.body) === false;
    }
    case 'WRONG_VALUE': {
      if (!isOf(kinds.open, first) || second?.kind !== kinds.value) return false;
      return rounds.isRightValue(first.body, second.body, second.to) === false;
    }
  }
}

type Bodied = SignedMessage & { readonly body: Uint8Array };

/** A message of which more is shown than the digest. */
function bodied(message: SignedMessage): readonly Bodied[] {
  const { body } = message;
  return body === undefined ? [] : [{ ...message, body }];
}

/** Claims that a message is the broadcast of this kind. */
function isOf(broadcast: string, { kind, to }: SignedMessage): boolean {
  return kind === broadcast && to === TO_ALL;
}
