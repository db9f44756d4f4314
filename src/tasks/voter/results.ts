import type { PartyIndex, SessionId, TaskId } from '../../common/index.js';
import { wasCancelled } from '../arithmetic.js';
import type { TaskContext } from '../context.js';
import type { Claim, Combining } from '../kinds/driver.js';
import type { LiveAttempt, LiveTask, LiveTasks } from '../live-tasks.js';
import type { Work } from '../work.js';
import type { ShareBox } from './share-box.js';

/** A result of an open task, verified here. */
export type HeldResult = {
  readonly session: SessionId;
  /** The number of its attempt. */
  readonly attempt: number;
  readonly material: Uint8Array;
  /** As in {@link Combined}; absent of one that another node made. */
  readonly answer: Uint8Array | undefined;
};

/** Where the contributions to one attempt stand. */
export type SumStanding =
  | 'incomplete'
  | 'under-way'
  /** All are here, and nothing was made of them yet. */
  | 'complete'
  /** The participants whose contributions are wrong. */
  | { readonly wrong: readonly PartyIndex[] };

/**
 * What the attempts of open tasks have come to, on any voter: a result that was added up here from its own shares, or that
 * another node told and this one has verified. One for each task, until the task closes; each attempt is added up once.
 */
export class Results implements Work {
  readonly #context: Pick<TaskContext, 'logger'>;
  readonly #tasks: LiveTasks;
  readonly #shares: ShareBox;
  /** By the kind of task. */
  readonly #combining: ReadonlyMap<string, Combining>;
  readonly #onNews: (attempt: LiveAttempt) => void;
  readonly #held = new Map<TaskId, HeldResult>();
  readonly #sums = new Map<SessionId, 'under-way' | { readonly wrong: readonly PartyIndex[] }>();

  /** @param onNews - Called when an attempt has come to a result, or its contributions or a claim of it turned out wrong. */
  constructor(
    context: Pick<TaskContext, 'logger'>,
    tasks: LiveTasks,
    shares: ShareBox,
    combining: ReadonlyMap<string, Combining>,
    onNews: (attempt: LiveAttempt) => void,
  ) {
    this.#context = context;
    this.#tasks = tasks;
    this.#shares = shares;
    this.#combining = combining;
    this.#onNews = onNews;
  }

  of(task: TaskId): HeldResult | undefined {
    return this.#held.get(task);
  }

  standing({ session, nodes, task }: LiveAttempt): SumStanding {
    const sum = this.#sums.get(session);
    if (sum !== undefined) return sum;
    const isComplete =
      this.#combining.has(task.kind) && this.#shares.of(session).size >= nodes.length;
    return isComplete ? 'complete' : 'incomplete';
  }

  /** Has the contributions added up, if all are here and that has not been done. */
  addUp(attempt: LiveAttempt): void {
    const { session, task } = attempt;
    const combining = this.#combining.get(task.kind);
    if (combining === undefined || this.#held.has(task.id)) return;
    if (this.standing(attempt) !== 'complete') return;
    this.#sums.set(session, 'under-way');
    void this.#addUp(attempt, combining);
  }

  /**
   * Has claims verified that another node brought, of attempts that nothing is under way for. Those that hold are results.
   *
   * @returns Whether each holds; nothing where that was not found out.
   */
  async check(
    combining: Combining,
    claims: readonly Claim[],
  ): Promise<readonly boolean[] | undefined> {
    for (const { attempt } of claims) this.#sums.set(attempt.session, 'under-way');
    const good = await this.#computed('claims were not checked', async () =>
      combining.checkClaims?.(claims),
    );
    for (const [at, { attempt, material }] of claims.entries()) {
      this.#sums.delete(attempt.session);
      const live = this.#tasks.attempt(attempt.session);
      if (live === undefined || good === undefined) continue;
      if (good[at] === true) this.#hold(live, material, undefined);
      this.#onNews(live);
    }
    return good;
  }

  /** Its shares are others now: they can be added up again. */
  renewed(session: SessionId): void {
    if (this.#sums.get(session) !== 'under-way') this.#sums.delete(session);
  }

  taskClosed(id: TaskId, task: LiveTask | undefined): void {
    this.#held.delete(id);
    for (const { session } of task?.attempts ?? []) this.#sums.delete(session);
  }

  /** Meanwhile the task may be closed: then the sum is of no use. */
  async #addUp(attempt: LiveAttempt, combining: Combining): Promise<void> {
    const { session } = attempt;
    const bodies = this.#shares.bodiesOf(session);
    const combined = await this.#computed('contributions were not combined', () =>
      combining.combine(attempt, bodies),
    );
    this.#sums.delete(session);
    const live = this.#tasks.attempt(session);
    // A sum that could not be computed is asked for again when the task is looked at next.
    if (live === undefined || combined === undefined) return;
    if ('wrong' in combined) this.#sums.set(session, combined);
    else this.#hold(live, combined.material, combined.answer);
    this.#onNews(live);
  }

  #hold(
    { session, task, number }: LiveAttempt,
    material: Uint8Array,
    answer: Uint8Array | undefined,
  ): void {
    if (this.#held.has(task.id)) return;
    this.#held.set(task.id, { session, attempt: number, material, answer });
    this.#context.logger.debug('holds a result', { task: task.id, session });
  }

  async #computed<T>(failure: string, compute: () => Promise<T>): Promise<T | undefined> {
    try {
      return await compute();
    } catch (error) {
      const level = wasCancelled(error) ? 'debug' : 'error';
      this.#context.logger[level](failure, { error: String(error) });
      return undefined;
    }
  }
}
