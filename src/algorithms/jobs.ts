import { GG20_SIGNING_JOBS, PREPARE_JOBS, type Gg20Context } from '../gg20/index.js';
import type { BoundJob, Jobs } from '../ports/index.js';
import {
  checkDealingJob,
  checkDealtValueJob,
  checkOpeningJob,
  checkValueJob,
  newPolynomialJob,
  openDealingJob,
  openKeygenJob,
  publicPolynomialJob,
} from '../sharing/index.js';
import { signedBytesJob } from './digest-job.js';
import { belongsJob, publicKeyJob } from './key-jobs.js';
import {
  checkClaimsJob,
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
export interface AnyJob<C> {
  readonly name: string;
  compute(input: unknown, context: C): unknown;
  gives?(output: unknown): readonly Uint8Array[];
}

/** The context of a thread that computes for keys of any algorithm. */
export type AlgorithmContext = SigningContext & Gg20Context;

const ALL: readonly AnyJob<AlgorithmContext>[] = [
  openKeygenJob,
  checkOpeningJob,
  checkValueJob,
  publicPolynomialJob,
  openDealingJob,
  checkDealingJob,
  checkDealtValueJob,
  newPolynomialJob,
  publicKeyJob,
  belongsJob,
  makeSuppliesJob,
  checkSuppliesJob,
  checkClaimsJob,
  signShareJob,
  combineJob,
  verifyJob,
  signedBytesJob,
  ...PREPARE_JOBS,
  ...GG20_SIGNING_JOBS,
];

/** The arithmetic that a node computes behind the port, on its own thread or in a worker. */
export function algorithmJobs(context: AlgorithmContext): Jobs {
  return boundJobs(ALL, context);
}

/** Jobs by name, bound to the context of the thread that computes them. */
export function boundJobs<C>(jobs: readonly AnyJob<C>[], context: C): Jobs {
  return new Map(jobs.map((job) => [job.name, bind(job, context)]));
}

function bind<C>(job: AnyJob<C>, context: C): BoundJob {
  return {
    run: (input) => {
      const output = job.compute(input, context);
      return { output, given: job.gives?.(output) ?? [] };
    },
  };
}
