import type { Boot, KeyId, NodeId, TaskId } from '../common/index.js';
import type { ActiveKey, AppliedDecision, StateEvent } from '../state/index.js';
import type { Supply } from '../wire/index.js';
import type { LiveTask } from './live-tasks.js';

/** The effects of a batch of applied entries, together. */
export type Batch = {
  readonly tasks: ReadonlySet<TaskId>;
  readonly keys: ReadonlySet<KeyId>;
  readonly named: readonly Supply[];
  /** The ids of presignatures that attempts name. */
  readonly presignatures: readonly Uint8Array[];
  readonly decisions: readonly AppliedDecision[];
};

/** The effects of a batch of entries that the task manager acts on. */
export function batchOf(events: readonly StateEvent[]): Batch {
  return {
    tasks: new Set(events.flatMap(changedTask)),
    keys: new Set(events.flatMap(changedKey)),
    named: events.flatMap((event) => (event.type === 'supplies-named' ? event.supplies : [])),
    presignatures: events.flatMap((event) =>
      event.type === 'presignature-named' ? [event.presignature] : [],
    ),
    decisions: events.filter((event) => event.type === 'request-decided'),
  };
}

function changedTask(event: StateEvent): readonly TaskId[] {
  switch (event.type) {
    case 'request-decided':
      return event.result.kind === 'opened' ? [event.result.task] : [];
    case 'upkeep-opened':
    case 'attempt-opened':
    case 'ready-said':
    case 'prepared-said':
    case 'task-closed':
      return [event.task];
    case 'supplies-named':
    case 'presignature-named':
    case 'key-activated':
    case 'generation-activated':
    case 'installed-said':
    case 'key-stage-changed':
    case 'destroyed-said':
    case 'certificate-revoked':
    case 'leader-switch-recorded':
    case 'checkpoint-asked':
    case 'void-entry':
      return [];
  }
}

function changedKey(event: StateEvent): readonly KeyId[] {
  const isOfKey =
    event.type === 'key-activated' ||
    event.type === 'installed-said' ||
    event.type === 'key-stage-changed' ||
    event.type === 'destroyed-said';
  return isOfKey ? [event.key] : [];
}

/** A part of the task manager, as the reconciler drives it. A part has the hooks that concern it. */
export interface Work {
  /** Entries were applied. Called before any other hook for what they changed. */
  applied?(batch: Batch): void;
  /** This node took up the lead, laid it down, or leads in another term. */
  leadChanged?(): void;
  /** A task is open: it is new, has changed, or is looked at once more. */
  taskOpen?(task: LiveTask): void;
  /** A task has its outcome. `task` is how it was last seen open, if it was. */
  taskClosed?(id: TaskId, task: LiveTask | undefined): void;
  keyChanged?(key: ActiveKey): void;
  /** All tasks and keys of the batch were looked at, or all that there are. */
  settled?(batch: Batch | undefined): void;
  /** A peer can be reached again. */
  connected?(peer: NodeId, boot: Boot): void;
  /** Some milliseconds have gone by. Called as long as any part is busy. */
  tick?(): void;
  /** About a second has gone by. */
  sweep?(): void;
  /** The node stops: nothing may leave it any more. */
  close?(): void;
  /** Whether time alone gives this part something to do. */
  readonly busy?: boolean;
}
