import { Budgets, sessionId, toHex } from '../../common/index.js';
import type { NodeId, TaskId } from '../../common/index.js';
import type { Result } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { Claim, Combining } from '../kinds/driver.js';
import type { Leadership } from '../leadership.js';
import {
  PEERS_MAX,
  RESULT_BYTES_MAX,
  RESULTS_CHECKED,
  RESULTS_CHECKED_AT_ONCE_MAX,
  RESULTS_WAITING_MAX,
  WRONG_RESULT_COST,
} from '../limits.js';
import type { LiveTask, LiveTasks } from '../live-tasks.js';
import type { Results } from '../voter/results.js';
import type { Work } from '../work.js';

/** The results of attempts by one node's word. */
type Claims = {
  /** Some are being checked. */
  checking: boolean;
  /** In order of arrival, one for each attempt. */
  readonly waiting: Map<string, Claim>;
  /** Attempts of which it told a wrong result: it is heard of those no more. */
  readonly wrong: Set<string>;
};

/**
 * Results that other nodes bring to the leader. Their word counts for nothing: each is verified before it is recorded, once,
 * in the lane of what peers cause and within its bringer's budget, a few of one node at a time. One that does not verify
 * blames no node, and costs its bringer as much as many that do.
 */
export class ResultIntake implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'logger'>;
  readonly #leadership: Leadership;
  readonly #tasks: LiveTasks;
  readonly #results: Results;
  /** By the kind of task. */
  readonly #combining: ReadonlyMap<string, Combining>;
  readonly #budgets = new Budgets(RESULTS_CHECKED, PEERS_MAX);
  readonly #claims = new Map<NodeId, Claims>();

  constructor(
    context: Pick<TaskContext, 'clock' | 'logger'>,
    parts: {
      readonly leadership: Leadership;
      readonly tasks: LiveTasks;
      readonly results: Results;
      readonly combining: ReadonlyMap<string, Combining>;
    },
  ) {
    this.#context = context;
    this.#leadership = parts.leadership;
    this.#tasks = parts.tasks;
    this.#results = parts.results;
    this.#combining = parts.combining;
  }

  /** Takes a result that `from` brings; it brings it again until its own state shows the task closed. */
  take(from: NodeId, { sessionId: session, material }: Result): void {
    if (!this.#leadership.held || material.length > RESULT_BYTES_MAX) return;
    const attempt = this.#tasks.attempt(sessionId(toHex(session)));
    if (attempt === undefined || this.#results.of(attempt.task.id) !== undefined) return;
    if (this.#combining.get(attempt.task.kind)?.checkClaims === undefined) return;
    const claims = this.#claimsOf(from);
    if (claims.wrong.has(attempt.session) || claims.waiting.has(attempt.session)) return;
    if (claims.waiting.size >= RESULTS_WAITING_MAX) return;
    if (!this.#budgets.take(from, 1, this.#context.clock.elapsed())) return;
    // A copy: decoded bytes are views of their message.
    claims.waiting.set(attempt.session, { attempt, material: material.slice() });
    this.#next(from, claims);
  }

  leadChanged(): void {
    for (const { waiting } of this.#claims.values()) waiting.clear();
  }

  taskClosed(_: TaskId, task: LiveTask | undefined): void {
    for (const { session } of task?.attempts ?? []) {
      for (const { waiting, wrong } of this.#claims.values()) {
        waiting.delete(session);
        wrong.delete(session);
      }
    }
  }

  #claimsOf(from: NodeId): Claims {
    const claims = this.#claims.get(from) ?? {
      checking: false,
      waiting: new Map<string, Claim>(),
      wrong: new Set<string>(),
    };
    this.#claims.set(from, claims);
    return claims;
  }

  /** Has the first that wait checked, of one kind of task. */
  #next(from: NodeId, claims: Claims): void {
    if (claims.checking) return;
    const due: Claim[] = [];
    let combining: Combining | undefined;
    for (const [session, claim] of claims.waiting) {
      if (due.length === RESULTS_CHECKED_AT_ONCE_MAX) break;
      const ofKind = this.#combining.get(claim.attempt.task.kind);
      combining ??= ofKind;
      if (ofKind !== combining) continue;
      claims.waiting.delete(session);
      // Meanwhile it may have been added up here, or told by another node. If that comes to nothing, it is brought again.
      const isOpen = this.#results.of(claim.attempt.task.id) === undefined;
      if (isOpen && this.#results.standing(claim.attempt) !== 'under-way') due.push(claim);
    }
    if (due.length === 0 || combining === undefined) return;
    claims.checking = true;
    void this.#check(from, claims, combining, due);
  }

  async #check(
    from: NodeId,
    claims: Claims,
    combining: Combining,
    due: readonly Claim[],
  ): Promise<void> {
    const good = await this.#results.check(combining, due);
    for (const [at, { attempt }] of due.entries()) {
      if (good === undefined || good[at] === true) continue;
      claims.wrong.add(attempt.session);
      this.#budgets.charge(from, WRONG_RESULT_COST, this.#context.clock.elapsed());
      this.#context.logger.debug('a result does not verify', {
        peer: from,
        session: attempt.session,
      });
    }
    // The others that came with it are worth no more work until they come again, within what is left of the budget.
    if (good?.includes(false) === true) claims.waiting.clear();
    claims.checking = false;
    this.#next(from, claims);
  }
}
