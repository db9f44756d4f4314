import { shareKindOf } from '../algorithms/index.js';
import { equal } from '../common/index.js';
import { prepareReason } from '../gg20/index.js';
import { partyIndexOf } from '../identity/index.js';
import { bodyDigest, TO_ALL } from '../mpc/index.js';
import { keygen, resharing } from '../sharing/index.js';
import type { AttemptEntry } from '../state/index.js';
import { Algorithm, Command, decode, Echo, encode, Evidence } from '../wire/index.js';
import type { Envelope, Ready, ShownMessage, SignedBody } from '../wire/index.js';
import { EVIDENCE_FORMAT } from './judge-evidence.js';
import type { CulpritReason } from './kind-judge.js';

/** The entry that fixes an attempt, the hash before it, and the request that it answers. */
export type AttemptBasis = {
  readonly entry: AttemptEntry;
  readonly method: string;
  readonly request: Uint8Array;
};

/**
 * Evidence against `node` from messages that it signed, as a `ProtocolAbort` holds them. `undefined` for messages that nothing
 * can be made of. Whether it proves anything is for `judgeEvidence` to say.
 *
 * @param fault - The fault that two messages of different kinds show; that of key generation where absent.
 * @param others - What other participants signed, which the messages are held against.
 */
export function evidenceOfMessages(
  basis: AttemptBasis,
  node: string,
  messages: readonly Envelope[],
  fault?: CulpritReason,
  others: readonly Envelope[] = [],
): Uint8Array | undefined {
  const here = messages.at(-1)?.sessionId ?? new Uint8Array(0);
  const isHere = ({ sessionId }: Envelope): boolean => equal(sessionId, here);
  // No reason asks for more than two.
  const shown = messages.filter(isHere).slice(0, 2).flatMap(shownOf);
  const earlier = messages
    .filter((message) => !isHere(message))
    .slice(0, 1)
    .flatMap((message) =>
      shownOf(message).map((each) => ({ sessionId: message.sessionId, message: each })),
    );
  const beside = { others: others.flatMap(shownOf), earlier };
  const reason = reasonOf(shown, beside, fault);
  return reason && evidence(basis, node, reason, neededFor(reason, shown), undefined, beside);
}

/**
 * Evidence against `node`: a message of a signing session, with all that it signed there before, and the bodies that its echoes and
 * lists name.
 *
 * @param ready - Its own word for the key.
 * @param material - Public auxiliary material of the attempt's generation.
 */
export function evidenceOfSigning(
  basis: AttemptBasis,
  node: string,
  messages: readonly Envelope[],
  named: readonly Uint8Array[],
  ready: Ready,
  material: Uint8Array,
): Uint8Array {
  const beside = { named: [...named], material };
  return evidence(basis, node, 'WRONG_MESSAGE', messages.flatMap(shownOf), ready, beside);
}

/**
 * Evidence against `node` from messages that it signed in a reshare. Its dealing is judged by its own word for the base; two messages of one kind
 * need none.
 *
 * @param ready - Its own word for the base version.
 */
export function evidenceOfReshare(
  basis: AttemptBasis,
  node: string,
  messages: readonly Envelope[],
  ready: Ready | undefined,
): Uint8Array | undefined {
  const shown = messages.slice(0, 2).flatMap(shownOf);
  const reason = reasonOf(shown, { others: [], earlier: [] }, undefined);
  const needsBase = reason === 'WRONG_OPENING' || reason === 'WRONG_VALUE';
  return (
    reason && evidence(basis, node, reason, neededFor(reason, shown), needsBase ? ready : undefined)
  );
}

/** Evidence against `node`: its signed complaint, in which it accuses another of what that one's messages do not show. */
export function evidenceOfComplaint(
  basis: AttemptBasis,
  node: string,
  complaint: Envelope,
): Uint8Array {
  return evidence(basis, node, 'FALSE_ACCUSATION', shownOf(complaint), undefined);
}

/** Evidence against `node`: its signature share, and its own word for the key that judges it. */
export function evidenceOfShare(
  basis: AttemptBasis,
  node: string,
  share: SignedBody,
  ready: Ready,
): Uint8Array {
  const { participants = [], algorithm = Algorithm.UNSPECIFIED } = ready.sharing ?? {};
  const from = partyIndexOf(participants, node);
  const shown = {
    kind: shareKindOf(algorithm),
    from,
    to: TO_ALL,
    said: { $case: 'body', value: share },
  } as const;
  return evidence(basis, node, 'WRONG_SHARE', [shown], ready);
}

