import type { NodeId, SessionId, TaskId } from '../../common/index.js';
import { equal, toHex } from '../../common/index.js';
import type { Culprit } from '../../blame/index.js';
import { sha256 } from '../../crypto/index.js';
import { envelopeBytes, TO_ALL, verifiedBody } from '../../mpc/index.js';
import { EVIDENCE_ITEMS_MAX } from '../../state/index.js';
import type { Queries } from '../../state/index.js';
import { keygen } from '../../sharing/index.js';
import { Complaint, decode } from '../../wire/index.js';
import type { Envelope, KeyParticipant, SignedBody, Transcript } from '../../wire/index.js';
import type { Culprits } from './culprits.js';
import { COMPLAINTS_MAX } from '../limits.js';
import type { LiveAttempt } from '../live-tasks.js';
import { evidenceAgainst } from './complaining.js';
import type { TaskContext } from '../context.js';
import type { Work } from '../work.js';

type Heard = {
  readonly task: TaskId;
  /** Hashes of what each node complained of; they are sent again and again. */
  readonly complaints: Map<NodeId, Set<string>>;
  /** The messages that each participant was seen to sign, by kind and index: the first of each. */
  readonly signed: Map<string, SignedBody>;
};

/**
 * Complaints about sessions that are open here. The complainer is never believed: evidence is judged, and transcripts are
 * compared for two bodies that one participant signed.
 */
export class Complaints implements Work {
  readonly #context: TaskContext;
  readonly #queries: Pick<Queries, 'members'>;
  readonly #culprits: Culprits;
  readonly #heard = new Map<SessionId, Heard>();

  constructor(context: TaskContext, queries: Pick<Queries, 'members'>, culprits: Culprits) {
    this.#context = context;
    this.#queries = queries;
    this.#culprits = culprits;
  }

  /** The node that a complaint proves to have lied in this session. */
  take(from: NodeId, attempt: LiveAttempt, envelope: Envelope): readonly Culprit[] {
    const { judging, alarms } = this.#context;
    const member = this.#queries.members().find(({ nodeId }) => nodeId === from);
    if (member === undefined || envelope.content?.$case !== 'open') return [];
    const name = toHex(sha256(envelope.content.value.body));
    const heard = this.#complaintsOf(from, attempt);
    if (heard.has(name) || heard.size >= COMPLAINTS_MAX) return [];
    const body = verifiedBody(judging.verify, member.identityKey, envelope);
    if (body === undefined) return [];
    heard.add(name);
    const shown = decode(Complaint, body)?.shown;
    if (shown === undefined) return [];
    if (shown.$case === 'transcript') return this.#compare(attempt, shown.value);
    const items = shown.value.items.slice(0, EVIDENCE_ITEMS_MAX);
    const proven = items
      .map((evidence) => this.#culprits.take(evidence))
      .filter((culprit) => culprit?.sessionId === attempt.session)
      .filter((culprit) => culprit !== undefined);
    if (proven.length === 0) {
      alarms.raise('a complaint that proves nothing', from, { session: attempt.session });
    }
    return proven;
  }

  taskClosed(task: TaskId): void {
    for (const [session, heard] of this.#heard) {
      if (heard.task === task) this.#heard.delete(session);
    }
  }

  #complaintsOf(from: NodeId, attempt: LiveAttempt): Set<string> {
    const { complaints } = this.#of(attempt);
    const own = complaints.get(from) ?? new Set<string>();
    complaints.set(from, own);
    return own;
  }

  /** Looks for a participant that signed two different bodies of one kind. */
  #compare(attempt: LiveAttempt, { commitments, openings }: Transcript): readonly Culprit[] {
    const culprits: Culprit[] = [];
    for (const [at, participant] of attempt.task.participants.entries()) {
      for (const [kind, said] of [
        [keygen.kinds.commit, commitments[at]],
        [keygen.kinds.open, openings[at]],
      ] as const) {
        const culprit = said && this.#told(attempt, participant, at + 1, kind, said);
        if (culprit !== undefined) culprits.push(culprit);
      }
    }
    return culprits;
  }

  #told(
    attempt: LiveAttempt,
    { nodeId, identityKey }: KeyParticipant,
    from: number,
    kind: string,
    said: SignedBody,
  ): Culprit | undefined {
    const { sessionId } = attempt.record;
    const { verify } = this.#context.judging;
    const { signed } = this.#of(attempt);
    const first = signed.get(`${kind}/${from}`);
    if (first !== undefined && equal(first.body, said.body)) return undefined;
    const bytes = envelopeBytes(sessionId, kind, from, TO_ALL, said.body);
    if (!verify.identity(identityKey, bytes, said.signature)) return undefined;
    if (first === undefined) {
      signed.set(`${kind}/${from}`, said);
      return undefined;
    }
    const messages = [first, said].map((value): Envelope => {
      return { sessionId, kind, from, to: TO_ALL, content: { $case: 'open', value } };
    });
    const evidence = evidenceAgainst(attempt, nodeId, messages);
    return evidence && this.#culprits.take(evidence);
  }

  #of(attempt: LiveAttempt): Heard {
    const heard = this.#heard.get(attempt.session) ?? {
      task: attempt.task.id,
      complaints: new Map<NodeId, Set<string>>(),
      signed: new Map<string, SignedBody>(),
    };
    this.#heard.set(attempt.session, heard);
    return heard;
  }
}
