import type { Millis, NodeId, TaskId } from '../../common/index.js';
import { toHex } from '../../common/index.js';
import type { Schemes } from '../../algorithms/index.js';
import { judgeEvidence } from '../../blame/index.js';
import type { Culprit, Judge, JudgeTable } from '../../blame/index.js';
import { BoundedCache, sha256 } from '../../crypto/index.js';
import { EVIDENCE_ITEMS_MAX } from '../../state/index.js';
import type { TaskRecord } from '../../wire/index.js';
import {
  EVIDENCE_KEPT_BYTES_MAX,
  EVIDENCE_KEPT_MS,
  EVIDENCE_KEPT_PER_NODE_MAX,
  JUDGEMENTS_MAX,
} from '../limits.js';
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
  readonly #context: Pick<TaskContext, 'clock' | 'alarms'>;
  readonly #judge: Judge;
  readonly #judged = new BoundedCache<{ readonly culprit: Culprit | undefined }>(JUDGEMENTS_MAX);
  /** In order of arrival. */
  #kept: readonly Kept[] = [];

  constructor(
    context: Pick<TaskContext, 'clock' | 'alarms' | 'judging'>,
    schemes: Schemes,
    judges: JudgeTable,
  ) {
    this.#context = context;
    const { genesis, verify, kinds: rules } = context.judging;
    this.#judge = { genesis, verify, schemes, kinds: { rules, judges } };
  }

  /** Judges evidence, whichever node brought it, and keeps it if it proves anything. */
  take(evidence: Uint8Array): Culprit | undefined {
    const name = nameOf(evidence);
    const culprit = this.#judgeOnce(name, evidence);
    if (culprit === undefined) return undefined;
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

  /**
   * The known culprits of a task: by the log, and by evidence sent to this node. Each is judged here before it is
   * shown.
   */
  of(task: Pick<TaskRecord, 'taskId' | 'outcome'>): readonly ProvenCulprit[] {
    const logged = task.outcome?.$case === 'failed' ? task.outcome.value.evidence : [];
    const proven = new Map<string, ProvenCulprit>();
    for (const evidence of logged) {
      const name = nameOf(evidence);
      const culprit = this.#judgeOnce(name, evidence);
      if (culprit?.taskId === task.taskId) proven.set(name, { culprit, evidence });
    }
    for (const { name, culprit, evidence } of this.#kept) {
      if (culprit.taskId === task.taskId) proven.set(name, { culprit, evidence });
    }
    return [...proven.values()].slice(0, EVIDENCE_ITEMS_MAX);
  }

  /** Evidence that came here about a task. */
  evidence(task: TaskId): readonly Uint8Array[] {
    return this.#kept
      .filter(({ culprit }) => culprit.taskId === task)
      .map(({ evidence }) => evidence);
  }

  has(node: NodeId): boolean {
    return this.#kept.some(({ culprit }) => culprit.nodeId === node);
  }

  sweep(): void {
    if (this.#kept.length === 0) return;
    const now = this.#context.clock.elapsed();
    this.#kept = this.#kept.filter(({ atMs }) => now - atMs < EVIDENCE_KEPT_MS);
  }

  #judgeOnce(name: string, evidence: Uint8Array): Culprit | undefined {
    const known = this.#judged.get(name) ?? { culprit: judgeEvidence(this.#judge, evidence) };
    this.#judged.set(name, known);
    return known.culprit;
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
