import type { Millis, TaskId } from '../common/index.js';
import { CLOCK_LEVEL, TIMERS_PER_REQUEST_MAX } from './limits.js';
import {
  ADDRESS,
  deleteTask,
  isUpkeep,
  MARK,
  readLevel,
  readTask,
  readTotals,
  writeTotals,
} from './records.js';
import { countForgotten } from './requesters.js';
import { timeKey } from './time-key.js';
import type { Draft } from './view.js';

/** The timers of the state machine's clock. */
export type TimerType = 'forget-task';

/** The effect of each timer on the record that its id names. A further timer is a line of this table. */
const TIMERS: Readonly<Record<TimerType, (draft: Draft, id: string) => void>> = {
  'forget-task': (draft, id) => {
    const task = readTask(draft, id);
    if (task !== undefined) countForgotten(draft, task);
    deleteTask(draft, id);
    const totals = readTotals(draft);
    const forgottenMs =
      task !== undefined &&
      // No request can be one that was forgotten of these.
      !isUpkeep(task) &&
      readLevel(draft) >= CLOCK_LEVEL &&
      task.expireTimeMs > totals.forgottenMs
        ? task.expireTimeMs
        : totals.forgottenMs;
    writeTotals(draft, { ...totals, taskCount: totals.taskCount - 1, forgottenMs });
  },
};

/** @param timeMs - When it is due, by the state machine's clock. */
export function setTimer(draft: Draft, type: TimerType, timeMs: Millis, id: TaskId): void {
  draft.put(`${ADDRESS.timers}${timeKey(timeMs)}/${type}/${id}`, MARK);
}

/** Runs the timers that are due, at most `TIMERS_PER_REQUEST_MAX`, in the order of time, type and id. */
export function runTimers(draft: Draft, timeMs: Millis): void {
  const due: string[] = [];
  for (const [key] of draft.scan(ADDRESS.timers)) {
    if (due.length === TIMERS_PER_REQUEST_MAX || partsOf(key).time > timeKey(timeMs)) break;
    due.push(key);
  }
  for (const key of due) {
    const { type, id } = partsOf(key);
    draft.delete(key);
    if (isTimerType(type)) TIMERS[type](draft, id);
  }
}

function partsOf(key: string): {
  readonly time: string;
  readonly type: string;
  readonly id: string;
} {
  const [time = '', type = '', id = ''] = key.slice(ADDRESS.timers.length).split('/');
  return { time, type, id };
}

function isTimerType(type: string): type is TimerType {
  return Object.hasOwn(TIMERS, type);
}
