import type { BoundJob, Jobs } from '../ports/index.js';
import {
  checkOpeningJob,
  checkValueJob,
  openKeygenJob,
  publicPolynomialJob,
} from '../sharing/index.js';
import { belongsJob, publicKeyJob } from './key-jobs.js';
import {
  checkSuppliesJob,
  combineJob,
  makeSuppliesJob,
  signShareJob,
  verifyJob,
  type SigningContext,
} from './signing-jobs.js';

/**
 * A job of any input: methods, so that jobs of all inputs fit one list. A caller's types are checked at `Compute.run`.
 */
interface AnyJob {
  readonly name: string;
  compute(input: unknown, context: SigningContext): unknown;
  gives?(output: unknown): readonly Uint8Array[];
}

const ALL: readonly AnyJob[] = [
  openKeygenJob,
  checkOpeningJob,
  checkValueJob,
  publicPolynomialJob,
  publicKeyJob,
  belongsJob,
  makeSuppliesJob,
  checkSuppliesJob,
  signShareJob,
  combineJob,
  verifyJob,
];

/** All that a node computes behind the port, on its own thread or in a worker. */
export function algorithmJobs(context: SigningContext): Jobs {
  return new Map(ALL.map((job) => [job.name, bind(job, context)]));
}

function bind(job: AnyJob, context: SigningContext): BoundJob {
  return {
    run: (input) => {
      const output = job.compute(input, context);
      return { output, given: job.gives?.(output) ?? [] };
    },
  };
}
