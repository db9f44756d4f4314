import { Worker } from 'node:worker_threads';
import { Bug, ClusterError } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import type { Compute, JobName, Logger } from '../../ports/index.js';
import { JOB_MS_MAX, JOBS_MAX } from './limits.js';
import type { JobAnswer, JobRequest } from './messages.js';
import { alone, buffersOf } from './moved.js';

/** What runs in each worker; tests have others. */
const PROGRAM = new URL('./worker.js', import.meta.url);

/** A job whose answer is still to come. */
interface PendingJob {
  readonly timer: NodeJS.Timeout;
  resolve(output: unknown): void;
  reject(error: Error): void;
}

/** One place for a worker, which may be replaced by another. */
type WorkerSlot = {
  worker: Worker | undefined;
  /** Whether this worker has answered anything: one that dies before would only die again. */
  answered: boolean;
  readonly pending: Map<number, PendingJob>;
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
  readonly #slots: readonly WorkerSlot[];
  #lastId = 0;
  #count = 0;
  #closed = false;

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts;
    this.#slots = Array.from({ length: parts.workers }, () => ({
      worker: undefined,
      answered: false,
      pending: new Map(),
    }));
    for (const slot of this.#slots) slot.worker = this.#startWorker(slot);
  }

  idle(): boolean {
    return this.#count === 0;
  }

  run<I, O>(name: JobName<I, O>, input: I, moved: readonly Uint8Array[] = []): Promise<O> {
    return new Promise((resolve, reject) => {
      const { jobMsMax = JOB_MS_MAX, jobsMax = JOBS_MAX } = this.#parts;
      const slot = this.#leastBusy();
      const buffers = buffersOf(moved);
      if (this.#closed || slot === undefined || this.#count >= jobsMax) {
        // A secret that was given away is wiped, whether it was computed with or not.
        for (const array of moved) array.fill(0);
        reject(this.#closed ? ended() : overloaded());
        return;
      }
      const worker = (slot.worker ??= this.#startWorker(slot));
      const id = ++this.#lastId;
      const timer = setTimeout(() => this.#replaceWorker(slot, worker, overdue(name)), jobMsMax);
      const job: PendingJob = {
        timer,
        resolve: (output: O) => resolve(output),
        reject,
      };
      slot.pending.set(id, job);
      this.#count += 1;
      const asked: JobRequest = { id, name, input: alone(input) };
      worker.postMessage(asked, buffers);
    });
  }

  /** Ends the workers. What is under way fails. */
  async close(): Promise<void> {
    this.#closed = true;
    const workers = this.#slots.flatMap(({ worker }) => worker ?? []);
    for (const slot of this.#slots) this.#clear(slot, ended());
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #leastBusy(): WorkerSlot | undefined {
    return this.#slots.reduce<WorkerSlot | undefined>(
      (best, slot) => (best === undefined || slot.pending.size < best.pending.size ? slot : best),
      undefined,
    );
  }

  #startWorker(slot: WorkerSlot): Worker {
    // It gets no environment: what a process is told there is not meant for arithmetic.
    const worker = new Worker(this.#parts.program ?? PROGRAM, { env: {} });
    slot.answered = false;
    worker.on('message', (answer: JobAnswer) => this.#answered(slot, answer));
    worker.on('error', (error) => this.#replaceWorker(slot, worker, died(error)));
    worker.on('exit', () => this.#replaceWorker(slot, worker, died(undefined)));
    return worker;
  }

  #answered(slot: WorkerSlot, answer: JobAnswer): void {
    const job = this.#take(slot, answer.id);
    slot.answered = true;
    if (job === undefined) return;
    if ('error' in answer) job.reject(new Bug(answer.error));
    else job.resolve(answer.output);
  }

  #take(slot: WorkerSlot, id: number): PendingJob | undefined {
    const job = slot.pending.get(id);
    if (job === undefined) return undefined;
    slot.pending.delete(id);
    this.#count -= 1;
    clearTimeout(job.timer);
    return job;
  }

  /** This worker ends, and every job that it was given fails. */
  #replaceWorker(slot: WorkerSlot, worker: Worker, why: ClusterError): void {
    if (this.#closed || slot.worker !== worker) return;
    this.#parts.logger.error('A compute worker is replaced', {
      error: why.message,
      jobs: slot.pending.size,
    });
    const replace = slot.answered;
    slot.worker = undefined;
    void worker.terminate();
    if (replace) slot.worker = this.#startWorker(slot);
    this.#clear(slot, why);
  }

  #clear(slot: WorkerSlot, why: ClusterError): void {
    for (const id of slot.pending.keys()) this.#take(slot, id)?.reject(why);
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
