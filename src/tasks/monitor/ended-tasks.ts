import type { TaskId } from '../../common/index.js';
import { LeaderRecords } from '../../monitor/index.js';
import type { LeaderRecord } from '../../monitor/index.js';
import { failureIn } from '../../state/index.js';
import type { Queries } from '../../state/index.js';
import type { TaskContext } from '../context.js';
import type { Work } from '../work.js';

/** How the tasks of the cluster ended under each leader, by the log as it is applied here. */
export class EndedTasks implements Work {
  readonly #consensus: Pick<TaskContext['consensus'], 'status'>;
  readonly #queries: Pick<Queries, 'task'>;
  readonly #records = new LeaderRecords();

  constructor(consensus: Pick<TaskContext['consensus'], 'status'>, queries: Pick<Queries, 'task'>) {
    this.#consensus = consensus;
    this.#queries = queries;
  }

  taskClosed(id: TaskId): void {
    const task = this.#queries.task(id);
    const { leader, caughtUp } = this.#consensus.status();
    // Before an entry of this leader's term is applied, what ends did so under another: after a start, whole logs of it.
    if (task?.outcome === undefined || leader === undefined || !caughtUp) return;
    const tookMs = Number(task.endTimeMs - task.createTimeMs);
    this.#records.ended(leader, failureIn(task.outcome), tookMs);
  }

  all(): readonly LeaderRecord[] {
    return this.#records.all();
  }
}
