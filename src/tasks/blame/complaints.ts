import type { NodeId, SessionId, TaskId } from '../../common/index.js';
import { Budgets, equal, toHex } from '../../common/index.js';
import { evidenceOfComplaint, isDecidedFault, readComplaintJob } from '../../blame/index.js';
import type { ReadComplaint, SaidMessage, ShownEvidence } from '../../blame/index.js';
import { partyIndexOf } from '../../identity/index.js';
import { TO_ALL } from '../../mpc/index.js';
import type { Envelope, SignedBody } from '../../wire/index.js';
import { wasCancelled } from '../arithmetic.js';
import type { Arithmetic } from '../arithmetic.js';
import type { TaskContext } from '../context.js';
import {
  COMPLAINT_BYTES_MAX,
  COMPLAINTS_JUDGED,
  COMPLAINTS_MAX,
  COMPLAINTS_WAITING_MAX,
  EVIDENCE_BYTES_PER_JUDGEMENT,
  PEERS_MAX,
} from '../limits.js';
import type { LiveAttempt, LiveTask } from '../live-tasks.js';
import type { Work } from '../work.js';
import { basisOf, evidenceAgainst } from './complaining.js';
import type { Culprits } from './culprits.js';
import { PeerQueues } from './peer-queues.js';

type Heard = {
  /** Signatures of what each node complained of: complaints are sent again and again. */
  readonly complaints: Map<NodeId, Set<string>>;
  /** The messages that each participant was seen to sign, by kind and index: the first of each. */
  readonly signed: Map<string, SignedBody>;
};

/** Judgements that one of so much evidence counts as: the proofs of a modulus of 3072 bits, 100 KiB, take most of a second. */
function costOf(evidence: Uint8Array): number {
  return 1 + Math.floor(evidence.length / EVIDENCE_BYTES_PER_JUDGEMENT);
}

/** Is told of the nodes that complaints prove to have lied in a task. */
export type OnProved = (task: LiveTask, node: NodeId) => void;

/**
 * Complaints about sessions that are open here. The complainer is never believed: evidence is judged, and transcripts are
 * compared for two bodies that one participant signed.
 *
 * Any member can complain as fast as it likes. So what costs nothing is compared first; the rest happens behind the port for
 * arithmetic, for one complaint of each node at a time, and within a budget of that node.
 */
export class Complaints implements Work {
  readonly #context: TaskContext;
  readonly #compute: Arithmetic['compute'];
  readonly #culprits: Culprits;
  readonly #onProved: OnProved;
  readonly #heard = new Map<SessionId, Heard>();
  readonly #budgets = new Budgets(COMPLAINTS_JUDGED, PEERS_MAX);
  readonly #queues = new PeerQueues(COMPLAINTS_WAITING_MAX);

  constructor(
    context: TaskContext,
    { compute }: Pick<Arithmetic, 'compute'>,
    culprits: Culprits,
    onProved: OnProved,
  ) {
    this.#context = context;
    this.#compute = compute;
    this.#culprits = culprits;
    this.#onProved = onProved;
  }

  /** Takes a complaint about an open session. A complaint that finds no room is sent again, and taken then. */
  take(from: NodeId, attempt: LiveAttempt, envelope: Envelope): void {
    const { content, from: index, to } = envelope;
    if (content?.$case !== 'open' || content.value.body.length > COMPLAINT_BYTES_MAX) return;
    if (to !== TO_ALL || index !== partyIndexOf(attempt.participants, from)) return;
    const member = this.#culprits.cluster.members.find(({ nodeId }) => nodeId === from);
    if (member === undefined || this.#culprits.has(from)) return;
    // Its maker can alter a signature, and uses up the few complaints that it has.
    const name = toHex(content.value.signature);
    const own = this.#complaintsOf(from, attempt);
    if (own.has(name) || own.size >= COMPLAINTS_MAX || !this.#queues.hasRoom(from)) return;
    if (!this.#mayJudge(from)) return;
    own.add(name);
    this.#queues.add(from, async () => {
      this.#context.logger.debug('a complaint is read', { peer: from, session: attempt.session });
      const isDone = await this.#look(from, member.identityKey, attempt, envelope);
      // The complaint is sent again, and looked at anew then.
      if (!isDone) own.delete(name);
    });
  }

  taskClosed(_: TaskId, task: LiveTask | undefined): void {
    for (const { session } of task?.attempts ?? []) this.#heard.delete(session);
  }

  close(): void {
    this.#heard.clear();
    this.#queues.close();
  }

  /** This node's own complaints cost no budget: it makes few. */
  #mayJudge(from: NodeId, cost = 1): boolean {
    const { self, clock } = this.#context;
    return from === self.id || this.#budgets.take(from, cost, clock.elapsed());
  }

