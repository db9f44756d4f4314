import type { Millis, NodeId, TaskId } from '../../common/index.js';
import { toHex } from '../../common/index.js';
import { essentialEvidenceJob, judgeEvidenceJob } from '../../blame/index.js';
import type { Culprit, JudgedCluster } from '../../blame/index.js';
import { BoundedCache, sha256 } from '../../crypto/index.js';
import { EVIDENCE_ITEMS_MAX } from '../../state/index.js';
import type { TaskRecord } from '../../wire/index.js';
import {
  EVIDENCE_KEPT_BYTES_MAX,
  EVIDENCE_KEPT_MS,
  EVIDENCE_KEPT_PER_NODE_MAX,
  JUDGEMENTS_MAX,
} from '../limits.js';
import { wasCancelled } from '../arithmetic.js';
import type { Arithmetic } from '../arithmetic.js';
import type { TaskContext } from '../context.js';
import type { Work } from '../work.js';

/** A culprit, and the encoded `Evidence` that proves it to any reader. */
export type ProvenCulprit = { readonly culprit: Culprit; readonly evidence: Uint8Array };

type Kept = ProvenCulprit & { readonly name: string; readonly atMs: Millis };

/**
 * The nodes that are proven to have lied, by evidence that this node has judged itself. Kept in memory, bounded, for as
 * long as a task is remembered: to be shown, and so that a proved culprit is chosen last.
 */
