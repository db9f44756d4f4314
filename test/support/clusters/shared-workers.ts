import { nodeJobs } from '../../../src/blame/index.js';
import {
  arithmeticBy,
  chooseBackends,
  LanePools,
  MainThread,
  nodeVerify,
} from '../../../src/machine/index.js';
import type { Logger } from '../../../src/ports/index.js';

/**
 * Workers for all nodes of a cluster in one process: a worker takes as long to start as all else of a node together. They
 * compute with the libraries that a node chooses by itself.
 */
export async function sharedWorkers(logger: Logger): Promise<LanePools> {
  const { names: backends } = await chooseBackends('auto');
  const { schemes, verifiers, gg20 } = await arithmeticBy(backends);
  const jobs = nodeJobs({ schemes, verifiers, gg20, verify: nodeVerify });
  return new LanePools({ workers: 1, backends, mainThread: new MainThread(jobs), logger });
}
