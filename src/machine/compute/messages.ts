import type { BackendNames } from '../backends/choice.js';

/** The data that a worker begins with. */
export type WorkerSetup = {
  /** The packages that the node computes with: a worker computes with the same. */
  readonly backends: BackendNames;
  /** The memory of its `JobClock`. */
  readonly clock: SharedArrayBuffer;
  /** The memory of its `AddonGate`. */
  readonly gate: SharedArrayBuffer;
};

/** A request to a worker. */
export type JobRequest = { readonly id: number; readonly name: string; readonly input: unknown };

/** A worker's answer: the result, or the mistake of ours that stopped it. */
export type JobAnswer =
  | {
      readonly id: number;
      readonly output: unknown;
      /** The milliseconds that it took. */
      readonly ms: number;
    }
  | { readonly id: number; readonly error: string };
