import { Worker } from 'node:worker_threads';
import { Bug, ClusterError } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import type { Compute, Job, Lane, Logger } from '../../ports/index.js';
import { AddonGate, gateOfNewThread } from '../backends/addon-gate.js';
import type { BackendNames } from '../backends/choice.js';
import { JobClock } from './job-clock.js';
import { JOB_MS_MAX, JOBS_MAX, WORKER_SILENT_MS_MAX } from './limits.js';
import { workOf, type MainThread } from './main-thread.js';
import type { JobAnswer, JobRequest, WorkerSetup } from './messages.js';
import { alone, buffersOf } from './moved.js';
import { LaneQueue } from './queue.js';

/** The program of each worker; tests have others. */
const PROGRAM = new URL('./worker.js', import.meta.url);

/**
 * Jobs of signatures that a worker has at once. It finds the next one there and waits for no message between two: with 2 a
 * cluster under load made a sixth fewer signatures, since the main thread that hands out the next one is busy then.
 */
const SIGNING_AT_ONCE = 64;

/** A job that is asked for and not answered. */
interface PendingJob {
  readonly name: string;
  readonly lane: Lane;
  readonly input: unknown;
  /** Names what it costs, where the main thread may take its like. */
  readonly work: string | undefined;
  readonly msMax: Millis | undefined;
  /** Arrays of the input that were given away. */
  readonly taken: readonly Uint8Array[];
  resolve(output: unknown): void;
  reject(error: Error): void;
}

/** One place for a worker. The worker in it may change. */
type WorkerSlot = {
  worker: Worker | undefined;
  /** Whether this worker has answered anything: a worker that dies before would only die again. */
  answered: boolean;
  /** Of this worker: the job that it computes now. */
  clock: JobClock;
  /** Of this worker: it is ended behind it. */
  gate: AddonGate;
  /** For so long it has taken none of its jobs, as the looks of the timer count. */
  silentMs: Millis;
  /** In the order in which the worker computes them. */
  readonly jobs: Map<number, PendingJob>;
  /** Looks at the clock, while there are jobs. */
  timer: NodeJS.Timeout | undefined;
};

export type WorkerPoolParts = {
  readonly workers: number;
  /** The packages that each worker computes with. */
  readonly backends: BackendNames;
  readonly logger: Logger;
  /** Computes quick jobs; without it all go to workers. */
  readonly mainThread?: MainThread;
  readonly program?: URL;
  /** Workers that start before there is a job for them: all unless given. */
  readonly startedAtOnce?: number;
  readonly jobMsMax?: Millis;
  readonly workerSilentMsMax?: Millis;
  readonly jobsMax?: Partial<Readonly<Record<Lane, number>>>;
};

/**
 * Computes in threads of its own. A job waits here until a worker is free for it, so that one of a later lane delays one of
 * an earlier lane by no more than the job that is running. When a worker dies or takes too long, all that it had fails,
 * nothing is tried again, and another worker takes its place. Only jobs of signatures are together in one worker, so that a
 * job that a peer caused takes none that holds a nonce with it.
 */
