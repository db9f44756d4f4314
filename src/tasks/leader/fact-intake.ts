import type { Millis } from '../../common/index.js';
import { toHex } from '../../common/index.js';
import { keyOfInstalled, taskOfReady, readCommand } from '../../state/index.js';
import type { View } from '../../state/index.js';
import type { Command } from '../../wire/index.js';
import { PROPOSAL_LOST_MS } from '../limits.js';
import type { TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import type { Work } from '../work.js';

type Said = NonNullable<Command['command']>;

/** Facts on their way into the log, at the leader: those that the state would take, once each. */
export class FactIntake implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus' | 'judging'>;
  readonly #view: View;
  readonly #leadership: Leadership;
  readonly #proposed = new Map<string, Millis>();

  constructor(
    context: Pick<TaskContext, 'clock' | 'consensus' | 'judging'>,
    view: View,
    leadership: Leadership,
  ) {
    this.#context = context;
    this.#view = view;
    this.#leadership = leadership;
  }

  take(bytes: Uint8Array): void {
    const { clock, consensus } = this.#context;
    if (!this.#leadership.held) return;
    const reading = readCommand(this.#view, bytes);
    if (!reading.ok) return;
    const said = reading.command;
    const now = clock.elapsed();
    for (const [name, proposedMs] of this.#proposed) {
      if (now - proposedMs < PROPOSAL_LOST_MS) break;
      this.#proposed.delete(name);
    }
    const name = nameOf(said);
    if (name === undefined || this.#proposed.has(name) || !this.#isNews(said)) return;
    if (consensus.propose(bytes) === 'proposed') this.#proposed.set(name, now);
  }

  leadChanged(): void {
    this.#proposed.clear();
  }

  /** Signed by the node that it speaks for, and such that the state would take it. */
  #isNews(said: Said): boolean {
    const { judging } = this.#context;
    const view = this.#view;
    switch (said.$case) {
      case 'ready':
        return taskOfReady(view, said.value, judging) !== undefined;
      case 'installed':
        return keyOfInstalled(view, said.value, judging) !== undefined;
      case 'request':
      case 'attempt':
      case 'done':
      case 'failed':
        return false;
    }
  }
}

/** The first fact of each node and session counts: while one is on its way, another would only fill the log. */
function nameOf(said: Said): string | undefined {
  const session = sessionOf(said);
  return session && 'nodeId' in said.value
    ? `${said.$case}/${toHex(session)}/${said.value.nodeId}`
    : undefined;
}

function sessionOf(said: Said): Uint8Array | undefined {
  if (said.$case === 'ready') return said.value.sharing?.sessionId;
  return said.$case === 'installed' ? said.value.sessionId : undefined;
}
