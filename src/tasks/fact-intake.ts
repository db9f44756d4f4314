import type { Millis } from '../common/index.js';
import { toHex } from '../common/index.js';
import { sha256 } from '../crypto/index.js';
import { judgeInstalled, judgeReady } from '../state/index.js';
import { Command, decode } from '../wire/index.js';
import { PROPOSAL_LOST_MS } from './limits.js';
import type { Surroundings } from './surroundings.js';

/** Facts on their way into the log, at the leader: those that the state would take, once each. */
export class FactIntake {
  readonly #around: Surroundings;
  readonly #proposed = new Map<string, Millis>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  take(bytes: Uint8Array): void {
    const { clock, consensus } = this.#around;
    const { role, caughtUp } = consensus.status();
    if (role !== 'leader' || !caughtUp) return;
    const now = clock.elapsed();
    for (const [name, proposedMs] of this.#proposed) {
      if (now - proposedMs >= PROPOSAL_LOST_MS) this.#proposed.delete(name);
    }
    const name = toHex(sha256(bytes));
    if (this.#proposed.has(name) || !this.#isNews(bytes)) return;
    if (consensus.propose(bytes) === 'proposed') this.#proposed.set(name, now);
  }

  clear(): void {
    this.#proposed.clear();
  }

  #isNews(bytes: Uint8Array): boolean {
    const { view, rules } = this.#around;
    const said = decode(Command, bytes)?.command;
    switch (said?.$case) {
      case 'ready':
        return judgeReady(view, said.value, rules) !== undefined;
      case 'installed':
        return judgeInstalled(view, said.value, rules) !== undefined;
      case 'request':
      case 'attempt':
      case 'done':
      case 'failed':
      case undefined:
        return false;
    }
  }
}