export class WorkerPool implements Compute {
  readonly #parts: WorkerPoolParts;
  readonly #slots: readonly WorkerSlot[];
  readonly #queue = new LaneQueue<PendingJob>();
  /** Jobs of each lane, waiting or under way. */
  readonly #counts: Record<Lane, number> = { signing: 0, generation: 0, pools: 0, peers: 0 };
  #lastId = 0;
  #closed = false;

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts;
    this.#slots = Array.from({ length: parts.workers }, () => ({
      worker: undefined,
      answered: false,
      clock: new JobClock(),
      gate: new AddonGate(),
      silentMs: 0,
      jobs: new Map<number, PendingJob>(),
      timer: undefined,
    }));
    const early = this.#slots.slice(0, parts.startedAtOnce ?? parts.workers);
    for (const slot of early) slot.worker = this.#start(slot);
  }

  idle(): boolean {
    return Object.values(this.#counts).every((count) => count === 0);
  }

  run<I, O>(job: Job<I, O, never>, input: I): Promise<O> {
    const { name, lane, takes, msMax } = job;
    return new Promise((resolve, reject) => {
      const settle: Pick<PendingJob, 'resolve' | 'reject'> = {
        resolve: (output: O) => resolve(output),
        reject,
      };
      const { mainThread } = this.#parts;
      if (!this.#closed && mainThread?.takes(job, input) === true) {
        settle.resolve(mainThread.compute(job, input));
        return;
      }
      const taken = takes?.(input) ?? [];
      const transfer = buffersOf(taken);
      const full = this.#counts[lane] >= (this.#parts.jobsMax?.[lane] ?? JOBS_MAX[lane]);
      if (this.#closed || full) {
        // Given away is given away: nothing finds it later.
        for (const array of taken) array.fill(0);
        reject(this.#closed ? ended() : overloaded());
        return;
      }
      this.#counts[lane] += 1;
      const work = workOf(job, input);
      const slot = this.#queue.first() === undefined ? this.#freeSlot(lane) : undefined;
      if (slot !== undefined) {
        this.#post(slot, { name, lane, work, msMax, input: alone(input), taken, ...settle });
        return;
      }
      // The input waits as a copy of its own: the arrays that the job takes are empty at the caller's already.
      const copy: I = structuredClone(alone(input), { transfer });
      const queued = { name, lane, work, msMax, input: copy, taken: takes?.(copy) ?? [] };
      this.#queue.add({ ...queued, ...settle });
    });
  }

  /** Ends the workers. Jobs that are under way or wait fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const ending = this.#slots.map(({ worker, gate }) => endWorker(worker, gate));
    for (const slot of this.#slots) this.#fail(slot, ended());
    for (const job of this.#queue.clear()) {
      for (const array of job.taken) array.fill(0);
      this.#counts[job.lane] -= 1;
      job.reject(ended());
    }
    await Promise.all(ending);
  }

  /** A worker without a job; for a signature also one with only jobs of signatures, and not too many. */
  #freeSlot(lane: Lane): WorkerSlot | undefined {
    const unused = this.#slots.find(({ jobs }) => jobs.size === 0);
    if (unused !== undefined || lane !== 'signing') return unused;
    const open = this.#slots.filter(
      ({ jobs }) =>
        jobs.size < SIGNING_AT_ONCE && [...jobs.values()].every((job) => job.lane === 'signing'),
    );
    return open.toSorted((a, b) => a.jobs.size - b.jobs.size)[0];
  }

  /** Gives waiting jobs to workers that are free for them. */
  #dispatch(): void {
    for (;;) {
      const next = this.#queue.first();
      const slot = next && this.#freeSlot(next.lane);
      if (slot === undefined) return;
      const job = this.#queue.shift();
      if (job !== undefined) this.#post(slot, job);
    }
  }

  #post(slot: WorkerSlot, job: PendingJob): void {
    const worker = (slot.worker ??= this.#start(slot));
    const id = ++this.#lastId;
    slot.jobs.set(id, job);
    if (slot.jobs.size === 1) this.#watch(slot, this.#jobMsMax);
    const question: JobRequest = { id, name: job.name, input: job.input };
    worker.postMessage(question, buffersOf(job.taken));
  }

  get #jobMsMax(): Millis {
    return this.#parts.jobMsMax ?? JOB_MS_MAX;
  }

  /** Looks at the worker's clock after a while: the time of a job begins when the worker takes it, not when it was sent. */
  #watch(slot: WorkerSlot, afterMs: Millis): void {
    clearTimeout(slot.timer);
    slot.timer = setTimeout(() => this.#look(slot), afterMs);
  }

  /** Ends a worker whose job takes too long. What has been answered, and waits for the main thread, is none. */
  #look(slot: WorkerSlot): void {
    const { worker } = slot;
    if (worker === undefined) return;
    const { workerSilentMsMax = WORKER_SILENT_MS_MAX } = this.#parts;
    const jobMsMax = this.#jobMsMax;
    const current = slot.clock.underWay();
    if (current === undefined) {
      slot.silentMs += jobMsMax;
      if (slot.silentMs >= workerSilentMsMax) this.#replace(slot, worker, silent());
      else this.#watch(slot, jobMsMax);
      return;
    }
    slot.silentMs = 0;
    const job = slot.jobs.get(current.id);
    const ownMsMax = job?.msMax ?? jobMsMax;
    if (job !== undefined && current.ms >= ownMsMax) this.#replace(slot, worker, overdue(job.name));
    else this.#watch(slot, Math.max(ownMsMax - current.ms, 1));
  }

  #start(slot: WorkerSlot): Worker {
    // A worker gets no environment: the settings of a process are not meant for arithmetic.
    slot.clock = new JobClock();
    slot.gate = gateOfNewThread();
    slot.silentMs = 0;
    const { backends } = this.#parts;
    const workerData: WorkerSetup = {
      backends,
      clock: slot.clock.memory,
      gate: slot.gate.memory,
    };
    const worker = new Worker(this.#parts.program ?? PROGRAM, { env: {}, workerData });
    slot.answered = false;
    worker.on('message', (answer: JobAnswer) => this.#onAnswer(slot, answer));
    worker.on('error', (error) => this.#replace(slot, worker, died(error)));
    worker.on('exit', () => this.#replace(slot, worker, died(undefined)));
    return worker;
  }

  #onAnswer(slot: WorkerSlot, answer: JobAnswer): void {
    slot.answered = true;
    slot.silentMs = 0;
    const job = this.#remove(slot, answer.id);
    if (job === undefined) return;
    if (slot.jobs.size === 0) clearTimeout(slot.timer);
    if ('error' in answer) job.reject(new Bug(answer.error));
    else {
      if (job.work !== undefined) this.#parts.mainThread?.learn(job.work, answer.ms);
      job.resolve(answer.output);
    }
    this.#dispatch();
  }

  #remove(slot: WorkerSlot, id: number): PendingJob | undefined {
    const job = slot.jobs.get(id);
    if (job === undefined) return undefined;
    slot.jobs.delete(id);
    this.#counts[job.lane] -= 1;
    return job;
  }

  /** This worker is done with, and so is all that it was asked. */
  #replace(slot: WorkerSlot, worker: Worker, why: ClusterError): void {
    if (this.#closed || slot.worker !== worker) return;
    this.#parts.logger.error('A compute worker is replaced', {
      error: why.message,
      jobs: slot.jobs.size,
    });
    const { answered, gate } = slot;
    slot.worker = undefined;
    void endWorker(worker, gate);
    if (answered) slot.worker = this.#start(slot);
    this.#fail(slot, why);
    this.#dispatch();
  }

  #fail(slot: WorkerSlot, why: ClusterError): void {
    clearTimeout(slot.timer);
    for (const id of slot.jobs.keys()) this.#remove(slot, id)?.reject(why);
  }
}

async function endWorker(worker: Worker | undefined, gate: AddonGate): Promise<void> {
  await gate.shut();
  await worker?.terminate();
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

function silent(): ClusterError {
  return new ClusterError('deadline', 'A worker took none of its jobs');
}

function died(cause: unknown): ClusterError {
  return new ClusterError('cancelled', 'A worker ended', { cause });
}