  /** Reads and judges a complaint. @returns Whether that is done: nothing more of it need be looked at. */
  async #look(
    from: NodeId,
    identityKey: Uint8Array,
    attempt: LiveAttempt,
    envelope: Envelope,
  ): Promise<boolean> {
    const shown = await this.#read(identityKey, attempt, envelope);
    if (shown === 'failed') return false;
    if (shown === undefined || !this.#isOpen(attempt)) return true;
    if (shown.$case === 'evidence') return this.#judge(from, attempt, envelope, shown.items);
    await this.#compare(attempt, shown.messages);
    return true;
  }

  async #read(
    identityKey: Uint8Array,
    { record, task, participants }: LiveAttempt,
    envelope: Envelope,
  ): Promise<ReadComplaint | 'failed' | undefined> {
    try {
      return await this.#compute.run(readComplaintJob, {
        cluster: this.#culprits.cluster,
        sessionId: record.sessionId,
        identityKey,
        envelope,
        kind: task.kind,
        participantKeys: participants.map((each) => each.identityKey),
      });
    } catch (error) {
      const level = wasCancelled(error) ? 'debug' : 'warn';
      this.#context.logger[level]('a complaint was not read', { error: String(error) });
      return 'failed';
    }
  }

  /**
   * Judges one item after the other. Of a node that is proved already nothing is judged again.
   *
   * @returns Whether all were looked at: not where the complainer's budget was used up before.
   */
  async #judge(
    from: NodeId,
    attempt: LiveAttempt,
    complaint: Envelope,
    items: readonly ShownEvidence[],
  ): Promise<boolean> {
    const { task, session } = attempt;
    let proves = false;
    for (const { about, evidence } of items) {
      const known = this.#culprits.provedIn(task.id, about);
      if (!known && !this.#mayJudge(from, costOf(evidence))) return false;
      const culprit = known ? undefined : await this.#culprits.take(evidence);
      if (!this.#isOpen(attempt)) return true;
      proves ||= known || culprit !== undefined;
      if (culprit !== undefined) this.#onProved(task, culprit.nodeId);
    }
    if (!proves) {
      this.#context.alarms.raise('a complaint that proves nothing', from, { session });
      const isDecided = items.some(({ reason }) => isDecidedFault(task.kind, reason));
      if (isDecided) await this.#turn(from, attempt, complaint);
    }
    return true;
  }

  /** Judges a complaint that proves nothing itself: to accuse falsely may be a fault. */
  async #turn(from: NodeId, attempt: LiveAttempt, complaint: Envelope): Promise<void> {
    const basis = basisOf(attempt);
    if (basis === undefined) return;
    const culprit = await this.#culprits.take(evidenceOfComplaint(basis, from, complaint));
    if (culprit === undefined || !this.#isOpen(attempt)) return;
    this.#onProved(attempt.task, culprit.nodeId);
  }

  /** Looks for a participant that signed two different bodies of one kind. */
  async #compare(attempt: LiveAttempt, messages: readonly SaidMessage[]): Promise<void> {
    for (const message of messages) {
      const evidence = this.#contradiction(attempt, message);
      const culprit = evidence && (await this.#culprits.take(evidence));
      if (!this.#isOpen(attempt)) return;
      if (culprit !== undefined) this.#onProved(attempt.task, culprit.nodeId);
    }
  }

  /** Evidence, where a message says another thing than the first one of its sender and kind. */
  #contradiction(attempt: LiveAttempt, { kind, from, said }: SaidMessage): Uint8Array | undefined {
    const { nodeId } = attempt.participants[from - 1] ?? {};
    const { signed } = this.#of(attempt);
    const first = signed.get(`${kind}/${from}`) ?? said;
    signed.set(`${kind}/${from}`, first);
    if (nodeId === undefined || equal(first.body, said.body)) return undefined;
    if (this.#culprits.provedIn(attempt.task.id, nodeId)) return undefined;
    const { sessionId } = attempt.record;
    const contradicting = [first, said].map((value): Envelope => {
      return { sessionId, kind, from, to: TO_ALL, content: { $case: 'open', value } };
    });
    return evidenceAgainst(attempt, nodeId, contradicting);
  }

  /** The task may close while a complaint is judged: its complaints are forgotten then. */
  #isOpen({ session }: LiveAttempt): boolean {
    return this.#heard.has(session);
  }

  #complaintsOf(from: NodeId, attempt: LiveAttempt): Set<string> {
    const { complaints } = this.#of(attempt);
    const own = complaints.get(from) ?? new Set<string>();
    complaints.set(from, own);
    return own;
  }

  #of(attempt: LiveAttempt): Heard {
    const heard = this.#heard.get(attempt.session) ?? {
      complaints: new Map<NodeId, Set<string>>(),
      signed: new Map<string, SignedBody>(),
    };
    this.#heard.set(attempt.session, heard);
    return heard;
  }
}
