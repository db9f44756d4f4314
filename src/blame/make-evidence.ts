import { SHARE_KIND } from '../frost/index.js';
import { partyIndexOf } from '../identity/index.js';
import { bodyDigest, TO_ALL } from '../mpc/index.js';
import { keygen } from '../sharing/index.js';
import type { AttemptEntry } from '../state/index.js';
import { Command, decode, encode, Evidence } from '../wire/index.js';
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
 */
export function evidenceOfMessages(
  basis: AttemptBasis,
  node: string,
  messages: readonly Envelope[],
  fault?: CulpritReason,
): Uint8Array | undefined {
  // No reason asks for more than two.
  const shown = messages.slice(0, 2).flatMap(shownOf);
  const reason = reasonOf(shown, fault);
  // That two bodies differ, their digests show: such evidence is short, however large the bodies.
  const needed = reason === 'TWO_MESSAGES' ? shown.map(withDigest) : shown;
  return reason && evidence(basis, node, reason, needed, undefined);
}

/** Evidence against `node`: its signature share, and its own word for the key that judges it. */
export function evidenceOfShare(
  basis: AttemptBasis,
  node: string,
  share: SignedBody,
  ready: Ready,
): Uint8Array {
  const from = partyIndexOf(ready.sharing?.participants ?? [], node);
  const shown = {
    kind: SHARE_KIND,
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

/** The fault that messages may show, by their kinds. */
function reasonOf(
  [first, second]: readonly ShownMessage[],
  fault: CulpritReason | undefined,
): CulpritReason | undefined {
  if (first === undefined) return undefined;
  if (second === undefined) return 'UNREADABLE_MESSAGE';
  if (first.kind === second.kind) return 'TWO_MESSAGES';
  if (fault !== undefined) return fault;
  const { commit, open, value } = keygen.kinds;
  if (first.kind === commit && second.kind === open) return 'WRONG_OPENING';
  return first.kind === open && second.kind === value ? 'WRONG_VALUE' : undefined;
}

function evidence(
  basis: AttemptBasis,
  nodeId: string,
  reason: CulpritReason,
  messages: readonly ShownMessage[],
  ready: Ready | undefined,
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
  });
}
