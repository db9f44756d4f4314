import type { Lane } from '../../ports/index.js';

/** A job that is not done so long after a worker took it ends its worker. */
export const JOB_MS_MAX = 10_000;
/** A worker that takes none of its jobs for so long is ended: it did not start. */
export const WORKER_SILENT_MS_MAX = 60_000;
/** Jobs of each lane that are under way or wait for a worker. In the lane of peers a peer has two at most: see tasks/. */
export const JOBS_MAX: Readonly<Record<Lane, number>> = {
  signing: 4096,
  generation: 4096,
  pools: 1024,
  peers: 64,
};
/** The jobs of earlier lanes that may be begun before one that waits in a later lane. */
export const PASSED_BY_MAX = 8;
/** Workers that a setting may ask for. Each takes about 20 MB. */
export const WORKERS_MAX = 64;
/** Workers of a node that is not told how many. */
export const WORKERS_BY_DEFAULT_MAX = 8;
