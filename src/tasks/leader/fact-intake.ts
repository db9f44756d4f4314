import { toHex } from '../../common/index.js';
import type { TaskId } from '../../common/index.js';
import {
  awaitedNodes,
  isEnded,
  keyOfDestroyed,
  keyOfInstalled,
  readCommand,
  taskOfPrepared,
  taskOfReady,
} from '../../state/index.js';
import type { ActiveKey, View } from '../../state/index.js';
import type { Command } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import type { Work } from '../work.js';

type Said = NonNullable<Command['command']>;

/**
 * Facts on their way into the log, at the leader: those that the state would take, once each. A fact that was proposed is
 * lost with this term only; once it is applied, the state has it and takes no other in its place.
 */
export class FactIntake implements Work {
  readonly #context: Pick<TaskContext, 'consensus' | 'judging'>;
  readonly #view: View;
  readonly #leadership: Leadership;
  /** Names of the facts that were proposed in this term. */
  readonly #proposed = new Set<string>();
  /** The same names by the open task or the key that the facts are of. */
  readonly #namesOf = new Map<string, string[]>();

  constructor(
    context: Pick<TaskContext, 'consensus' | 'judging'>,
    view: View,
    leadership: Leadership,
  ) {
    this.#context = context;
    this.#view = view;
    this.#leadership = leadership;
  }

  take(bytes: Uint8Array): void {
    if (!this.#leadership.held) return;
    const reading = readCommand(this.#view, bytes);
    if (!reading.ok) return;
    const name = nameOf(reading.command);
    if (name === undefined || this.#proposed.has(name)) return;
    const of = this.#subjectOf(reading.command);
    if (of === undefined || this.#context.consensus.propose(bytes) !== 'proposed') return;
    this.#proposed.add(name);
    this.#namesOf.set(of, [...(this.#namesOf.get(of) ?? []), name]);
  }

  leadChanged(): void {
    this.#proposed.clear();
    this.#namesOf.clear();
  }

  taskClosed(id: TaskId): void {
    this.#forget(ofTask(id));
  }

  keyChanged(key: ActiveKey): void {
    const { installed, participants } = key;
    const isSaid = isEnded(key)
      ? awaitedNodes(key).length === 0
      : installed.length === participants.length;
    if (isSaid) this.#forget(ofKey(key.keyId));
  }

  #forget(of: string): void {
    for (const name of this.#namesOf.get(of) ?? []) this.#proposed.delete(name);
    this.#namesOf.delete(of);
  }

  /** The task or key of a fact that is signed by the node that it speaks for, and such that the state would take it. */
  #subjectOf(said: Said): string | undefined {
    const { judging } = this.#context;
    switch (said.$case) {
      case 'ready': {
        const task = taskOfReady(this.#view, said.value, judging);
        return task && ofTask(task.taskId);
      }
      case 'prepared': {
        const task = taskOfPrepared(this.#view, said.value, judging);
        return task && ofTask(task.taskId);
      }
      case 'installed': {
        const key = keyOfInstalled(this.#view, said.value, judging);
        return key && ofKey(key.keyId);
      }
      case 'destroyed': {
        const key = keyOfDestroyed(this.#view, said.value, judging);
        return key && ofKey(key.keyId);
      }
      case 'request':
      case 'attempt':
      case 'done':
      case 'failed':
      case 'upkeep':
      case 'checkpoint':
      case 'observations':
      case 'leaderSwitch':
        return undefined;
    }
  }
}

const ofTask = (id: string): string => `task/${id}`;
const ofKey = (id: string): string => `key/${id}`;

/** The first fact of each node and session, or request, counts: while one is on its way, another would only fill the log. */
function nameOf(said: Said): string | undefined {
  const session = sessionOf(said);
  return session && 'nodeId' in said.value
    ? `${said.$case}/${toHex(session)}/${said.value.nodeId}`
    : undefined;
}

function sessionOf(said: Said): Uint8Array | undefined {
  if (said.$case === 'ready') return said.value.sharing?.sessionId;
  if (said.$case === 'prepared') return said.value.preparation?.sessionId;
  if (said.$case === 'destroyed') return said.value.requestHash;
  return said.$case === 'installed' ? said.value.sessionId : undefined;
}
