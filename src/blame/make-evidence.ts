import { bodyDigest } from '../mpc/index.js';
import { keygen } from '../sharing/index.js';
import type { AttemptEntry } from '../state/index.js';
import { Command, decode, encode, Evidence } from '../wire/index.js';
import type { Envelope, Ready, SignedBody, SignedDigest } from '../wire/index.js';

/** What fixes an attempt: its entry, the hash before it, and the request that it answers. */
export type AttemptBasis = {
  readonly entry: AttemptEntry;
  readonly method: string;
  readonly request: Uint8Array;
};

/**
 * Evidence against `node` from messages of key generation that it signed, as a `ProtocolAbort` holds them. `undefined`
 * for messages that nothing can be made of. Whether it proves anything is for `judgeEvidence` to say.
 */
export function evidenceOfMessages(
  basis: AttemptBasis,
  node: string,
  messages: readonly Envelope[],
): Uint8Array | undefined {
  const proof = proofOf(messages);
  return proof && evidence(basis, node, proof);
}

/** Evidence against `node`: its signature share, and its own word for the key that judges it. */
export function evidenceOfShare(
  basis: AttemptBasis,
  node: string,
  share: SignedBody,
  ready: Ready,
): Uint8Array {
  return evidence(basis, node, { $case: 'wrongShare', value: { share, ready } });
}

type Proof = NonNullable<Evidence['proof']>;

function proofOf([first, second]: readonly Envelope[]): Proof | undefined {
  if (first === undefined) return undefined;
  const { kind, from, to } = first;
  if (kind === second?.kind) {
    const digests = [first, second].map(digestOf);
    const [one, other] = digests;
    if (one === undefined || other === undefined) return undefined;
    return { $case: 'twoMessages', value: { kind, from, to, first: one, second: other } };
  }
  const one = openOf(first);
  const other = openOf(second);
  if (one === undefined) return undefined;
  if (second === undefined || other === undefined) {
    return { $case: 'unreadableMessage', value: { kind, to, message: one } };
  }
  if (kind === keygen.kinds.commit && second.kind === keygen.kinds.open) {
    return { $case: 'wrongOpening', value: { commitment: one, opening: other } };
  }
  if (kind === keygen.kinds.open && second.kind === keygen.kinds.value) {
    return { $case: 'wrongValue', value: { to: second.to, opening: one, value: other } };
  }
  return undefined;
}

/** What is signed of a message, without the body: it is not needed to see that there are two. */
function digestOf({ content }: Envelope): SignedDigest | undefined {
  switch (content?.$case) {
    case 'open':
      return { digest: bodyDigest(content.value.body), signature: content.value.signature };
    case 'digest':
      return content.value;
    case 'sealed':
    case undefined:
      return undefined;
  }
}

function openOf(envelope: Envelope | undefined): SignedBody | undefined {
  return envelope?.content?.$case === 'open' ? envelope.content.value : undefined;
}

function evidence(basis: AttemptBasis, nodeId: string, proof: Proof): Uint8Array {
  const { index, term, timeMs, payload, previousHash } = basis.entry;
  // The entry of a request carries it already.
  const carried = decode(Command, payload)?.command?.$case === 'request';
  return encode(Evidence, {
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
    proof,
  });
}
