import type { Millis } from '../../common/index.js';
import type { MonitorRecord } from '../../monitor/index.js';
import { encodeCommand, readMonitor } from '../../state/index.js';
import type { View } from '../../state/index.js';
import type { Command } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import { MONITOR_ENTRY_MS_MAX } from '../limits.js';
import type { Work } from '../work.js';

/**
 * The monitor's entries that a leader has proposed. While one of them is not applied no switch is decided: it would be judged by
 * another state than it was decided by, and what an honest leader proposes raises no alarm.
 */
export class MonitorEntries implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus'>;
  readonly #view: View;
  #proposed: { readonly before: MonitorRecord; readonly atMs: Millis } | undefined;

  constructor(context: Pick<TaskContext, 'clock' | 'consensus'>, view: View) {
    this.#context = context;
    this.#view = view;
  }

  /** @returns Whether it is on its way into the log. */
  propose(command: NonNullable<Command['command']>): boolean {
    const { clock, consensus } = this.#context;
    if (consensus.propose(encodeCommand(command), true) !== 'proposed') return false;
    this.#proposed = { before: readMonitor(this.#view).record, atMs: clock.elapsed() };
    return true;
  }

  /** Claims that one may not be applied yet: each that is makes another record. */
  get areUnderWay(): boolean {
    const { clock } = this.#context;
    const { before, atMs } = this.#proposed ?? {};
    return (
      atMs !== undefined &&
      readMonitor(this.#view).record === before &&
      clock.elapsed() - atMs < MONITOR_ENTRY_MS_MAX
    );
  }

  leadChanged(): void {
    this.#proposed = undefined;
  }
}
