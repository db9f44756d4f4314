import { Worker } from 'node:worker_threads';
import { Bug, ClusterError } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import type { Compute, JobName, Logger } from '../../ports/index.js';
import { JOB_MS_MAX, JOBS_MAX } from './limits.js';
import type { Answer, Asked } from './messages.js';
import { alone, buffersOf } from './moved.js';

/** What runs in each worker; tests have others. */
const PROGRAM = new URL('./worker.js', import.meta.url);

/** Somebody who waits for a job. */
interface Waiting {
  readonly timer: NodeJS.Timeout;
  resolve(output: unknown): void;
  reject(error: Error): void;
}

/** One place for a worker. Who works there may change. */
type Desk = {
  worker: Worker | undefined;
  /** Whether this worker has answered anything: one that dies before would only die again. */
  answered: boolean;
  readonly waiting: Map<number, Waiting>;
};

export type WorkerPoolParts = {
  readonly workers: number;
  readonly logger: Logger;
  readonly program?: URL;
  readonly jobMsMax?: Millis;
  readonly jobsMax?: number;
};

/**
 * Computes in threads of its own. A job goes to the worker with the fewest, and stays there: when the worker dies or takes
 * too long, all that it had fails, nothing is tried again, and another worker takes its place.
 */
export class WorkerPool implements Compute {
  readonly #parts: WorkerPoolParts;
  readonly #desks: readonly Desk[];
  #lastId = 0;
  #count = 0;
  #closed = false;

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts;
    this.#desks = Array.from({ length: parts.workers }, () => ({
      worker: undefined,
      answered: false,
      waiting: new Map(),
    }));
    for (const desk of this.#desks) desk.worker = this.#hire(desk);
  }

  idle(): boolean {
    return this.#count === 0;
  }

  run<I, O>(name: JobName<I, O>, input: I, moved: readonly Uint8Array[] = []): Promise<O> {
    return new Promise((resolve, reject) => {
      const { jobMsMax = JOB_MS_MAX, jobsMax = JOBS_MAX } = this.#parts;
      const desk = this.#leastBusy();
      const buffers = buffersOf(moved);
      if (this.#closed || desk === undefined || this.#count >= jobsMax) {
        // Given away is given away: nobody finds it later.
        for (const array of moved) array.fill(0);
        reject(this.#closed ? ended() : overloaded());
        return;
      }
      const worker = (desk.worker ??= this.#hire(desk));
      const id = ++this.#lastId;
      const timer = setTimeout(() => this.#dismiss(desk, worker, overdue(name)), jobMsMax);
      const waiting: Waiting = {
        timer,
        resolve: (output: O) => resolve(output),
        reject,
      };
      desk.waiting.set(id, waiting);
      this.#count += 1;
      const asked: Asked = { id, name, input: alone(input) };
      worker.postMessage(asked, buffers);
    });
  }

  /** Ends the workers. What is under way fails. */
  async close(): Promise<void> {
    this.#closed = true;
    const workers = this.#desks.flatMap(({ worker }) => worker ?? []);
    for (const desk of this.#desks) this.#clear(desk, ended());
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #leastBusy(): Desk | undefined {
    return this.#desks.reduce<Desk | undefined>(
      (best, desk) => (best === undefined || desk.waiting.size < best.waiting.size ? desk : best),
      undefined,
    );
  }

  #hire(desk: Desk): Worker {
    // It gets no environment: what a process is told there is not meant for arithmetic.
    const worker = new Worker(this.#parts.program ?? PROGRAM, { env: {} });
    desk.answered = false;
    worker.on('message', (answer: Answer) => this.#answered(desk, answer));
    worker.on('error', (error) => this.#dismiss(desk, worker, died(error)));
    worker.on('exit', () => this.#dismiss(desk, worker, died(undefined)));
    return worker;
  }

  #answered(desk: Desk, answer: Answer): void {
    const waiting = this.#take(desk, answer.id);
    desk.answered = true;
    if (waiting === undefined) return;
    if ('error' in answer) waiting.reject(new Bug(answer.error));
    else waiting.resolve(answer.output);
  }

  #take(desk: Desk, id: number): Waiting | undefined {
    const waiting = desk.waiting.get(id);
    if (waiting === undefined) return undefined;
    desk.waiting.delete(id);
    this.#count -= 1;
    clearTimeout(waiting.timer);
    return waiting;
  }

  /** This worker is done with, and so is all that it was asked. */
  #dismiss(desk: Desk, worker: Worker, why: ClusterError): void {
    if (this.#closed || desk.worker !== worker) return;
    this.#parts.logger.error('A compute worker is replaced', {
      error: why.message,
      jobs: desk.waiting.size,
    });
    const replace = desk.answered;
    desk.worker = undefined;
    void worker.terminate();
    if (replace) desk.worker = this.#hire(desk);
    this.#clear(desk, why);
  }

  #clear(desk: Desk, why: ClusterError): void {
    for (const id of desk.waiting.keys()) this.#take(desk, id)?.reject(why);
  }
}

function ended(): ClusterError {
  return new ClusterError('cancelled', 'The node stops, and computes no more');
}

function overloaded(): ClusterError {
  return new ClusterError('overloaded', 'Too much waits to be computed');
}

function overdue(name: string): ClusterError {
  return new ClusterError('deadline', `A job took too long: ${name}`);
}

function died(cause: unknown): ClusterError {
  return new ClusterError('cancelled', 'A worker ended', { cause });
}