/** The message of an envelope that is not sealed. */
function shownOf({ kind, from, to, content }: Envelope): readonly ShownMessage[] {
  switch (content?.$case) {
    case 'open':
      return [{ kind, from, to, said: { $case: 'body', value: content.value } }];
    case 'digest':
      return [{ kind, from, to, said: { $case: 'digest', value: content.value } }];
    case 'sealed':
    case undefined:
      return [];
  }
}

/** The same message without its body. */
function withDigest(shown: ShownMessage): ShownMessage {
  if (shown.said?.$case !== 'body') return shown;
  const { body, signature } = shown.said.value;
  return { ...shown, said: { $case: 'digest', value: { digest: bodyDigest(body), signature } } };
}

type Beside = Pick<Evidence, 'others' | 'earlier'>;

/** The fault that messages may show, by their kinds. */
function reasonOf(
  shown: readonly ShownMessage[],
  { others, earlier }: Beside,
  fault: CulpritReason | undefined,
): CulpritReason | undefined {
  const [first, second] = shown;
  if (first === undefined) return undefined;
  if (earlier.length > 0) return 'REUSED_MODULUS';
  // A round may bring two messages of one sender: one for all, and one for the receiver.
  if (second === undefined || (first.kind === second.kind && first.to !== second.to)) {
    return isEcho(first) ? 'FALSE_ECHO' : 'UNREADABLE_MESSAGE';
  }
  if (first.kind === second.kind) return 'TWO_MESSAGES';
  const ofPrepare = prepareReason([...shown, ...others]);
  if (ofPrepare !== undefined) return ofPrepare;
  if (fault !== undefined) return fault;
  return (
    dealingReason(keygen.kinds, first, second) ?? dealingReason(resharing.kinds, first, second)
  );
}

/** The fault of a dealing that two messages of one protocol may show. */
function dealingReason(
  { commit, open, value }: typeof keygen.kinds | typeof resharing.kinds,
  first: ShownMessage,
  second: ShownMessage,
): CulpritReason | undefined {
  if (first.kind === commit && second.kind === open) return 'WRONG_OPENING';
  return first.kind === open && second.kind === value ? 'WRONG_VALUE' : undefined;
}

/** Claims that a message can be read as an echo of broadcasts. */
function isEcho({ kind, said }: ShownMessage): boolean {
  if (!kind.endsWith('-echo') || said?.$case !== 'body') return false;
  return decode(Echo, said.value.body) !== undefined;
}

/** The part of the messages that shows the reason. */
function neededFor(reason: CulpritReason, shown: readonly ShownMessage[]): readonly ShownMessage[] {
  // That two bodies differ, their digests show: such evidence is short, however large the bodies.
  if (reason === 'TWO_MESSAGES') return shown.map(withDigest);
  const isOne = reason === 'UNREADABLE_MESSAGE' || reason === 'FALSE_ECHO';
  return isOne ? shown.slice(0, 1) : shown;
}

function evidence(
  basis: AttemptBasis,
  nodeId: string,
  reason: CulpritReason,
  messages: readonly ShownMessage[],
  ready: Ready | undefined,
  {
    others = [],
    earlier = [],
    named = [],
    material = new Uint8Array(0),
  }: Partial<Pick<Evidence, 'others' | 'earlier' | 'named' | 'material'>> = {},
): Uint8Array {
  const { index, term, timeMs, payload, previousHash } = basis.entry;
  // The entry of a request carries it already.
  const carried = decode(Command, payload)?.command?.$case === 'request';
  return encode(Evidence, {
    format: EVIDENCE_FORMAT,
    nodeId,
    entry: {
      previousHash,
      index: BigInt(index),
      term: BigInt(term),
      timeMs: BigInt(timeMs),
      payload,
    },
    method: carried ? '' : basis.method,
    request: carried ? new Uint8Array(0) : basis.request,
    reason,
    messages: [...messages],
    ready,
    others,
    earlier,
    named,
    material,
  });
}
