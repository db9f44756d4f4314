import type { PartyIndex } from '../../common/index.js';
import { evidenceOfMessages } from '../../blame/index.js';
import type { AttemptBasis, CulpritReason } from '../../blame/index.js';
import type { KeygenRounds, ReshareRounds } from '../../sharing/index.js';
import { signEnvelope, TO_ALL } from '../../mpc/index.js';
import type { Party, ProtocolAbort } from '../../mpc/index.js';
import { attemptEntry } from '../../state/index.js';
import { Complaint, encode } from '../../wire/index.js';
import type { Envelope, SignedBody, Transcript } from '../../wire/index.js';
import type { LiveAttempt } from '../live-tasks.js';
import { COMPLAINT_BYTES_MAX } from '../limits.js';
import { COMPLAINT_KIND } from '../messages.js';
import type { TaskContext } from '../context.js';

/** Tags and lengths in a complaint's encoding: around all items, and around one. */
const COMPLAINT_HEAD_BYTES_MAX = 16;
const ITEM_HEAD_BYTES_MAX = 8;

const NOTHING = new Uint8Array(0);

/** The data that fix a session, for evidence about it: from the state, as the log may be compacted. */
export function basisOf({ record, task }: LiveAttempt): AttemptBasis | undefined {
  const entry = attemptEntry(task.record, record);
  const { method, request } = task.record;
  return entry && { entry, method, request };
}

/** Evidence against `node` from messages that it signed. See {@link evidenceOfMessages}. */
export function evidenceAgainst(
  attempt: LiveAttempt,
  node: string,
  messages: readonly Envelope[],
  fault?: CulpritReason,
  others?: readonly Envelope[],
): Uint8Array | undefined {
  const basis = basisOf(attempt);
  return basis && evidenceOfMessages(basis, node, messages, fault, others);
}

/** This node's complaint to all voters, signed. `index` is its own in the session, 0 for a node that takes no part. */
export function complaint(
  { self }: Pick<TaskContext, 'self'>,
  { record }: LiveAttempt,
  index: PartyIndex,
  shown: NonNullable<Complaint['shown']>,
): Envelope {
  const body = encode(Complaint, { shown });
  return signEnvelope(self.signer, record.sessionId, COMPLAINT_KIND, index, TO_ALL, body);
}

/** How evidence is made of what an aborted session leaves. */
export type MakeEvidence = {
  /** The fault that the culprits' messages show, where their kinds do not say it. */
  readonly fault?: CulpritReason | undefined;
  /** Evidence of the kind's own; where it is none, two messages are. */
  readonly evidenceOf?: (culprit: PartyIndex) => Uint8Array | undefined;
  /** The part of evidence that proves something, by this node's own judgement: to show more, or what proves nothing, is a lie. */
  readonly essential: (evidence: Uint8Array) => Promise<Uint8Array | undefined>;
};

/**
 * This node's complaint of the culprits of an aborted session, with what each of them signed; `undefined` where that proves
 * nothing.
 *
 * @param nodes - The session's participants, in order of the party index that `aborted` names them by.
 */
export async function accusation(
  context: Pick<TaskContext, 'self'>,
  attempt: LiveAttempt,
  index: PartyIndex,
  nodes: readonly string[],
  { culprits, evidence, beside }: ProtocolAbort,
  { fault, evidenceOf, essential }: MakeEvidence,
): Promise<Envelope | undefined> {
  const items: Uint8Array[] = [];
  let room = COMPLAINT_BYTES_MAX - COMPLAINT_HEAD_BYTES_MAX;
  for (const culprit of culprits) {
    const own = evidence.filter(({ from }) => from === culprit);
    const others = beside.get(culprit);
    const all =
      evidenceOf?.(culprit) ??
      evidenceAgainst(attempt, nodes[culprit - 1] ?? '', own, fault, others);
    const item = all && (await essential(all));
    // One culprit at a time, where the evidence is large: the others are found again.
    if (item === undefined || item.length > room) continue;
    items.push(item);
    room -= item.length + ITEM_HEAD_BYTES_MAX;
  }
  if (items.length === 0) return undefined;
  return complaint(context, attempt, index, { $case: 'evidence', value: { items } });
}

/** All commitments and openings of a session as they came here, in order of index. The place of a party that deals nothing is empty. */
export function transcriptOf(party: Party<KeygenRounds> | Party<ReshareRounds>): Transcript {
  const said = (round: 'commit' | 'open'): SignedBody[] => {
    const senders = party.senders(round);
    const bodies = party.broadcasts(round);
    return Array.from({ length: party.count }, (_, at) => {
      return bodies[senders.indexOf(at + 1)] ?? { body: NOTHING, signature: NOTHING };
    });
  };
  return { commitments: said('commit'), openings: said('open') };
}

/** The signed body of a plain envelope; none of a sealed one. */
export function signedBodyOf({ content }: Envelope): readonly SignedBody[] {
  return content?.$case === 'open' ? [content.value] : [];
}