export class Culprits implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'logger' | 'alarms'>;
  readonly #compute: Arithmetic['compute'];
  readonly #cluster: JudgedCluster;
  readonly #judged = new BoundedCache<{ readonly culprit: Culprit | undefined }>(JUDGEMENTS_MAX);
  /** Judgements under way, by the evidence's name. Each waits for its turn at a caller that asks for few at a time. */
  readonly #judging = new Map<string, Promise<Culprit | undefined>>();
  /** The end of the latest judgement of evidence in the log: one at a time, however many tasks are asked for. */
  #logged: Promise<unknown> = Promise.resolve();
  /** In order of arrival. */
  #kept: readonly Kept[] = [];
  #closed = false;

  constructor(
    context: Pick<TaskContext, 'clock' | 'logger' | 'alarms' | 'judging'>,
    { compute }: Pick<Arithmetic, 'compute'>,
  ) {
    this.#context = context;
    this.#compute = compute;
    const { clusterId, members } = context.judging.genesis;
    this.#cluster = {
      clusterId,
      members: members.map(({ nodeId, identityKey }) => ({ nodeId, identityKey })),
    };
  }

  /** The part of the genesis that judgements stand on. */
  get cluster(): JudgedCluster {
    return this.#cluster;
  }

  /** Has evidence judged, whichever node brought it, and keeps it if it proves anything. Never rejects. */
  async take(evidence: Uint8Array): Promise<Culprit | undefined> {
    const name = nameOf(evidence);
    const culprit = await this.#judgeOnce(name, evidence);
    if (culprit === undefined || this.#closed) return undefined;
    if (this.#kept.some((each) => each.name === name)) return culprit;
    const { clock, alarms } = this.#context;
    alarms.raise('a node is proved to have lied', culprit.nodeId, {
      reason: culprit.reason,
      task: culprit.taskId,
      session: culprit.sessionId,
    });
    const kept = [...this.#kept, { name, culprit, evidence, atMs: clock.elapsed() }];
    this.#kept = withinBounds(kept, culprit.nodeId);
    return culprit;
  }

  /** The part of this node's own evidence that proves something by its own judgement, if any. Never rejects. */
  async essential(evidence: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      const cluster = this.#cluster;
      return await this.#compute.run(essentialEvidenceJob, { cluster, evidence });
    } catch (error) {
      const level = wasCancelled(error) ? 'debug' : 'warn';
      this.#context.logger[level]('evidence was not judged', { error: String(error) });
      return undefined;
    }
  }

  /**
   * The known culprits of a task: by the log, and by evidence sent to this node. Each is judged here before it is
   * shown.
   */
  async of(task: Pick<TaskRecord, 'taskId' | 'outcome'>): Promise<readonly ProvenCulprit[]> {
    const logged = task.outcome?.$case === 'failed' ? task.outcome.value.evidence : [];
    const proven = new Map<string, ProvenCulprit>();
    for (const evidence of logged) {
      const name = nameOf(evidence);
      const culprit = await this.#judgeLogged(name, evidence);
      if (culprit?.taskId === task.taskId) proven.set(name, { culprit, evidence });
    }
    for (const { name, culprit, evidence } of this.#kept) {
      if (culprit.taskId === task.taskId) proven.set(name, { culprit, evidence });
    }
    return [...proven.values()].slice(0, EVIDENCE_ITEMS_MAX);
  }

  /** Whether a node is proved to have lied in a task: nothing more need be judged of it there. */
  provedIn(task: TaskId, node: string): boolean {
    return this.#kept.some(({ culprit }) => culprit.taskId === task && culprit.nodeId === node);
  }

  /** Evidence that came here about a task. */
  evidence(task: TaskId): readonly Uint8Array[] {
    return this.#kept
      .filter(({ culprit }) => culprit.taskId === task)
      .map(({ evidence }) => evidence);
  }

  /** By node: the shortest evidence that is known against it, for an entry to carry. */
  proofs(): ReadonlyMap<NodeId, Uint8Array> {
    const shortest = new Map<NodeId, Uint8Array>();
    for (const { culprit, evidence } of this.#kept) {
      const before = shortest.get(culprit.nodeId);
      if (before === undefined || evidence.length < before.length) {
        shortest.set(culprit.nodeId, evidence);
      }
    }
    return shortest;
  }

  has(node: NodeId): boolean {
    return this.#kept.some(({ culprit }) => culprit.nodeId === node);
  }

  sweep(): void {
    if (this.#kept.length === 0) return;
    const now = this.#context.clock.elapsed();
    this.#kept = this.#kept.filter(({ atMs }) => now - atMs < EVIDENCE_KEPT_MS);
  }

  close(): void {
    this.#closed = true;
  }

  /** Evidence that a leader put into the log is a stranger's: whoever asks for its tasks has it judged one by one. */
  #judgeLogged(name: string, evidence: Uint8Array): Promise<Culprit | undefined> {
    const known = this.#judged.get(name);
    if (known !== undefined) return Promise.resolve(known.culprit);
    const judgement = this.#logged.then(() => this.#judgeOnce(name, evidence));
    this.#logged = judgement;
    return judgement;
  }

  #judgeOnce(name: string, evidence: Uint8Array): Promise<Culprit | undefined> {
    const known = this.#judged.get(name);
    if (known !== undefined) return Promise.resolve(known.culprit);
    const under = this.#judging.get(name) ?? this.#judge(name, evidence);
    this.#judging.set(name, under);
    return under;
  }

  /** Remembers a judgement; one that could not be made is made anew at the next occasion. */
  async #judge(name: string, evidence: Uint8Array): Promise<Culprit | undefined> {
    try {
      const culprit = await this.#compute.run(judgeEvidenceJob, {
        cluster: this.#cluster,
        evidence,
      });
      this.#judged.set(name, { culprit });
      this.#context.logger.debug('evidence judged', { proves: culprit?.nodeId ?? '' });
      return culprit;
    } catch (error) {
      const level = wasCancelled(error) ? 'debug' : 'warn';
      this.#context.logger[level]('evidence was not judged', { error: String(error) });
      return undefined;
    } finally {
      this.#judging.delete(name);
    }
  }
}

function nameOf(evidence: Uint8Array): string {
  return toHex(sha256(evidence));
}

/** The newest that fit: a culprit that is proved again and again pushes out its own first. */
function withinBounds(kept: readonly Kept[], node: NodeId): readonly Kept[] {
  const own = kept.filter(({ culprit }) => culprit.nodeId === node);
  const surplus = new Set(own.slice(0, -EVIDENCE_KEPT_PER_NODE_MAX));
  const rest = kept.filter((each) => !surplus.has(each));
  let bytes = rest.reduce((sum, { evidence }) => sum + evidence.length, 0);
  let over = 0;
  while (bytes > EVIDENCE_KEPT_BYTES_MAX) bytes -= rest[over++]?.evidence.length ?? bytes;
  return rest.slice(over);
}
