import type { Meter, TaskPhase, TaskResult } from '../../ports/index.js';
import type { MetricsRegistry } from './registry.js';

/** Reasons that have a series of their own: most are words of our code, but a member can send others. */
export const REASONS_MAX = 64;
const OTHER = 'OTHER';

/** Counts what happens in a node as it happens. */
export class NodeMeter implements Meter {
  readonly #registry: MetricsRegistry;
  readonly #reasons = new Set<string>();

  constructor(registry: MetricsRegistry) {
    this.#registry = registry;
    registry.count('quorate_raft_leader_changes_total', {}, 0);
    registry.count('quorate_leader_switches_total', {}, 0);
  }

  taskClosed(kind: string, result: TaskResult): void {
    this.#registry.count('quorate_tasks_total', { kind, result });
  }

  taskPhase(kind: string, phase: TaskPhase, seconds: number): void {
    this.#registry.observe('quorate_task_phase_seconds', seconds, { kind, phase });
  }

  callEnded(method: string, code: string, reason: string | undefined, seconds: number): void {
    this.#registry.count('quorate_calls_total', { method, code });
    this.#registry.observe('quorate_call_seconds', seconds, { method });
    if (reason === undefined) return;
    this.#registry.count('quorate_refusals_total', { reason: this.#bounded(reason) });
  }

  leaderChanged(): void {
    this.#registry.count('quorate_raft_leader_changes_total');
  }

  leaderSwitched(): void {
    this.#registry.count('quorate_leader_switches_total');
  }

  alarmRaised(kind: string, count: number): void {
    this.#registry.count('quorate_alarms_total', { kind }, count);
  }

  #bounded(reason: string): string {
    if (this.#reasons.has(reason)) return reason;
    if (this.#reasons.size >= REASONS_MAX) return OTHER;
    this.#reasons.add(reason);
    return reason;
  }
}
