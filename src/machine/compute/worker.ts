/** The program of a worker: the arithmetic and the judgement of evidence, and nothing else of a node. */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { nodeJobs } from '../../blame/index.js';
import { arithmeticBy } from '../arithmetic.js';
import { useAddonGate } from '../backends/addon-gate.js';
import { nodeVerify } from '../verify.js';
import { JobClock } from './job-clock.js';
import { buffersOf } from './moved.js';
import type { JobAnswer, JobRequest, WorkerSetup } from './messages.js';

// Of this thread alone, where the system tells threads apart (Linux): consensus does not wait for arithmetic when cores are few.
const THIS_THREAD = 0;
try {
  setPriority(THIS_THREAD, constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // A sandbox may forbid it: the arithmetic is as good without.
}

const setup: WorkerSetup = workerData;
useAddonGate(setup.gate);
// Jobs that are asked for meanwhile wait in the port.
const { schemes, verifiers, gg20 } = await arithmeticBy(setup.backends);
const jobs = nodeJobs({ schemes, verifiers, gg20, verify: nodeVerify });
const clock = new JobClock(setup.clock);

parentPort?.on('message', ({ id, name, input }: JobRequest) => {
  let answer: JobAnswer;
  let given: readonly Uint8Array[] = [];
  clock.begin(id);
  const before = performance.now();
  try {
    const done = jobs.get(name)?.run(input);
    if (done === undefined) throw new Error(`there is no job ${name}`);
    answer = { id, output: done.output, ms: performance.now() - before };
    given = done.given;
  } catch (error) {
    answer = { id, error: String(error) };
  }
  clock.end();
  parentPort?.postMessage(answer, buffersOf(given));
});
